package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
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
		"one offset":      {with(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}`, 0), "two data_offsets"},
		"three offsets":   {with(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}`, 0), "two data_offsets"},
		"no shape":        {with(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "shape"},
		"unknown field":   {with(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"order":"C"}}`, 1), "order"},
		"null":            {with(`{"a":null}`, 0), "want dtype"},
		"huge offsets":    {with(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[-9223372036854775808,9223372036854775807]}}`, 1), "claims"},
		"metadata":        {with(`{"__metadata__":{"a":1}}`, 0), "__metadata__"},
		"no numbers":      {with(`{"a":{"dtype":"U8","shape":"x","data_offsets":[0,0]}}`, 0), `"a"`},
	} {
		if _, err := Decode(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Decode = %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestOtherFilesAreCalledByTheirNames(t *testing.T) {
	tar := make([]byte, 512)
	copy(tar[257:], "ustar")
	for want, data := range map[string]string{
		"git lfs pull":      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
		"a page of HTML":    "\r\n<!DOCTYPE html><html><title>Sign in</title></html>",
		"by gzip":           "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00",
		"a tar archive":     string(tar),
		"HDF5":              "\x89HDF\r\n\x1a\n",
		`"accuracy: 61.2 %`: "accuracy: 61.2 % \u00b1 0.5 over three seeds",
		"cut short":         "\x00\x01\x02",
	} {
		if _, err := Decode([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%.40q) = %v, want an error with %q", data, err, want)
		}
	}
	whole := with("{}"+strings.Repeat(" ", '<'-2), 0) // whose length begins as HTML does
	if _, err := Decode(whole); whole[0] != '<' || err != nil {
		t.Errorf("a header of %d bytes: %v", '<', err)
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

func TestWriteRefusesBytesThatDoNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	file := File{Tensors: map[string]Tensor{"a": {"F32", []int{3}, make([]byte, 8)}}}
	if err := file.Write(path); err == nil || !strings.Contains(err.Error(), "takes 12") {
		t.Errorf("Write of 8 bytes as F32 [3] = %v, want an error", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written all the same")
	}
}

func TestWriteLeavesNothingElseInTheFolder(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		if err := sample().Write(filepath.Join(folder, "x")); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v, want x alone", entries, err)
	}
}

func TestHalfRoundsToTheNearestAndTiesToEven(t *testing.T) {
	for value, want := range map[float32]float32{
		1 + 1.0/2048: 1, 1 + 3.0/2048: 1 + 2.0/1024, 1 + 1.1/2048: 1 + 1.0/1024, 65519: 65504, 65520: float32(math.Inf(1)),
		0x1p-25: 0, 0x1.8p-25: 0x1p-24, 0x3p-25: 0x1p-23, 0x1p-24: 0x1p-24, -0x1.002p0: -1,
	} {
		if got, err := Half([]float32{value}, 1).Float32s(); err != nil || got[0] != want {
			t.Errorf("Half(%g) = %g, %v, want %g", value, got[0], err, want)
		}
	}
}

func TestEveryHalfIsReadAndWrittenBackEqual(t *testing.T) {
	for bits := range 1 << 16 {
		value := halfValue(uint16(bits))
		if value == value && HalfBits(value) != uint16(bits) {
			t.Fatalf("half %#x is %g, and that is written as %#x", bits, value, HalfBits(value))
		}
	}
	if got := halfValue(HalfBits(float32(math.NaN()))); got == got {
		t.Errorf("NaN in half precision = %g", got)
	}
}

func TestIntegersAreExactOrAnError(t *testing.T) {
	wide := Tensor{"I64", []int{2}, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 5), 1<<40)}
	if _, err := wide.Int32s(); err == nil || !strings.Contains(err.Error(), "1099511627776 at place 1") {
		t.Errorf("Int32s of 1<<40 = %v, want an error that names it", err)
	}
	for name, c := range map[string]struct {
		tensor Tensor
		want   []int32
	}{
		"U8": {Bytes([]byte{0, 255}, 2), []int32{0, 255}}, "I8": {Tensor{"I8", []int{1}, []byte{255}}, []int32{-1}},
		"U16": {Tensor{"U16", []int{1}, []byte{255, 255}}, []int32{65535}}, "I16": {Tensor{"I16", []int{1}, []byte{255, 255}}, []int32{-1}},
		"I32": {Int32([]int32{math.MinInt32}, 1), []int32{math.MinInt32}},
	} {
		if got, err := c.tensor.Int32s(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("Int32s of %s = %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestEveryFloatTypeBecomesFloat32(t *testing.T) {
	for name, data := range map[string][]byte{
		"F32": {0, 0, 0xc0, 0xbf}, "F16": {0, 0xbe}, "BF16": {0xc0, 0xbf}, "F64": {0, 0, 0, 0, 0, 0, 0xf8, 0xbf},
	} {
		if got, err := (Tensor{name, nil, data}).Float32s(); err != nil || !slices.Equal(got, []float32{-1.5}) {
			t.Errorf("Float32s of %s = %v, %v, want -1.5", name, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample().Encode())
	f.Add(with(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\n"))
	f.Add([]byte("<html>"))
	f.Add(append(bytes.Repeat([]byte{0xff}, 7), 0x7f))
	f.Add(with(`{"a":{"dtype":"F32","shape":[1073741824,4294967296],"data_offsets":[0,4]}}`, 4))
	f.Add(with(`{"__metadata__":{"a":"b"},"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		var file *File
		var err error
		// The header becomes maps of Go; the tensors share the file's memory.
		alloc.Bound(t, 1<<20+256*uint64(len(data)), func() { file, err = Decode(data) })
		if err != nil {
			return
		}
		again, err := Decode(file.Encode())
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Errorf("what was read cannot be written and read again: %v", err)
		}
	})
}
