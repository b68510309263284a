package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// unpickler reads Python's pickle format (Lib/pickletools.py) as far as PyTorch uses it for tensors. It is a plain
// stack machine over Go values: it has no way to call anything, and a name that is no tensor, storage, ordered
// dictionary or scripted module is refused. Its memory is bounded by the length of its input.
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
	list   struct{ items []any }
	record struct { // a dictionary, or an object with its attributes
		keys   []any
		values []any
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
func unpickle(data []byte) (value any, err error) {
	u := &unpickler{data: data, memo: map[int]any{}}
	for {
		code, err := u.bytes(1)
		if err != nil {
			return nil, err
		}
		if code[0] == '.' {
			return u.pop()
		}
		if err := u.do(code[0]); err != nil {
			return nil, fmt.Errorf("at byte %d: %w", u.at-1, err)
		}
	}
}

// do carries out one instruction.
func (u *unpickler) do(code byte) error {
	switch code {
	case 0x80: // PROTO
		return u.skip(1)
	case 0x95: // FRAME
		return u.skip(8)
	case '(':
		u.marks = append(u.marks, len(u.stack))
	case '0': // POP
		_, err := u.pop()
		return err
	case '}':
		u.push(&record{})
	case ']':
		u.push(&list{})
	case ')':
		u.push(tuple{})
	case 'N':
		u.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		u.push(code == 0x88)
	case 'J', 'K', 'M', 0x8a, 'G':
		return u.number(code)
	case 'X', 0x8c, 0x8d, 'T', 'U':
		return u.text(code)
	case 'q', 'r', 0x94, 'h', 'j':
		return u.remember(code)
	case 't', 0x85, 0x86, 0x87, 'e', 'a', 'u', 's':
		return u.collect(code)
	case 'c', 0x93, 'R', 0x81, 'b', 'Q':
		return u.object(code)
	default:
		return fmt.Errorf("instruction %#x is none that PyTorch writes", code)
	}
	return nil
}

func (u *unpickler) push(value any) { u.stack = append(u.stack, value) }

// floor is the lowest place that may be popped.
func (u *unpickler) floor() int {
	if len(u.marks) == 0 {
		return 0
	}
	return u.marks[len(u.marks)-1]
}

func (u *unpickler) pop() (any, error) {
	top := len(u.stack) - 1
	if top < u.floor() {
		return nil, errors.New("nothing is left on the stack")
	}
	value := u.stack[top]
	u.stack = u.stack[:top]
	return value, nil
}

// popTo returns what lies above the last mark.
func (u *unpickler) popTo() ([]any, error) {
	if len(u.marks) == 0 {
		return nil, errors.New("there is no mark")
	}
	mark := u.floor()
	values := append([]any(nil), u.stack[mark:]...)
	u.stack, u.marks = u.stack[:mark], u.marks[:len(u.marks)-1]
	return values, nil
}

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

// unsigned reads a little-endian number of 1, 2, 4 or 8 bytes.
func (u *unpickler) unsigned(size int) (int, error) {
	b, err := u.bytes(size)
	if err != nil {
		return 0, err
	}
	var whole [8]byte
	copy(whole[:], b)
	n := binary.LittleEndian.Uint64(whole[:])
	if n > math.MaxInt64 {
		return 0, errShort
	}
	return int(n), nil
}

func (u *unpickler) number(code byte) error {
	switch code {
	case 'G':
		b, err := u.bytes(8)
		if err != nil {
			return err
		}
		u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		return nil
	case 0x8a: // LONG1
		size, err := u.unsigned(1)
		if err != nil {
			return err
		}
		if size > 8 {
			return fmt.Errorf("a number of %d bytes, want at most 8", size)
		}
		b, err := u.bytes(size)
		if err != nil {
			return err
		}
		var whole [8]byte
		copy(whole[:], b)
		shift := 8 * (8 - size) // sign extension
		u.push(int(int64(binary.LittleEndian.Uint64(whole[:])<<shift) >> shift))
		return nil
	}
	n, err := u.unsigned(map[byte]int{'J': 4, 'K': 1, 'M': 2}[code])
	if code == 'J' {
		n = int(int32(n))
	}
	u.push(n)
	return err
}

func (u *unpickler) text(code byte) error {
	n, err := u.unsigned(map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'T': 4, 'U': 1}[code])
	if err != nil {
		return err
	}
	b, err := u.bytes(n)
	u.push(string(b))
	return err
}

// remember stores or fetches a value by number.
func (u *unpickler) remember(code byte) error {
	place := len(u.memo)
	if code != 0x94 {
		var err error
		if place, err = u.unsigned(map[byte]int{'q': 1, 'r': 4, 'h': 1, 'j': 4}[code]); err != nil {
			return err
		}
	}
	if code == 'h' || code == 'j' {
		value, ok := u.memo[place]
		if !ok {
			return fmt.Errorf("value %d was never stored", place)
		}
		u.push(value)
		return nil
	}
	value, err := u.pop()
	if err != nil {
		return err
	}
	u.push(value)
	u.memo[place] = value
	return nil
}

// collect makes tuples, and fills lists and dictionaries.
func (u *unpickler) collect(code byte) error {
	var items []any
	var err error
	switch code {
	case 't', 'e', 'u':
		items, err = u.popTo()
	default:
		items = make([]any, map[byte]int{0x85: 1, 0x86: 2, 0x87: 3, 'a': 1, 's': 2}[code])
		for i := len(items) - 1; i >= 0 && err == nil; i-- {
			items[i], err = u.pop()
		}
	}
	if err != nil {
		return err
	}
	if code == 't' || code >= 0x85 {
		u.push(tuple(items))
		return nil
	}
	target, err := u.pop()
	if err != nil {
		return err
	}
	u.push(target)
	switch to := target.(type) {
	case *list:
		if code == 'e' || code == 'a' {
			to.items = append(to.items, items...)
			return nil
		}
	case *record:
		if (code == 'u' || code == 's') && len(items)%2 == 0 {
			for i := 0; i < len(items); i += 2 {
				to.keys, to.values = append(to.keys, items[i]), append(to.values, items[i+1])
			}
			return nil
		}
	}
	return fmt.Errorf("cannot put %d values into a %T", len(items), target)
}

// scripted reports the classes of TorchScript modules. Nothing of them is run: only their attributes are read.
func (g global) scripted() bool { return strings.HasPrefix(g.module, "__torch__") }
