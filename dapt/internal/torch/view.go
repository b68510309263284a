package torch

import "fmt"

// size returns the values of a view, all of which lie in a storage of so many.
func (v view) size(stored int) (int, error) {
	size, last := 1, v.offset
	for i, d := range v.dims {
		if d > 0 && size > stored/d || d > 1 && v.strides[i] > stored {
			return 0, fmt.Errorf("shape %v with strides %v leaves its %d stored values", v.dims, v.strides, stored)
		}
		size *= d
		last += max(d-1, 0) * v.strides[i]
	}
	if size > 0 && (last < 0 || last >= stored) {
		return 0, fmt.Errorf("shape %v with strides %v from %d on leaves its %d stored values", v.dims, v.strides, v.offset, stored)
	}
	return size, nil
}

// contiguous reports a view whose values follow each other in row-major order.
func (v view) contiguous() bool {
	next := 1
	for i := len(v.dims) - 1; i >= 0; i-- {
		if v.dims[i] != 1 && v.strides[i] != next {
			return false
		}
		next *= v.dims[i]
	}
	return next > 0
}

// gather reads size values of the storage in row-major order.
func (v view) gather(stored []float32, size int) []float32 {
	values := make([]float32, size)
	index := make([]int, len(v.dims))
	at := v.offset
	for i := range values {
		values[i] = stored[at]
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			at += v.strides[axis]
			if index[axis] < v.dims[axis] {
				break
			}
			at -= index[axis] * v.strides[axis]
			index[axis] = 0
		}
	}
	return values
}
