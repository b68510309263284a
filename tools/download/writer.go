package download

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is what an entry of an archive becomes.
type kind int

const (
	aFile kind = iota
	aFolder
	aSymlink
	aHardLink
)

// entry is what an archive says of one of its files.
type entry struct {
	name  string // as the archive has it
	below string // the folder that its archive is unpacked to
	kind  kind
	size  int64
	link  string // what a link leads to
}

// writer writes entries below its root.
type writer struct {
	ctx     context.Context
	root    *os.Root
	archive Archive
	inner   string // Archive.Inner, clean
	to      string // Archive.To, clean
	nested  bool   // whether a nested archive is being read
	files   int    // that may still come
	bytes   int64  // that may still come
	unzips  int64  // that gzip may still bring in all, headers and padding too
	names   map[[16]byte]bool
	folders map[string]string // as they are written, by their names in small letters
	links   []entry           // made last, so that nothing can be written through one
	done    Unpacked
}

func (w *writer) tooLarge() error {
	return errors.New("it unpacks to more than is allowed for an archive of its size: it is broken or made to fill disks")
}

// Names that are longer or deeper are no data set's, nor are targets of links.
const longName, longLink, deep = 1024, 4096, 32

// clean checks an entry's name and returns it slash-separated, without "." and without a slash at its ends; "" is the root.
func clean(name string) (string, error) {
	fail := func(why string) (string, error) {
		return "", fmt.Errorf("entry %.100q %s: the archive is not used", name, why)
	}
	switch {
	case len(name) > longName:
		return fail("has a long name")
	case !utf8.ValidString(name):
		return fail("has a name that is no UTF-8")
	case strings.ContainsAny(name, "\\\x00"):
		return fail("has a backslash or a NUL in its name")
	case strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':':
		return fail("has an absolute name")
	}
	parts := strings.Split(name, "/")
	if len(parts) > deep {
		return fail("lies in too many folders")
	}
	if slices.Contains(parts, "..") {
		return fail("leaves its folder")
	}
	return path.Clean("/" + name)[1:], nil
}

// isLitter tells whether an entry is what macOS puts beside files.
func isLitter(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || name == "__MACOSX" || base == ".DS_Store" || strings.HasPrefix(base, "._")
}

// add writes an entry, or unpacks it if it is an archive in the archive.
func (w *writer) add(e entry, content io.Reader) error {
	if err := w.ctx.Err(); err != nil {
		return context.Cause(w.ctx)
	}
	if err := w.count(); err != nil {
		return err
	}
	name, err := clean(e.name)
	if err != nil {
		return err
	}
	if len(e.link) > longLink { // they are all kept until the end
		return fmt.Errorf("entry %.100q is a link to a long name: the archive is not used", e.name)
	}
	below, ok := w.within(name)
	switch {
	case !ok || isLitter(name):
		w.done.Left++
		return nil
	case e.kind == aFolder && below == "":
		return w.mkdir(e.below)
	case name == "":
		return fmt.Errorf("entry %q has no name: the archive is not used", e.name)
	case below == "": // Inner is this file
		below = path.Base(name)
	case strings.HasPrefix(below, unpacking):
		return fmt.Errorf("entry %q has a name that only unpacking uses: the archive is not used", e.name)
	}
	if e.kind == aHardLink {
		if e.link, err = w.linked(e); err != nil {
			return err
		}
	}
	if e.kind == aFile && w.archive.Nested != NotNested && !w.nested && isArchive(below) {
		w.nested = true
		defer func() { w.nested = false }()
		return w.stream(path.Join(e.below, w.nest(below)), content)
	}
	e.name = path.Join(e.below, below)
	return w.write(e, content)
}

// count counts an entry, or a folder that is made.
func (w *writer) count() error {
	if w.files--; w.files < 0 {
		return errors.New("it has more entries than are allowed: it is broken or made to fill disks")
	}
	return nil
}

// within returns a name below Inner; all names of a nested archive are.
func (w *writer) within(name string) (string, bool) {
	if w.inner == "" || w.nested || name == "" {
		return name, true
	}
	below, ok := strings.CutPrefix(name+"/", w.inner+"/")
	return strings.TrimSuffix(below, "/"), ok
}

// nest is the folder that an archive in the archive is unpacked to, below that of the archive.
func (w *writer) nest(name string) string {
	if w.archive.Nested == Folders {
		return strings.TrimSuffix(strings.TrimSuffix(name, path.Ext(name)), ".tar")
	}
	return parent(name)
}

// write writes an entry of a clean name.
func (w *writer) write(e entry, content io.Reader) error {
	if e.kind == aFolder {
		return w.mkdir(e.name)
	}
	if err := w.mkdir(parent(e.name)); err != nil {
		return err
	}
	if _, isFolder := w.folders[strings.ToLower(e.name)]; isFolder || w.names[key(e.name)] {
		return fmt.Errorf("entry %q is there twice, or differs from another in case only: the archive is not used", e.name)
	}
	w.names[key(e.name)] = true
	if e.kind != aFile {
		w.links = append(w.links, e)
		return nil
	}
	return w.copy(e, content)
}

// key stands for a name whatever its case: a million names would fill the memory.
func key(name string) [16]byte {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return [16]byte(sum[:16])
}

// parent is the folder that a clean name lies in; "" is the root.
func parent(name string) string {
	folder, _ := path.Split(name)
	return strings.TrimSuffix(folder, "/")
}

// mkdir makes a folder and those that it lies in.
func (w *writer) mkdir(name string) error {
	folded := strings.ToLower(name)
	if known, ok := w.folders[folded]; ok {
		if known != name {
			return fmt.Errorf("folders %q and %q differ in case only: the archive is not used", known, name)
		}
		return nil
	}
	if err := w.mkdir(parent(name)); err != nil {
		return err
	}
	if w.names[key(name)] {
		return fmt.Errorf("entry %q is a file and a folder: the archive is not used", name)
	}
	if err := w.count(); err != nil {
		return err
	}
	w.folders[folded] = name
	return w.root.Mkdir(name, 0o755)
}

// copy writes a file of exactly the size that the archive says.
func (w *writer) copy(e entry, content io.Reader) error {
	if e.size < 0 || e.size > w.bytes {
		return fmt.Errorf("entry %q: %w", e.name, w.tooLarge())
	}
	w.bytes -= e.size
	file, err := w.root.OpenFile(e.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, io.LimitReader(&cancelled{w.ctx, content}, e.size+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("entry %q: %w", e.name, err)
	}
	if n != e.size {
		return fmt.Errorf("entry %q has other than the %d bytes that it is said to have: the archive is broken", e.name, e.size)
	}
	w.done.Files++
	w.done.Bytes += n
	return nil
}

// finish makes the links, now that all files are there, and checks that none leads out or to nothing.
func (w *writer) finish() error {
	if w.inner != "" && w.done.Files+len(w.links) == 0 {
		return fmt.Errorf("there is no %s in it: it is another archive than was expected", w.inner)
	}
	for _, e := range w.links {
		err := w.link(e)
		if err != nil {
			return fmt.Errorf("entry %q is a link to %.100q, which is refused: %w", e.name, e.link, err)
		}
		w.done.Files++
	}
	for _, e := range w.links {
		if info, err := w.root.Stat(e.name); err != nil || !info.Mode().IsRegular() && !info.IsDir() {
			return fmt.Errorf("entry %q is a link to %.100q, which leads out of the archive or to nothing", e.name, e.link)
		}
	}
	return nil
}

// linked is where the file is written that a hard link of the archive leads to.
func (w *writer) linked(e entry) (string, error) {
	name, err := clean(e.link)
	if err != nil {
		return "", fmt.Errorf("link of entry %.100q: %w", e.name, err)
	}
	below, ok := w.within(name)
	if !ok {
		return "", fmt.Errorf("entry %.100q is a link to %.100q, which is left out", e.name, e.link)
	}
	return path.Join(e.below, below), nil
}

// link makes one link.
func (w *writer) link(e entry) error {
	if e.kind == aSymlink {
		if strings.ContainsAny(e.link, "\\\x00:") || path.IsAbs(e.link) || !fs.ValidPath(path.Join(parent(e.name), e.link)) {
			return errors.New("it leads out of the archive")
		}
		return w.root.Symlink(e.link, e.name)
	}
	if info, err := w.root.Lstat(e.link); err != nil || !info.Mode().IsRegular() {
		return errors.New("there is no such file")
	}
	return w.root.Link(e.link, e.name)
}

// counted reads as much as gzip may still bring.
type counted struct {
	*writer
	io.Reader
}

func (c counted) Read(p []byte) (int, error) {
	if c.unzips <= 0 {
		return 0, c.tooLarge()
	}
	n, err := c.Reader.Read(p[:min(int64(len(p)), c.unzips)])
	c.unzips -= int64(n)
	return n, err
}

// cancelled reads until its context ends.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.Reader.Read(p)
}
