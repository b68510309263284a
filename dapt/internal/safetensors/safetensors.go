// Package safetensors reads and writes files of named tensors (github.com/huggingface/safetensors, format 0.5).
//
// A file is the length of a header, the header in JSON, and the tensors' bytes. Reading is strict: what the header says
// is checked against the file before it is used, and nothing larger than the file is ever allocated. go-huggingface has a
// reader of its own, which loads tensors onto a backend and trusts the header (a huge length is allocated, offsets are
// sliced unchecked), and no writer.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
)

// File is the content of a file. Tensors share its memory.
type File struct {
	Metadata map[string]string
	Tensors  map[string]Tensor
}

// metadataName is the header's entry that is no tensor.
const metadataName = "__metadata__"

// entry is what the header says of a tensor.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"` // first byte, and the one after the last
}

// Read reads a file. The error names it; it is os.ErrNotExist if there is none.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	file, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, path)
	}
	return file, nil
}

// Decode reads a file's bytes. Its tensors must lie one after the other and fill the rest exactly.
func Decode(data []byte) (*File, error) {
	if what := other(data); what != "" {
		return nil, fmt.Errorf("safetensors: it is %s", what)
	}
	if len(data) < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes, want at least the 8 of the header's length: the file is cut short", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	if length > uint64(len(data)-8) {
		return nil, fmt.Errorf("safetensors: the header claims %d bytes, but %d follow: the file is cut short or no safetensors file", length, len(data)-8)
	}
	header, body := data[8:8+length], data[8+length:]
	names, raw, err := fields(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	file := &File{Metadata: map[string]string{}, Tensors: make(map[string]Tensor, len(names))}
	entries := map[string]entry{}
	for i, name := range names {
		if name == metadataName {
			err = strictly(raw[i], &file.Metadata)
		} else {
			entries[name], err = parse(raw[i])
		}
		if err != nil {
			return nil, fmt.Errorf("safetensors: header of %q: %w", name, err)
		}
	}
	if err := file.cut(entries, body); err != nil {
		return nil, err
	}
	return file, nil
}

// parse reads what the header says of a tensor. Nothing may be left out.
func parse(raw json.RawMessage) (e entry, err error) {
	if err := strictly(raw, &e); err != nil {
		return e, err
	}
	if e.DType == "" || e.Shape == nil || len(e.Offsets) != 2 {
		return e, fmt.Errorf("%.200s, want dtype, shape and two data_offsets", raw)
	}
	return e, nil
}

// strictly decodes JSON that may hold no field that into lacks.
func strictly(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// fields returns the header's names and values in their order. encoding/json would keep the last of equal names.
func fields(header []byte) (names []string, values []json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(header))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.Join(errors.New("it is no JSON object"), err)
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := token.(string) // a key is always a string
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, nil, err
		}
		if seen[name] {
			return nil, nil, fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		names, values = append(names, name), append(values, value)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("something follows its end")
	}
	return names, values, nil
}

// cut gives each entry its bytes of the body.
func (f *File) cut(entries map[string]entry, body []byte) error {
	order := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		return cmp.Or(slices.Compare(entries[a].Offsets, entries[b].Offsets), cmp.Compare(a, b))
	})
	end := int64(0)
	for _, name := range order {
		e := entries[name]
		if e.Offsets[0] != end || e.Offsets[1] < end || e.Offsets[1] > int64(len(body)) {
			return fmt.Errorf("safetensors: tensor %q claims bytes %d to %d of %d, want it to begin at %d: the tensors overlap, leave holes, or the file is cut short",
				name, e.Offsets[0], e.Offsets[1], len(body), end)
		}
		t := Tensor{e.DType, e.Shape, body[end:e.Offsets[1]:e.Offsets[1]]}
		if err := t.check(); err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		f.Tensors[name], end = t, e.Offsets[1]
	}
	if end != int64(len(body)) {
		return fmt.Errorf("safetensors: %d bytes follow the last tensor, want none", int64(len(body))-end)
	}
	return nil
}

// check compares the bytes with type and shape.
func (t Tensor) check() error {
	size, ok := sizes[t.DType]
	if !ok {
		return fmt.Errorf("unknown type %q", t.DType)
	}
	want := uint64(size)
	for _, d := range t.Dims {
		if d < 0 || (d > 0 && want > math.MaxInt64/uint64(d)) {
			return fmt.Errorf("shape %v is impossible", t.Dims)
		}
		want *= uint64(d)
	}
	if want != uint64(len(t.Data)) {
		return fmt.Errorf("%d bytes, but %s %v takes %d", len(t.Data), t.DType, t.Dims, want)
	}
	return nil
}

// Encode returns the bytes of the file, the same for the same content: tensors stand in the order of their names.
func (f *File) Encode() []byte {
	header := map[string]any{}
	if len(f.Metadata) > 0 {
		header[metadataName] = f.Metadata
	}
	names := slices.Sorted(maps.Keys(f.Tensors))
	end := int64(0)
	for _, name := range names {
		t := f.Tensors[name]
		dims := t.Dims
		if dims == nil {
			dims = []int{}
		}
		header[name] = entry{t.DType, dims, []int64{end, end + int64(len(t.Data))}}
		end += int64(len(t.Data))
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(fmt.Errorf("safetensors: encoding the header: %w", err)) // strings and numbers always encode
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+int64(len(text))+end), uint64(len(text)))
	out = append(out, text...)
	for _, name := range names {
		out = append(out, f.Tensors[name].Data...)
	}
	return out
}

// Write writes the file so that either the old or the new one is there whenever the power fails. A tensor whose bytes do
// not fit its type and shape is an error, and then nothing is written. The folder must be there.
func (f *File) Write(path string) error {
	for name, t := range f.Tensors {
		if err := t.check(); err != nil {
			return fmt.Errorf("safetensors: writing %s: tensor %q: %w", path, name, err)
		}
	}
	folder := filepath.Dir(path)
	// renameio syncs the file, but looks for room in the system's temporary folder first, and does not sync the folder.
	if err := renameio.WriteFile(path, f.Encode(), 0o644, renameio.WithTempDir(folder)); err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", path, err)
	}
	if err := syncFolder(folder); err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", path, err)
	}
	return nil
}

// syncFolder makes a rename in the folder last.
func syncFolder(folder string) error {
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}
