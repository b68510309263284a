package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Tensor is one tensor, little-endian and row-major.
type Tensor struct {
	DType string // "F32", "F16", "BF16", "F64", "I64", "I32", "U8", "BOOL"…
	Dims  []int  // empty for a scalar
	Data  []byte
}

// sizes are the bytes of a value, by type.
var sizes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4,
	"I64": 8, "U64": 8, "F64": 8,
}

// Float32 makes a tensor of float32.
func Float32(values []float32, dims ...int) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{"F32", dims, data}
}

// Half makes a tensor of float16, each value rounded to the nearest, of two to the even; above 65519 that is infinity.
func Half(values []float32, dims ...int) Tensor {
	data := make([]byte, 0, 2*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint16(data, HalfBits(v))
	}
	return Tensor{"F16", dims, data}
}

// Int32 makes a tensor of int32.
func Int32(values []int32, dims ...int) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return Tensor{"I32", dims, data}
}

// Bytes makes a tensor of bytes, which it shares.
func Bytes(values []byte, dims ...int) Tensor { return Tensor{"U8", dims, values} }

// Float32s returns the values of a tensor of F32, F16, BF16 or F64, which is rounded.
func (t Tensor) Float32s() ([]float32, error) {
	var read func(b []byte) float32
	switch t.DType {
	case "F32":
		read = func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case "F16":
		read = func(b []byte) float32 { return halfValue(binary.LittleEndian.Uint16(b)) }
	case "BF16":
		read = func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	case "F64":
		read = func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	default:
		return nil, fmt.Errorf("safetensors: a tensor of %s holds no real numbers, want F32, F16, BF16 or F64", t.DType)
	}
	return values(t, read), nil
}

// Float64s is Float32s without rounding float64.
func (t Tensor) Float64s() ([]float64, error) {
	if t.DType == "F64" {
		return values(t, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }), nil
	}
	singles, err := t.Float32s()
	doubles := make([]float64, len(singles))
	for i, v := range singles {
		doubles[i] = float64(v)
	}
	return doubles, err
}

// Int64s returns the values of a tensor of any integer type.
func (t Tensor) Int64s() ([]int64, error) {
	var read func(b []byte) int64
	switch t.DType {
	case "I64":
		read = func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	case "I32":
		read = func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	case "I16":
		read = func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) }
	case "I8":
		read = func(b []byte) int64 { return int64(int8(b[0])) }
	case "U32":
		read = func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }
	case "U16":
		read = func(b []byte) int64 { return int64(binary.LittleEndian.Uint16(b)) }
	case "U8", "BOOL":
		read = func(b []byte) int64 { return int64(b[0]) }
	default:
		return nil, fmt.Errorf("safetensors: a tensor of %s holds no integers, want I64, I32, I16, I8, U32, U16, U8 or BOOL", t.DType)
	}
	return values(t, read), nil
}

// Int32s is [Tensor.Int64s] for values that fit 32 bits; another is an error.
func (t Tensor) Int32s() ([]int32, error) {
	wide, err := t.Int64s()
	if err != nil {
		return nil, err
	}
	list := make([]int32, len(wide))
	for i, v := range wide {
		if list[i] = int32(v); int64(list[i]) != v {
			return nil, fmt.Errorf("safetensors: value %d at place %d does not fit 32 bits", v, i)
		}
	}
	return list, nil
}

func values[T any](t Tensor, read func([]byte) T) []T {
	size := sizes[t.DType]
	list := make([]T, len(t.Data)/size)
	for i := range list {
		list[i] = read(t.Data[i*size:])
	}
	return list
}
