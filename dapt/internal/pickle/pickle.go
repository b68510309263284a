// Package pickle reads and writes Python's pickles of plain values and of objects with attributes, and runs nothing.
//
// A pickle is a program for a stack machine (Lib/pickletools.py). Python's own reader imports and calls whatever that
// program names. This one knows no class and no function: its caller says which few may be named, and what stands for them
// in Go. No value is ever copied, so that its memory is at most some 100 bytes for each of its input.
package pickle

// Rules say what may be named in a pickle, and what it stands for. They are called with what the file says, and must
// expect anything. A missing rule refuses all that it would be asked for.
type Rules struct {
	// Name returns an error for a class or function that may not be named.
	Name func(Global) error
	// New returns an error for a class of which no object may be made. Of others, objects are read as a [Record].
	New func(Global) error
	// Call returns what stands for a function's value, or for an object of a class that is called.
	Call func(Global, Tuple) (any, error)
	// Persistent returns what an identifier of something outside of the pickle stands for.
	Persistent func(id any) (any, error)
}

// Values of a pickle, beside nil, bool, int, float64, string and what rules return.
type (
	// Tuple is a tuple.
	Tuple []any
	// List is a list. It may hold itself.
	List struct{ Items []any }
	// Record is a dictionary, or an object with its attributes, in the order of the file. It may hold itself.
	Record struct {
		Class        Global // of an object; a dictionary has none
		Keys, Values []any  // equally many; a key may be there several times, of which the last counts
	}
	// Global is the name of a class or a function.
	Global struct{ Module, Name string }
)

// String returns module and name, with a dot between them.
func (g Global) String() string { return g.Module + "." + g.Name }

// Get returns the value of a key or attribute; nil if there is none.
func (r *Record) Get(key string) any {
	for i := len(r.Keys) - 1; i >= 0; i-- {
		if r.Keys[i] == any(key) {
			return r.Values[i]
		}
	}
	return nil
}

// The instructions for plain values and objects. Every other is refused.
const (
	opMark, opStop, opPop          = '(', '.', '0'
	opProto, opFrame               = 0x80, 0x95
	opNone, opTrue, opFalse        = 'N', 0x88, 0x89
	opInt1, opInt2, opInt4         = 'K', 'M', 'J'
	opLong, opFloat                = 0x8a, 'G'
	opText1, opText4, opText8      = 0x8c, 'X', 0x8d
	opString1, opString4           = 'U', 'T'
	opPut1, opPut4, opMemoize      = 'q', 'r', 0x94
	opGet1, opGet4                 = 'h', 'j'
	opEmptyTuple, opTuple          = ')', 't'
	opTuple1, opTuple2, opTuple3   = 0x85, 0x86, 0x87
	opEmptyList, opAppend, opMany  = ']', 'a', 'e'
	opEmptyDict, opSet, opSetMany  = '}', 's', 'u'
	opGlobal, opStackGlobal        = 'c', 0x93
	opCall, opNew, opBuild, opSlot = 'R', 0x81, 'b', 'Q'
)

// sizeOf is the length of the number that follows an instruction.
var sizeOf = map[byte]int{
	opInt1: 1, opInt2: 2, opInt4: 4, opText1: 1, opText4: 4, opText8: 8, opString1: 1, opString4: 4, opPut1: 1, opPut4: 4, opGet1: 1, opGet4: 4,
}
