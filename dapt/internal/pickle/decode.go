package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// maxInstructions bounds time and memory. A cache of ImageNet's 16 shots has 300,000, and the pickle of a CLIP has fewer bytes.
const maxInstructions = 2 << 20

// decoder is the stack machine, over plain Go values.
type decoder struct {
	rules Rules
	data  []byte
	at    int
	stack []any
	marks []int
	memo  map[int]any
}

var errShort = errors.New("it is cut short")

// Decode reads the first value of data, of any protocol from 2 on. The error says at which byte it stopped, but not of
// what file.
func Decode(data []byte, rules Rules) (any, error) {
	value, _, err := DecodeFirst(data, rules)
	return value, err
}

// DecodeFirst is Decode that also returns what follows the first value.
func DecodeFirst(data []byte, rules Rules) (value any, rest []byte, err error) {
	d := &decoder{rules: rules, data: data, memo: map[int]any{}}
	for range maxInstructions {
		at := d.at
		code, err := d.bytes(1)
		if err != nil {
			return nil, nil, err
		}
		if code[0] == opStop {
			value, err := d.pop()
			return value, d.data[d.at:], err
		}
		if err := d.do(code[0]); err != nil {
			return nil, nil, fmt.Errorf("at byte %d: %w", at, err)
		}
	}
	return nil, nil, fmt.Errorf("it has more than %d instructions", maxInstructions)
}

// do carries out one instruction.
func (d *decoder) do(code byte) error {
	switch code {
	case opProto:
		return d.skip(1)
	case opFrame:
		return d.skip(8)
	case opMark:
		d.marks = append(d.marks, len(d.stack))
	case opPop:
		_, err := d.pop()
		return err
	case opEmptyDict:
		d.push(&Record{})
	case opEmptyList:
		d.push(&List{})
	case opEmptyTuple:
		d.push(Tuple{})
	case opNone:
		d.push(nil)
	case opTrue, opFalse:
		d.push(code == opTrue)
	case opInt1, opInt2, opInt4, opLong, opFloat:
		return d.number(code)
	case opText1, opText4, opText8, opString1, opString4:
		return d.text(code)
	case opPut1, opPut4, opMemoize:
		return d.put(code)
	case opGet1, opGet4:
		return d.get(code)
	case opTuple, opTuple1, opTuple2, opTuple3:
		items, err := d.items(code)
		d.push(Tuple(items))
		return err
	case opAppend, opMany, opSet, opSetMany:
		return d.fill(code)
	case opGlobal, opStackGlobal, opCall, opNew, opBuild, opSlot:
		return d.object(code)
	default:
		return fmt.Errorf("instruction %#x is none of those for plain values and objects", code)
	}
	return nil
}

func (d *decoder) push(value any) { d.stack = append(d.stack, value) }

func (d *decoder) pop() (any, error) {
	floor := 0 // what lies below a mark may not be popped
	if len(d.marks) > 0 {
		floor = d.marks[len(d.marks)-1]
	}
	top := len(d.stack) - 1
	if top < floor {
		return nil, errors.New("nothing is left on the stack")
	}
	value := d.stack[top]
	d.stack = d.stack[:top]
	return value, nil
}

// items pops what lies above the last mark, or as many values as code takes.
func (d *decoder) items(code byte) ([]any, error) {
	count, fixed := map[byte]int{opTuple1: 1, opTuple2: 2, opTuple3: 3, opAppend: 1, opSet: 2}[code]
	if !fixed {
		if len(d.marks) == 0 {
			return nil, errors.New("there is no mark")
		}
		mark := d.marks[len(d.marks)-1]
		items := slices.Clone(d.stack[mark:])
		d.stack, d.marks = d.stack[:mark], d.marks[:len(d.marks)-1]
		return items, nil
	}
	items := make([]any, count)
	for i := range items {
		var err error
		if items[count-1-i], err = d.pop(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// bytes takes the next n bytes of the input.
func (d *decoder) bytes(n int) ([]byte, error) {
	if n < 0 || n > len(d.data)-d.at {
		return nil, errShort
	}
	d.at += n
	return d.data[d.at-n : d.at], nil
}

func (d *decoder) skip(n int) error {
	_, err := d.bytes(n)
	return err
}

// unsigned reads the number that follows an instruction.
func (d *decoder) unsigned(size int) (int, error) {
	b, err := d.bytes(size)
	if err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint64(append(slices.Clone(b), make([]byte, 8-size)...))
	if n > math.MaxInt {
		return 0, errShort
	}
	return int(n), nil
}

func (d *decoder) number(code byte) error {
	switch code {
	case opFloat:
		b, err := d.bytes(8)
		if err != nil {
			return err
		}
		d.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		return nil
	case opLong:
		return d.long()
	}
	n, err := d.unsigned(sizeOf[code])
	if code == opInt4 {
		n = int(int32(n))
	}
	d.push(n)
	return err
}

// long reads an integer of up to 8 bytes, the first of which is their number.
func (d *decoder) long() error {
	size, err := d.unsigned(1)
	if err != nil {
		return err
	}
	if size > 8 {
		return fmt.Errorf("an integer of %d bytes, want at most 8", size)
	}
	b, err := d.bytes(size)
	if err != nil {
		return err
	}
	var whole [8]byte
	copy(whole[8-size:], b) // at the upper end, so that shifting down keeps the sign
	d.push(int(int64(binary.LittleEndian.Uint64(whole[:])) >> (64 - 8*size)))
	return nil
}

func (d *decoder) text(code byte) error {
	n, err := d.unsigned(sizeOf[code])
	if err != nil {
		return err
	}
	b, err := d.bytes(n)
	d.push(string(b))
	return err
}

// put numbers the value on top.
func (d *decoder) put(code byte) error {
	place := len(d.memo)
	if code != opMemoize {
		var err error
		if place, err = d.unsigned(sizeOf[code]); err != nil {
			return err
		}
	}
	value, err := d.pop()
	if err != nil {
		return err
	}
	d.push(value)
	d.memo[place] = value
	return nil
}

// get fetches a value by its number.
func (d *decoder) get(code byte) error {
	place, err := d.unsigned(sizeOf[code])
	if err != nil {
		return err
	}
	value, ok := d.memo[place]
	if !ok {
		return fmt.Errorf("value %d was never stored", place)
	}
	d.push(value)
	return nil
}

// fill puts items into a list or a dictionary.
func (d *decoder) fill(code byte) error {
	items, err := d.items(code)
	if err != nil {
		return err
	}
	target, err := d.pop()
	if err != nil {
		return err
	}
	d.push(target)
	switch to := target.(type) {
	case *List:
		if code == opAppend || code == opMany {
			to.Items = append(to.Items, items...)
			return nil
		}
	case *Record:
		if (code == opSet || code == opSetMany) && len(items)%2 == 0 {
			for pair := range slices.Chunk(items, 2) {
				to.Keys, to.Values = append(to.Keys, pair[0]), append(to.Values, pair[1])
			}
			return nil
		}
	}
	return fmt.Errorf("%d values do not go into a %T", len(items), target)
}
