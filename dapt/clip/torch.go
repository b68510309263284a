package clip

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Limits of what PyTorch's archive of a CLIP holds; the largest has some 600 weights in a pickle of 200 kB.
const (
	maxPickle = 4 << 20 // bytes
	maxValues = 200_000 // attributes and items
	maxDepth  = 32      // objects within objects
)

// torchArchive is a file that PyTorch wrote.
type torchArchive struct {
	root   string // folder that holds everything
	files  map[string]*zip.File
	stored map[storage][]float32 // what was read
	views  map[string]view       // tensors by the path of their names
	size   int                   // bytes of the file
	read   int                   // bytes that were read
	taken  int                   // values that were taken out
	seen   int                   // attributes and items that were visited
}

// readTorch reads PyTorch's zip archive: a state dictionary, or a scripted module as OpenAI publishes.
func readTorch(data []byte) (map[string]source, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("it is cut short or broken: %w", err)
	}
	a := &torchArchive{files: map[string]*zip.File{}, stored: map[storage][]float32{}, views: map[string]view{}, size: len(data)}
	for _, file := range archive.File {
		a.files[file.Name] = file
		if folder, ok := strings.CutSuffix(file.Name, "/data.pkl"); ok && a.root == "" {
			a.root = folder
		}
	}
	pickled, err := a.open("data.pkl", maxPickle)
	if err != nil {
		return nil, err
	}
	if _, ok := a.files[a.root+"/byteorder"]; ok {
		if order, err := a.open("byteorder", 16); err != nil || string(order) != "little" {
			return nil, fmt.Errorf("its byte order is %q, want little", order)
		}
	}
	value, err := unpickle(pickled)
	if err != nil {
		return nil, fmt.Errorf("its data.pkl: %w", err)
	}
	if err := a.collect("", value, 0); err != nil {
		return nil, fmt.Errorf("its data.pkl: %w", err)
	}
	sources := make(map[string]source, len(a.views))
	for name, v := range a.views {
		sources[name] = source{v.dims, func() ([]float32, error) { return a.values(v) }}
	}
	return sources, nil
}

// open returns a member of at most limit bytes. PyTorch compresses none, so that it cannot be larger than the archive.
func (a *torchArchive) open(name string, limit int) ([]byte, error) {
	file, ok := a.files[a.root+"/"+name]
	switch {
	case !ok:
		return nil, fmt.Errorf("it has no %s", name)
	case file.Method != zip.Store || file.UncompressedSize64 != file.CompressedSize64:
		return nil, fmt.Errorf("its %s is compressed, which PyTorch never does: save it again there", name)
	case file.UncompressedSize64 > uint64(limit):
		return nil, fmt.Errorf("its %s has %d bytes, want at most %d", name, file.UncompressedSize64, limit)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	defer content.Close()
	read := make([]byte, file.UncompressedSize64)
	if _, err := io.ReadFull(content, read); err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	if _, err := content.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("its %s: %w", name, err) // where it ends its checksum is compared
	}
	return read, nil
}

// collect finds tensors and names them by their path.
func (a *torchArchive) collect(name string, value any, depth int) error {
	if depth > maxDepth {
		return errors.New("its values are nested too deep, or hold themselves")
	}
	switch v := value.(type) {
	case view:
		a.views[name] = v
	case *pickle.Record:
		for i, key := range v.Keys {
			if a.seen++; a.seen > maxValues {
				return fmt.Errorf("it holds more than %d values", maxValues)
			}
			text, ok := key.(string)
			if !ok {
				continue
			}
			if name != "" && !(depth == 1 && name == "state_dict") {
				text = name + "." + text
			}
			if len(text) > 1000 {
				return fmt.Errorf("a name has %d bytes", len(text))
			}
			if err := a.collect(text, v.Values[i], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// values reads the values of a view.
func (a *torchArchive) values(v view) ([]float32, error) {
	stored, err := a.storage(v.of)
	if err != nil {
		return nil, err
	}
	size, err := v.size(len(stored))
	if err != nil {
		return nil, err
	}
	if a.taken += size; a.taken > a.size {
		return nil, errors.New("the tensors hold more values than the file has bytes")
	}
	if v.contiguous() {
		return stored[v.offset:][:size:size], nil
	}
	return v.gather(stored, size), nil
}

// storage reads a storage, once.
func (a *torchArchive) storage(of storage) ([]float32, error) {
	if stored, ok := a.stored[of]; ok {
		return stored, nil
	}
	data, err := a.open("data/"+of.key, a.size-a.read)
	if err != nil {
		return nil, err
	}
	a.read += len(data)
	stored, err := safetensors.Tensor{DType: of.kind, Data: data}.Float32s()
	if err != nil {
		return nil, err
	}
	a.stored[of] = stored
	return stored, nil
}

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
