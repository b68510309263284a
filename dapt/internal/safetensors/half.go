package safetensors

import "math"

// The conversions of compute's float16 package lose values below 2^-14, of which CLIP's weights hold many.

// HalfBits rounds a number to half precision (IEEE 754 binary16), of two nearest to the even one.
func HalfBits(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, bits := uint16(bits>>16&0x8000), bits&^(1<<31)
	switch size := math.Float32frombits(bits); {
	case size != size:
		return sign | 0x7e00
	case size >= 65520: // half way from the largest to what would come next
		return sign | 0x7c00
	case size < 0x1p-14: // a whole number of the smallest
		return sign | uint16(math.RoundToEven(float64(size)*0x1p24))
	}
	bits += 0xfff + bits>>13&1
	return sign | uint16((bits-112<<23)>>13)
}

// halfValue is the number that the bits of half precision stand for.
func halfValue(half uint16) float32 {
	sign, bits := uint32(half&0x8000)<<16, uint32(half&0x7fff)
	switch bits >> 10 {
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(bits)*0x1p-24))
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | bits<<13)
	}
	return math.Float32frombits(sign | (bits<<13 + 112<<23))
}
