package safetensors

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func sample() *File {
	return &File{
		Metadata: map[string]string{"made": "here"},
		Tensors: map[string]Tensor{
			"b": Float32([]float32{1, -2.5, float32(math.Inf(1))}, 3), "a.weight": Half([]float32{0.5, 65504, 1e-8, -3}, 2, 2),
			"ids": Int32([]int32{-1, 7}, 2), "scalar": Float32([]float32{4}), "empty": Float32(nil, 0, 5),
		},
	}
}

func TestWhatWasWrittenIsReadBackEqual(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := sample().Write(path); err != nil {
		t.Fatal(err)
	}
	file, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(file.Metadata, sample().Metadata) || len(file.Tensors) != 5 {
		t.Errorf("read %v and %d tensors", file.Metadata, len(file.Tensors))
	}
	half, err := file.Tensors["a.weight"].Float32s()
	if want := []float32{0.5, 65504, 0, -3}; err != nil || !slices.Equal(half, want) {
		t.Errorf("half precision = %v, %v, want %v", half, err, want)
	}
	ids, err := file.Tensors["ids"].Int64s()
	if err != nil || !slices.Equal(ids, []int64{-1, 7}) {
		t.Errorf("integers = %v, %v", ids, err)
	}
	if !slices.Equal(file.Encode(), sample().Encode()) {
		t.Error("encoding what was read gives other bytes")
	}
	if _, err := file.Tensors["ids"].Float32s(); err == nil {
		t.Error("integers were read as real numbers")
	}
}

// with makes a file of a header and so many bytes.
func with(header string, body int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, body)...)
}

func TestLyingHeadersAreErrors(t *testing.T) {
	huge := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "cut short"},
		"huge length":     {append(huge, "{}"...), "claims"},
		"no object":       {with("[]", 0), "no JSON object"},
		"something after": {with("{} {}", 0), "follows"},
		"past the end":    {with(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, 8), "cut short"},
		"overlap":         {with(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, 6), "overlap"},
		"hole":            {with(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "holes"},
		"bytes left":      {with(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2), "follow"},
		"backwards":       {with(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,-1]}}`, 0), "claims"},
		"wrong size":      {with(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "takes 12"},
		"overflow":        {with(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "impossible"},
		"negative":        {with(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "impossible"},
		"unknown type":    {with(`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), "unknown type"},
		"twice":           {with(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), "twice"},
		"no numbers":      {with(`{"a":{"dtype":"U8","shape":"x","data_offsets":[0,0]}}`, 0), `"a"`},
	} {
		if _, err := Decode(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Decode = %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestEveryCutIsAnError(t *testing.T) {
	whole := sample().Encode()
	for size := range whole {
		if _, err := Decode(whole[:size]); err == nil {
			t.Fatalf("a file cut to %d of %d bytes was read", size, len(whole))
		}
	}
}

func TestWriteLeavesTheOldFileWhereItFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sample().Write(filepath.Join(file, "x")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Write below a plain file = %v, want an error that names the path", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample().Encode())
	f.Add(with(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(file.Encode())
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Errorf("what was read cannot be written and read again: %v", err)
		}
	})
}
