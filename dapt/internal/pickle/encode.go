package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// encoder writes instructions.
type encoder struct {
	out    []byte
	stored map[any]int // numbers of the strings and classes that are written
}

// Encode writes a value of strings, ints, *List and *Record, none of which may hold itself, in protocol 4, which Python
// reads from 3.4 on. Equal strings and classes are written once.
func Encode(value any) ([]byte, error) {
	e := encoder{out: []byte{opProto, 4}, stored: map[any]int{}}
	if err := e.value(value); err != nil {
		return nil, err
	}
	return append(e.out, opStop), nil
}

func (e *encoder) value(value any) error {
	switch v := value.(type) {
	case string:
		return e.text(v)
	case int:
		e.number(v)
	case *List:
		e.out = append(e.out, opEmptyList, opMark)
		for _, item := range v.Items {
			if err := e.value(item); err != nil {
				return err
			}
		}
		e.out = append(e.out, opMany)
	case *Record:
		return e.record(v)
	default:
		return fmt.Errorf("a %T is not written", value)
	}
	return nil
}

// record writes a dictionary, or a new object and a dictionary of its attributes.
func (e *encoder) record(r *Record) error {
	object := r.Class != Global{}
	if object {
		if err := e.class(r.Class); err != nil {
			return err
		}
		e.out = append(e.out, opEmptyTuple, opNew)
	}
	e.out = append(e.out, opEmptyDict, opMark)
	for i, key := range r.Keys {
		for _, value := range []any{key, r.Values[i]} {
			if err := e.value(value); err != nil {
				return err
			}
		}
	}
	e.out = append(e.out, opSetMany)
	if object {
		e.out = append(e.out, opBuild)
	}
	return nil
}

func (e *encoder) class(class Global) error {
	if e.again(class) {
		return nil
	}
	for _, part := range []string{class.Module, class.Name} {
		if err := e.text(part); err != nil {
			return err
		}
	}
	e.out = append(e.out, opStackGlobal)
	e.store(class)
	return nil
}

func (e *encoder) text(s string) error {
	if e.again(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("text %.200q is no UTF-8, which Python reads alone", s)
	}
	if len(s) <= math.MaxUint8 {
		e.out = append(e.out, opText1, byte(len(s)))
	} else {
		e.out = binary.LittleEndian.AppendUint64(append(e.out, opText8), uint64(len(s)))
	}
	e.out = append(e.out, s...)
	e.store(s)
	return nil
}

func (e *encoder) number(n int) {
	switch {
	case 0 <= n && n <= math.MaxUint8:
		e.out = append(e.out, opInt1, byte(n))
	case math.MinInt32 <= n && n <= math.MaxInt32:
		e.out = binary.LittleEndian.AppendUint32(append(e.out, opInt4), uint32(n))
	default:
		e.out = binary.LittleEndian.AppendUint64(append(e.out, opLong, 8), uint64(n))
	}
}

// again fetches a value that is written already.
func (e *encoder) again(value any) bool {
	place, ok := e.stored[value]
	if ok {
		e.out = binary.LittleEndian.AppendUint32(append(e.out, opGet4), uint32(place))
	}
	return ok
}

// store gives the value on top the next number.
func (e *encoder) store(value any) {
	e.stored[value] = len(e.stored)
	e.out = append(e.out, opMemoize)
}
