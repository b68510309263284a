package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The instructions of Python's pickle format (Lib/pickletools.py) that PyTorch writes for tensors. Every other is refused.
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

// unpickler is a stack machine over plain Go values. It has no way to call anything: the few names that it knows stand for
// tensors, storages, ordered dictionaries and the attributes of scripted modules, and any other name is an error. No value
// is ever copied, so that its memory is at most some 100 bytes for each of its input.
type unpickler struct {
	data  []byte
	at    int
	stack []any
	marks []int
	memo  map[int]any
}

// Values of a pickle, beside nil, bool, int, float64 and string.
type (
	tuple  []any
	list   struct{} // no weight lies in a list, so that what it holds is dropped
	record struct { // a dictionary, or an object with its attributes
		object       bool
		keys, values []any
	}
	global  struct{ module, name string }
	storage struct{ kind, key string }
	view    struct { // a tensor
		of      storage
		offset  int
		dims    []int
		strides []int
	}
)

var errShort = errors.New("it is cut short")

// unpickle reads one value.
func unpickle(data []byte) (any, error) {
	u := &unpickler{data: data, memo: map[int]any{}}
	for {
		at := u.at
		code, err := u.bytes(1)
		if err != nil {
			return nil, err
		}
		if code[0] == opStop {
			return u.pop()
		}
		if err := u.do(code[0]); err != nil {
			return nil, fmt.Errorf("at byte %d: %w", at, err)
		}
	}
}

// do carries out one instruction.
func (u *unpickler) do(code byte) error {
	switch code {
	case opProto:
		return u.skip(1)
	case opFrame:
		return u.skip(8)
	case opMark:
		u.marks = append(u.marks, len(u.stack))
	case opPop:
		_, err := u.pop()
		return err
	case opEmptyDict:
		u.push(&record{})
	case opEmptyList:
		u.push(list{})
	case opEmptyTuple:
		u.push(tuple{})
	case opNone:
		u.push(nil)
	case opTrue, opFalse:
		u.push(code == opTrue)
	case opInt1, opInt2, opInt4, opLong, opFloat:
		return u.number(code)
	case opText1, opText4, opText8, opString1, opString4:
		return u.text(code)
	case opPut1, opPut4, opMemoize:
		return u.put(code)
	case opGet1, opGet4:
		return u.get(code)
	case opTuple, opTuple1, opTuple2, opTuple3:
		items, err := u.items(code)
		u.push(tuple(items))
		return err
	case opAppend, opMany, opSet, opSetMany:
		return u.fill(code)
	case opGlobal, opStackGlobal, opCall, opNew, opBuild, opSlot:
		return u.object(code)
	default:
		return fmt.Errorf("instruction %#x is none that PyTorch writes for tensors", code)
	}
	return nil
}

func (u *unpickler) push(value any) { u.stack = append(u.stack, value) }

func (u *unpickler) pop() (any, error) {
	floor := 0 // what lies below a mark may not be popped
	if len(u.marks) > 0 {
		floor = u.marks[len(u.marks)-1]
	}
	top := len(u.stack) - 1
	if top < floor {
		return nil, errors.New("nothing is left on the stack")
	}
	value := u.stack[top]
	u.stack = u.stack[:top]
	return value, nil
}

// items pops what lies above the last mark, or as many values as code takes.
func (u *unpickler) items(code byte) ([]any, error) {
	count, fixed := map[byte]int{opTuple1: 1, opTuple2: 2, opTuple3: 3, opAppend: 1, opSet: 2}[code]
	if !fixed {
		if len(u.marks) == 0 {
			return nil, errors.New("there is no mark")
		}
		mark := u.marks[len(u.marks)-1]
		items := slices.Clone(u.stack[mark:])
		u.stack, u.marks = u.stack[:mark], u.marks[:len(u.marks)-1]
		return items, nil
	}
	items := make([]any, count)
	for i := range items {
		var err error
		if items[count-1-i], err = u.pop(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// bytes takes the next n bytes of the input.
func (u *unpickler) bytes(n int) ([]byte, error) {
	if n < 0 || n > len(u.data)-u.at {
		return nil, errShort
	}
	u.at += n
	return u.data[u.at-n : u.at], nil
}

func (u *unpickler) skip(n int) error {
	_, err := u.bytes(n)
	return err
}

// unsigned reads the number that follows an instruction.
func (u *unpickler) unsigned(size int) (int, error) {
	b, err := u.bytes(size)
	if err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint64(append(slices.Clone(b), make([]byte, 8-size)...))
	if n > math.MaxInt {
		return 0, errShort
	}
	return int(n), nil
}

func (u *unpickler) number(code byte) error {
	switch code {
	case opFloat:
		b, err := u.bytes(8)
		if err != nil {
			return err
		}
		u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		return nil
	case opLong:
		return u.long()
	}
	n, err := u.unsigned(sizeOf[code])
	if code == opInt4 {
		n = int(int32(n))
	}
	u.push(n)
	return err
}

// long reads an integer of up to 8 bytes, the first of which is their number.
func (u *unpickler) long() error {
	size, err := u.unsigned(1)
	if err != nil {
		return err
	}
	if size > 8 {
		return fmt.Errorf("an integer of %d bytes, want at most 8", size)
	}
	b, err := u.bytes(size)
	if err != nil {
		return err
	}
	var whole [8]byte
	copy(whole[8-size:], b) // at the upper end, so that shifting down keeps the sign
	u.push(int(int64(binary.LittleEndian.Uint64(whole[:])) >> (64 - 8*size)))
	return nil
}

func (u *unpickler) text(code byte) error {
	n, err := u.unsigned(sizeOf[code])
	if err != nil {
		return err
	}
	b, err := u.bytes(n)
	u.push(string(b))
	return err
}

// put numbers the value on top.
func (u *unpickler) put(code byte) error {
	place := len(u.memo)
	if code != opMemoize {
		var err error
		if place, err = u.unsigned(sizeOf[code]); err != nil {
			return err
		}
	}
	value, err := u.pop()
	if err != nil {
		return err
	}
	u.push(value)
	u.memo[place] = value
	return nil
}

// get fetches a value by its number.
func (u *unpickler) get(code byte) error {
	place, err := u.unsigned(sizeOf[code])
	if err != nil {
		return err
	}
	value, ok := u.memo[place]
	if !ok {
		return fmt.Errorf("value %d was never stored", place)
	}
	u.push(value)
	return nil
}

// fill puts items into a list or a dictionary.
func (u *unpickler) fill(code byte) error {
	items, err := u.items(code)
	if err != nil {
		return err
	}
	target, err := u.pop()
	if err != nil {
		return err
	}
	u.push(target)
	switch to := target.(type) {
	case list:
		if code == opAppend || code == opMany {
			return nil
		}
	case *record:
		if (code == opSet || code == opSetMany) && len(items)%2 == 0 {
			for pair := range slices.Chunk(items, 2) {
				to.keys, to.values = append(to.keys, pair[0]), append(to.values, pair[1])
			}
			return nil
		}
	}
	return fmt.Errorf("%d values do not go into a %T", len(items), target)
}
