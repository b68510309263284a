package torch

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

var archives = []string{"testdata/maple.pth.tar"}

const stream = "testdata/promptsrc.pth.tar"

func TestCheckpointsOfPyTorchAreRead(t *testing.T) {
	for name, want := range map[string]int{archives[0]: 16, stream: 13} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := Decode(data)
		if err != nil {
			t.Errorf("Decode(%s): %v", name, err)
			continue
		}
		if !Is(data) || file.Epoch != 5 || len(file.Tensors) != want {
			t.Errorf("%s: epoch %d and %d tensors, want 5 and %d", name, file.Epoch, len(file.Tensors), want)
		}
		for tensor, values := range file.Tensors {
			got, err := values.Float32s()
			if err != nil || len(got) == 0 {
				t.Fatalf("%s: %s has %d values, %v", name, tensor, len(got), err)
			}
			for i, v := range got { // dapt/train/testdata/checkpoints.py
				if want := float32((31*len(tensor)+7*i)%64-32) / 32; v != want {
					t.Fatalf("%s: %s[%d] = %g, want %g", name, tensor, i, v, want)
				}
			}
		}
	}
}

// readMembers reads an archive's members.
func readMembers(t testing.TB, path string) (names []string, contents map[string][]byte) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	contents = map[string][]byte{}
	for _, file := range archive.File {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if contents[file.Name], err = io.ReadAll(content); err != nil {
			t.Fatal(err)
		}
		names = append(names, file.Name)
	}
	return names, contents
}

// archive makes a zip of members in the order of their names.
func archive(t testing.TB, method uint16, contents map[string][]byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	to := zip.NewWriter(&buffer)
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		file, err := to.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(contents[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// decodeAll reads a file and all of its tensors.
func decodeAll(data []byte) (*File, error) {
	file, err := Decode(data)
	if err != nil {
		return nil, err
	}
	for name, t := range file.Tensors {
		values, err := t.Float32s()
		if err != nil {
			return nil, err
		}
		size := 1
		for _, d := range t.Dims {
			size *= d
		}
		if len(values) != size {
			return nil, fmt.Errorf("%s %v has %d values", name, t.Dims, len(values))
		}
	}
	return file, nil
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	const root = "maple.pth/"
	for name, c := range map[string]struct {
		method uint16
		change func(contents map[string][]byte)
		want   string
	}{
		"no pickle":       {zip.Store, func(m map[string][]byte) { delete(m, root+"data.pkl") }, "no data.pkl"},
		"no storage":      {zip.Store, func(m map[string][]byte) { delete(m, root+"data/0") }, "no data/0"},
		"short storage":   {zip.Store, func(m map[string][]byte) { m[root+"data/0"] = m[root+"data/0"][:4] }, "leaves its 2 stored values"},
		"compressed":      {zip.Deflate, func(map[string][]byte) {}, "compressed"},
		"big endian":      {zip.Store, func(m map[string][]byte) { m[root+"byteorder"] = []byte("big") }, `"big"`},
		"a huge pickle":   {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = make([]byte, maxPickle+1) }, "at most 4194304"},
		"an empty pickle": {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = nil }, "cut short"},
		"a cut pickle":    {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = m[root+"data.pkl"][:2000] }, "cut short"},
	} {
		_, contents := readMembers(t, archives[0])
		c.change(contents)
		if _, err := decodeAll(archive(t, c.method, contents)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	whole, err := os.ReadFile(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	for size := 4; size < len(whole); size += 997 {
		if _, err := decodeAll(whole[:size]); err == nil {
			t.Errorf("an archive cut to %d of %d bytes was read", size, len(whole))
		}
	}
	whole[len(whole)/2] ^= 1
	if _, err := decodeAll(whole); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("an archive with a changed bit: %v, want an error of its checksum", err)
	}
}

func TestViewsAreGatheredOrRefused(t *testing.T) {
	stored := []float32{0, 1, 2, 3, 4, 5}
	for name, c := range map[string]struct {
		view view
		want []float32 // nil is an error
	}{
		"whole":            {view{dims: []int{2, 3}, strides: []int{3, 1}}, stored},
		"transposed":       {view{dims: []int{3, 2}, strides: []int{1, 3}}, []float32{0, 3, 1, 4, 2, 5}},
		"part":             {view{offset: 4, dims: []int{2}, strides: []int{1}}, []float32{4, 5}},
		"every second":     {view{offset: 1, dims: []int{3}, strides: []int{2}}, []float32{1, 3, 5}},
		"repeated":         {view{offset: 5, dims: []int{2}, strides: []int{0}}, []float32{5, 5}},
		"scalar":           {view{offset: 2}, []float32{2}},
		"nothing":          {view{offset: 6, dims: []int{0}, strides: []int{1}}, []float32{}},
		"past the end":     {view{offset: 5, dims: []int{2}, strides: []int{1}}, nil},
		"scalar past":      {view{offset: 6}, nil},
		"huge":             {view{dims: []int{1 << 62}, strides: []int{0}}, nil},
		"huge product":     {view{dims: []int{1 << 32, 1 << 32}, strides: []int{0, 0}}, nil},
		"huge stride":      {view{dims: []int{2}, strides: []int{1<<63 - 1}}, nil},
		"huge offset":      {view{offset: 1<<63 - 1, dims: []int{2}, strides: []int{1}}, nil},
		"too many repeats": {view{dims: []int{7}, strides: []int{0}}, nil},
	} {
		archive := reader{size: 24, stored: map[storage][]float32{{}: stored}}
		got, err := archive.values(c.view)
		if (err != nil) != (c.want == nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: values = %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestSharedValuesAreNotMultiplied(t *testing.T) {
	archive := reader{size: 24, stored: map[storage][]float32{{}: make([]float32, 6)}}
	for i := range 5 {
		if _, err := archive.values(view{dims: []int{6}, strides: []int{1}}); (err != nil) != (i == 4) {
			t.Errorf("taking 6 of 24 bytes' values, time %d: %v", i+1, err)
		}
	}
}

func TestBrokenStreamsAreErrors(t *testing.T) {
	whole, err := os.ReadFile(stream)
	if err != nil {
		t.Fatal(err)
	}
	for size := range whole {
		if _, err := decodeAll(whole[:size]); err == nil {
			t.Fatalf("a stream cut to %d of %d bytes was read", size, len(whole))
		}
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"another protocol": {"M\xe9\x03.", "M\xea\x03.", "protocol is 1002"},
		"big endian":       {"little_endianq\x02\x88", "little_endianq\x02\x89", "little byte order"},
		"another magic":    {"\x6c\xfc\x9c", "\x6c\xfc\x9d", "zip"},
	} {
		if !bytes.Contains(whole, []byte(c.from)) {
			t.Fatalf("%s: the file has no %q", name, c.from)
		}
		if _, err := decodeAll(bytes.Replace(whole, []byte(c.from), []byte(c.to), 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ value, keys, rest, want string }{
		"a huge storage":  {float("K\x00", "K\x01\x85", "K\x01\x85"), "]\x8c\x010a", "\xff\xff\xff\xff\xff\xff\xff\xff1234", "cut short"},
		"no storage":      {float("K\x00", "K\x01\x85", "K\x01\x85"), "]", "", "no storage"},
		"another storage": {float("K\x00", "K\x01\x85", "K\x01\x85"), "]\x8c\x011a", "", "which no tensor is in"},
		"no list":         {"N", "N", "", "list of storages is a <nil>"},
		"a program":       {"cos\nsystem\n(X\x02\x00\x00\x00lstR", "]", "", "os.system"},
	} {
		file := string(streamMagic) + "M\xe9\x03.}\x8c\x0dlittle_endian\x88s.}\x8c\x01a" + strings.TrimSuffix(c.value, ".") + "s." + c.keys + "." + c.rest
		if _, err := decodeAll([]byte(file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

// bounded fails t where reading takes more than the package comment says, and a megabyte for what is always there.
func bounded(t *testing.T, data []byte, pickled int) {
	t.Helper()
	alloc.Bound(t, uint64(1000*pickled+12*len(data)+1<<20), func() { _, _ = decodeAll(data) }) // only what it takes counts
}

func FuzzArchive(f *testing.F) {
	for _, c := range hostile {
		f.Add([]byte(c.pickled), []byte("1234"))
	}
	for _, name := range archives {
		_, contents := readMembers(f, name)
		f.Add(contents["maple.pth/data.pkl"], []byte("1234"))
	}
	f.Fuzz(func(t *testing.T, pickled, stored []byte) {
		bounded(t, archive(t, zip.Store, map[string][]byte{"x/data.pkl": pickled, "x/data/0": stored}), len(pickled))
	})
}

func FuzzDecode(f *testing.F) {
	for _, name := range append(archives, stream) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, c := range hostile {
		f.Add([]byte(string(streamMagic) + "M\xe9\x03.}\x8c\x0dlittle_endian\x88s." + c.pickled + "]."))
	}
	f.Fuzz(func(t *testing.T, data []byte) { bounded(t, data, len(data)) })
}
