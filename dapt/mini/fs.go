package mini

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// FS returns the benchmark as a folder; its pictures are drawn when they are read.
//
//	images/‹split›/‹class›/‹item›.png  64 x 64 RGB; the splits are train, val, natural, shift and background
//	mask/‹split›/‹class›/‹item›.png    64 x 64 grey, 255 on the object, else 0; not for the split background
//	split_zhou_Mini.json               train, val, and natural as the test
//	split_zhou_MiniShift.json          shift as the test
//	split_zhou_MiniBackground.json     background as the test
//
// In train, val and natural the object stands on one of its class's home
// backgrounds nine times in ten; in shift never; background is natural without
// the object. The backgrounds of the tests occur in no other split.
//
// [os.CopyFS] makes a real folder of it.
func FS() fs.FS { return benchmark{} }

type benchmark struct{}

// Open opens a file or a folder; errors are [fs.PathError].
func (benchmark) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if names := list(name); names != nil {
		return &folder{info: info{path: name}, names: names}, nil
	}
	if !slices.Contains(list(path.Dir(name)), path.Base(name)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{info: info{path: name}}, nil
}

// list returns the sorted names in a folder, nil if there is no such folder.
func list(folder string) []string {
	if folder == "." {
		return append([]string{"images", "mask"}, slices.Sorted(maps.Keys(splitFiles))...)
	}
	parts := strings.Split(folder, "/")
	if parts[0] != "images" && parts[0] != "mask" {
		return nil
	}
	var names []string
	for _, s := range splits {
		switch {
		case parts[0] == "mask" && s.empty:
		case len(parts) == 1:
			names = append(names, s.name)
		case parts[1] != s.name:
		case len(parts) == 2:
			return Classes()
		case len(parts) == 3 && slices.Contains(Classes(), parts[2]):
			for item := range s.perClass {
				names = append(names, itemFile(item))
			}
		}
	}
	return names
}

// read makes the content of a file that list has named.
func read(name string) ([]byte, error) {
	if _, ok := splitFiles[name]; ok {
		return splitFile(name)
	}
	parts := strings.Split(name, "/")
	classes, all := Classes(), loadIndex()
	inSplit := slices.IndexFunc(splits, func(s split) bool { return s.name == parts[1] })
	item := slices.Index(list(path.Dir(name)), parts[3])
	p := splits[inSplit].draw(all.Classes[slices.Index(classes, parts[2])], item)
	return p.encode(parts[0])
}

// encode writes the picture or its mask, by the folder's name, as PNG. Not
// compressing makes reading fast, and all files of a folder the same size.
func (p *picture) encode(folder string) ([]byte, error) {
	var picture image.Image = &image.Gray{Pix: p.mask[:], Stride: Side, Rect: image.Rect(0, 0, Side, Side)}
	if folder == "images" {
		picture = p.image()
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.NoCompression}
	err := encoder.Encode(&out, picture)
	return out.Bytes(), err
}

func (p *picture) image() *image.NRGBA {
	opaque := image.NewNRGBA(image.Rect(0, 0, Side, Side))
	for i := range Side * Side {
		copy(opaque.Pix[4*i:], p.pix[3*i:3*i+3])
		opaque.Pix[4*i+3] = 255
	}
	return opaque
}

// sizes are the bytes of a file in images and in mask.
var sizes = sync.OnceValues(func() (map[string]int, error) {
	known := map[string]int{}
	for _, folder := range []string{"images", "mask"} {
		encoded, err := new(picture).encode(folder)
		if err != nil {
			return nil, err
		}
		known[folder] = len(encoded)
	}
	return known, nil
})

// file is an open file whose content is made at the first Read.
type file struct {
	info
	content io.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

func (f *file) Read(p []byte) (int, error) {
	if f.content == nil {
		data, err := read(f.path)
		if err != nil {
			return 0, &fs.PathError{Op: "read", Path: f.path, Err: err}
		}
		f.content = bytes.NewReader(data)
	}
	return f.content.Read(p)
}

// folder is an open folder; names are those not yet given out.
type folder struct {
	info
	names []string
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: fs.ErrInvalid}
}

// ReadDir returns the next n entries, or all if n is not positive.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.names) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.names) {
		n = len(f.names)
	}
	entries := make([]fs.DirEntry, n)
	for i, name := range f.names[:n] {
		entries[i] = fs.FileInfoToDirEntry(info{path: path.Join(f.path, name)})
	}
	f.names = f.names[n:]
	return entries, nil
}

// info describes a file or folder of the benchmark by its path.
type info struct{ path string }

func (i info) Name() string       { return path.Base(i.path) }
func (i info) IsDir() bool        { return list(i.path) != nil }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

func (i info) Size() int64 {
	if i.IsDir() {
		return 0
	}
	if _, ok := splitFiles[i.path]; ok {
		data, _ := splitFile(i.path) // lists of strings and numbers always encode
		return int64(len(data))
	}
	known, _ := sizes() // encoding into memory does not fail
	root, _, _ := strings.Cut(i.path, "/")
	return int64(known[root])
}
