package clip

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var archives = []string{"weights-state-dict.pt", "weights-scripted.pt"}

func TestPyTorchArchivesAreRead(t *testing.T) {
	for _, name := range archives {
		w, err := ReadWeights(filepath.Join("testdata", name))
		if err != nil {
			t.Errorf("ReadWeights(%s): %v", name, err)
			continue
		}
		if w.Config != tiny {
			t.Errorf("%s: config %+v, want %+v", name, w.Config, tiny)
		}
		for weight, values := range w.Values {
			for i, v := range values { // testdata/weights.py
				if want := float32((31*len(weight)+7*i)%64-32) / 32; v != want {
					t.Fatalf("%s: %s[%d] = %g, want %g", name, weight, i, v, want)
				}
			}
		}
	}
}

// members reads an archive's members.
func members(t testing.TB, path string) (names []string, contents map[string][]byte) {
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

func TestBrokenArchivesAreErrors(t *testing.T) {
	const root = "weights-state-dict/"
	for name, c := range map[string]struct {
		method uint16
		change func(contents map[string][]byte)
		want   string
	}{
		"no pickle":       {zip.Store, func(m map[string][]byte) { delete(m, root+"data.pkl") }, "no data.pkl"},
		"no storage":      {zip.Store, func(m map[string][]byte) { delete(m, root+"data/0") }, "no data/0"},
		"short storage":   {zip.Store, func(m map[string][]byte) { m[root+"data/0"] = m[root+"data/0"][:4] }, "leaves its 1 stored values"},
		"compressed":      {zip.Deflate, func(map[string][]byte) {}, "compressed"},
		"big endian":      {zip.Store, func(m map[string][]byte) { m[root+"byteorder"] = []byte("big") }, `"big"`},
		"a huge pickle":   {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = make([]byte, maxPickle+1) }, "at most 4194304"},
		"an empty pickle": {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = nil }, "cut short"},
		"a cut pickle":    {zip.Store, func(m map[string][]byte) { m[root+"data.pkl"] = m[root+"data.pkl"][:2000] }, "cut short"},
	} {
		_, contents := members(t, filepath.Join("testdata", archives[0]))
		c.change(contents)
		if _, err := decodeFile(archive(t, c.method, contents), "x"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	whole, err := os.ReadFile(filepath.Join("testdata", archives[0]))
	if err != nil {
		t.Fatal(err)
	}
	for size := 4; size < len(whole); size += 997 {
		if _, err := decodeFile(whole[:size], "x"); err == nil {
			t.Errorf("an archive cut to %d of %d bytes was read", size, len(whole))
		}
	}
	whole[len(whole)/2] ^= 1
	if _, err := decodeFile(whole, "x"); err == nil || !strings.Contains(err.Error(), "checksum") {
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
		archive := torchArchive{size: 24, stored: map[storage][]float32{{}: stored}}
		got, err := archive.values(c.view)
		if (err != nil) != (c.want == nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: values = %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestSharedValuesAreNotMultiplied(t *testing.T) {
	archive := torchArchive{size: 24, stored: map[storage][]float32{{}: make([]float32, 6)}}
	for i := range 5 {
		if _, err := archive.values(view{dims: []int{6}, strides: []int{1}}); (err != nil) != (i == 4) {
			t.Errorf("taking 6 of 24 bytes' values, time %d: %v", i+1, err)
		}
	}
}

func FuzzReadTorch(f *testing.F) {
	for _, c := range hostile {
		f.Add([]byte(c.pickled), []byte("1234"))
	}
	for _, name := range archives {
		_, contents := members(f, filepath.Join("testdata", name))
		f.Add(contents[strings.TrimSuffix(name, ".pt")+"/data.pkl"], []byte("1234"))
	}
	f.Fuzz(func(t *testing.T, pickled, stored []byte) {
		sources, err := readTorch(archive(t, zip.Store, map[string][]byte{"x/data.pkl": pickled, "x/data/0": stored}))
		if err != nil {
			return
		}
		for name, source := range sources {
			values, err := source.read()
			size := 1
			for _, d := range source.dims {
				size *= d
			}
			if err == nil && len(values) != size {
				t.Errorf("%s %v has %d values", name, source.dims, len(values))
			}
		}
	})
}
