package download

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Limits bound what an archive may unpack to, so that a small one cannot fill the disk. Zero fields have defaults that the
// training images of ImageNet (1,281,167 files, 148 GB) keep within.
type Limits struct {
	Files int   // and folders and links; 0 means 3 million, but no more than one for 32 bytes of the archive, beyond the first 1000
	Bytes int64 // of all files together; 0 means 400 GB
	Ratio int64 // bytes unpacked for one of the archive, beyond the first 16 MB; 0 means 100
}

// Nesting says what is done with archives inside an archive, whose names end in .tar, .tar.gz or .tgz. Those inside these
// stay files.
type Nesting string

const (
	// NotNested leaves archives in the archive as files.
	NotNested Nesting = ""
	// Here unpacks each to the folder that it would lie in, as Caltech101 needs it.
	Here Nesting = "here"
	// Folders unpacks each to a folder of its own, named as the archive without its ending, as ImageNet needs it.
	Folders Nesting = "folders"
)

// Archive is what to unpack.
type Archive struct {
	Path   string  // a zip, tar or gzipped tar, told by what it holds; a file whose name ends otherwise is copied as it is
	Inner  string  // the folder or file of the archive that is unpacked, slash-separated; "" is all. Its own name is left out
	To     string  // the folder, below the target, that it is unpacked to; "" is the target
	Nested Nesting // "" leaves archives in the archive as they are
	Limits Limits
}

// Unpacked is what Unpack did.
type Unpacked struct {
	Files int   // new ones, links too
	Kept  int   // that were there already, with the same size
	Bytes int64 // of new files
	Left  int   // entries that were left out: others than Inner, and what macOS puts beside files
}

// unpacking begins the name of the folder that an archive is unpacked to first.
const unpacking = ".unpacking-"

// Unpack unpacks an archive to a folder, which is made if it is not there. What the archive brings lies in a folder
// .unpacking-… of the target until all of it is there, and is moved to its place then: whatever goes wrong before, and ctx
// too, leaves the target as it was.
//
// A file of the target is never overwritten: one of the same size is kept, and one of another size is an error. Only one
// process at a time may unpack to a target.
//
// Nothing is written outside the target, whatever the archive says. Errors are: names that leave the target, are absolute
// or have a backslash, a drive letter or a NUL; links that lead out; devices; two entries of one name, also if they differ
// in case only; entries of other sizes than they are said to have; more than limits allow. Permissions of the archive are
// not taken over.
func Unpack(ctx context.Context, a Archive, target string) (Unpacked, error) {
	done, err := a.unpack(ctx, target)
	if err != nil {
		return done, fmt.Errorf("unpacking %s: %w", a.Path, err)
	}
	return done, nil
}

func (a Archive) unpack(ctx context.Context, target string) (done Unpacked, err error) {
	file, err := os.Open(a.Path)
	if err != nil {
		return done, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return done, err
	}
	_, statErr := os.Stat(target)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return done, err
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		return done, err
	}
	defer root.Close()
	folder := unpacking + filepath.Base(a.Path)
	defer func() {
		err = errors.Join(err, root.RemoveAll(folder))
		if err != nil && errors.Is(statErr, os.ErrNotExist) {
			_ = os.Remove(target) // which fails, as it should, if there is something in it
		}
	}()
	w, err := newWriter(ctx, root, folder, a, info.Size())
	if err != nil {
		return done, err
	}
	defer w.root.Close()
	if err := w.read(file, info.Size()); err != nil {
		return done, err
	}
	if err := w.finish(); err != nil {
		return done, err
	}
	m := mover{root: root, from: w.root, folder: folder, done: w.done}
	return m.move()
}

// newWriter empties the folder that is unpacked to, which a process that was killed may have left.
func newWriter(ctx context.Context, root *os.Root, folder string, a Archive, size int64) (*writer, error) {
	if err := root.RemoveAll(folder); err != nil {
		return nil, err
	}
	if err := root.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	below, err := root.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	l := a.Limits
	w := &writer{
		ctx: ctx, root: below, archive: a, inner: path.Clean("/" + a.Inner)[1:], to: path.Clean("/" + a.To)[1:],
		files: int(min(int64(cmp.Or(l.Files, 3_000_000)), 1000+size/32)),
		bytes: min(cmp.Or(l.Bytes, 400e9), 16<<20+cmp.Or(l.Ratio, 100)*size),
		names: map[[16]byte]bool{}, folders: map[string]string{"": ""},
	}
	w.unzips = w.bytes + 2048*int64(w.files) // a kilobyte or two a file
	return w, nil
}

// read unpacks a file by its kind.
func (w *writer) read(file *os.File, size int64) error {
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	name := strings.ToLower(w.archive.Path)
	switch {
	case !isArchive(name) && !strings.HasSuffix(name, ".zip"):
		return w.write(entry{name: path.Join(w.to, filepath.Base(w.archive.Path)), size: size}, file)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return w.zip(file, size)
	case isStream(head):
		return w.stream(w.to, file)
	}
	return errors.New("it is no zip, tar or gzipped tar: remove it and download it anew")
}

// isStream tells by its first bytes whether a file is a tar or a gzip.
func isStream(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) || len(head) >= 262 && string(head[257:262]) == "ustar"
}

// isArchive tells by a name whether a file is one that a tar reader reads, plain or gzipped.
func isArchive(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".tar") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// stream unpacks a tar or gzipped tar below a folder. One that is neither is read as a tar, whose reader says what is wrong.
func (w *writer) stream(below string, from io.Reader) error {
	head := make([]byte, 2)
	n, err := io.ReadFull(from, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	from = &cancelled{w.ctx, io.MultiReader(bytes.NewReader(head[:n]), from)}
	if !bytes.Equal(head[:n], []byte{0x1f, 0x8b}) {
		return w.tar(below, from)
	}
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	defer unzipped.Close()
	limited := counted{w, unzipped}
	if err := w.tar(below, limited); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, limited) // what follows the last file has to be right, too
	return err
}

// tar unpacks a tar below a folder.
func (w *writer) tar(below string, from io.Reader) error {
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are judged by add
			return fmt.Errorf("it is broken or cut short: %w", err)
		}
		e := entry{name: header.Name, below: below, size: header.Size, link: header.Linkname}
		switch header.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg:
			e.kind = aFile
		case tar.TypeDir:
			e.kind = aFolder
		case tar.TypeSymlink:
			e.kind = aSymlink
		case tar.TypeLink:
			e.kind = aHardLink
		default:
			return fmt.Errorf("entry %q is of kind %q, want a file, a folder or a link", header.Name, header.Typeflag)
		}
		if err := w.add(e, archive); err != nil {
			return err
		}
	}
}
