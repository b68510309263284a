// Package torch reads the files that PyTorch writes: its zip archives, state dictionaries and scripted modules, and the
// stream of pickles that torch.save wrote before version 1.6 (torch/serialization.py _legacy_save).
//
// Nothing in a file is ever run. Tensors and plain containers are read; of what stands beside the weights in a checkpoint,
// such as an optimiser, only the names are looked at. Reading takes at most 1000 bytes for each byte of pickle, and 12 for
// each other byte of the file, whatever the file says of itself.
package torch

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Limits of what a file holds; the largest CLIP has some 600 weights in a pickle of 200 kB.
const (
	maxPickle = 4 << 20 // bytes
	maxValues = 200_000 // attributes and items
	maxDepth  = 32      // objects within objects
	maxName   = 300     // bytes
)

// File is what a file holds. Tensors read its bytes when they are asked for.
type File struct {
	Tensors map[string]Tensor // by the path of their names; below "state_dict" alone, where there is one
	Epoch   int               // that the outermost dictionary tells; 0 if none
}

// Tensor is a tensor that is not read yet.
type Tensor struct {
	Dims []int // nil is a scalar
	view view
	file *reader
}

// Float32s returns the values, row-major. They may be shared by other tensors: change a copy. Integers are an error, and
// so is a tensor that leaves the file, or tensors that hold more values altogether than the file has bytes.
func (t Tensor) Float32s() ([]float32, error) { return t.file.values(t.view) }

// The beginnings of both formats.
var (
	zipMagic    = []byte("PK\x03\x04")
	streamMagic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.") // torch/serialization.py MAGIC_NUMBER
)

// Is tells whether data begins as PyTorch's files do.
func Is(data []byte) bool {
	return bytes.HasPrefix(data, zipMagic) || bytes.HasPrefix(data, streamMagic)
}

// Decode reads a file of either format. Errors say "it" of the file, which the caller names.
func Decode(data []byte) (*File, error) {
	r := &reader{stored: map[storage][]float32{}, file: &File{Tensors: map[string]Tensor{}}, size: len(data)}
	var value any
	var err error
	if bytes.HasPrefix(data, streamMagic) {
		value, err = r.stream(data)
	} else {
		value, err = r.archive(data)
	}
	if err != nil {
		return nil, err
	}
	if whole, ok := value.(*pickle.Record); ok {
		r.file.Epoch, _ = whole.Get("epoch").(int)
		if state, ok := whole.Get("state_dict").(*pickle.Record); ok {
			value = state
		}
	}
	if err := r.collect("", value, 0); err != nil {
		return nil, fmt.Errorf("its pickle: %w", err)
	}
	return r.file, nil
}

// reader is a file at work.
type reader struct {
	bytes  func(of storage) ([]byte, error) // of a storage; those of an archive are read anew
	stored map[storage][]float32            // what was read
	file   *File
	size   int // bytes of the file
	read   int // bytes that were read
	taken  int // values that were taken out
	seen   int // attributes and items that were visited
}

// collect finds tensors and names them by their path.
func (r *reader) collect(name string, value any, depth int) error {
	if depth > maxDepth {
		return errors.New("its values are nested too deep, or hold themselves")
	}
	switch v := value.(type) {
	case view:
		r.file.Tensors[name] = Tensor{v.dims, v, r}
	case *pickle.Record:
		for i, key := range v.Keys {
			if r.seen++; r.seen > min(maxValues, r.size) {
				return fmt.Errorf("it holds more than %d values, or some of them too often", min(maxValues, r.size))
			}
			text, ok := key.(string)
			if !ok {
				continue
			}
			if name != "" {
				text = name + "." + text
			}
			if len(text) > maxName {
				return fmt.Errorf("a name has %d bytes", len(text))
			}
			if err := r.collect(text, v.Values[i], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// values reads the values of a view.
func (r *reader) values(v view) ([]float32, error) {
	stored, err := r.storage(v.of)
	if err != nil {
		return nil, err
	}
	size, err := v.size(len(stored))
	if err != nil {
		return nil, err
	}
	if r.taken += size; r.taken > r.size {
		return nil, errors.New("the tensors hold more values than the file has bytes")
	}
	if v.contiguous() {
		return stored[v.offset:][:size:size], nil
	}
	return v.gather(stored, size), nil
}

// storage reads a storage, once.
func (r *reader) storage(of storage) ([]float32, error) {
	if stored, ok := r.stored[of]; ok {
		return stored, nil
	}
	data, err := r.bytes(of)
	if err != nil {
		return nil, err
	}
	if r.read += len(data); r.read > r.size {
		return nil, errors.New("the storages hold more bytes than the file")
	}
	stored, err := safetensors.Tensor{DType: of.kind, Data: data}.Float32s()
	if err != nil {
		return nil, err
	}
	r.stored[of] = stored
	return stored, nil
}
