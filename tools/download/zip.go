package download

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// zip unpacks a zip. What it says of itself is checked before anything is written.
func (w *writer) zip(from io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(from, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are judged by add
		return fmt.Errorf("it is broken or cut short: %w", err)
	}
	if err := w.plausible(archive.File, size); err != nil {
		return err
	}
	for _, file := range archive.File {
		e := entry{name: file.Name, below: w.to, size: int64(file.UncompressedSize64)}
		switch mode := file.Mode(); {
		case mode.IsDir():
			e.kind = aFolder
		case mode&fs.ModeSymlink != 0:
			e.kind = aSymlink
		case !mode.IsRegular():
			return fmt.Errorf("entry %q is of kind %v, want a file, a folder or a link", file.Name, mode.Type())
		}
		if err := w.member(e, file); err != nil {
			return err
		}
	}
	return nil
}

// plausible finds more files or bytes than limits allow, and entries that share their bytes, which is how the worst bombs
// are made.
func (w *writer) plausible(files []*zip.File, size int64) error {
	if len(files) > w.files {
		return fmt.Errorf("it has %d entries, more than the %d that are allowed", len(files), w.files)
	}
	var packed, unpacked uint64
	for _, file := range files {
		if file.Flags&1 != 0 {
			return fmt.Errorf("entry %q is encrypted: unpack the archive by hand", file.Name)
		}
		if file.CompressedSize64 > uint64(size) || file.UncompressedSize64 > uint64(w.bytes) {
			return fmt.Errorf("entry %q: %w", file.Name, w.tooLarge())
		}
		packed, unpacked = packed+file.CompressedSize64, unpacked+file.UncompressedSize64
		if packed > uint64(size) {
			return errors.New("its entries have more bytes than the archive: it is broken or made to fill disks")
		}
		if unpacked > uint64(w.bytes) {
			return w.tooLarge()
		}
	}
	return nil
}

// member unpacks one entry of a zip.
func (w *writer) member(e entry, file *zip.File) error {
	content, err := file.Open()
	if err != nil {
		return fmt.Errorf("entry %q: %w", e.name, err)
	}
	defer content.Close()
	if e.kind != aSymlink {
		return w.add(e, content)
	}
	link, err := io.ReadAll(io.LimitReader(content, longLink+1))
	if err != nil {
		return fmt.Errorf("entry %q: %w", e.name, err)
	}
	e.link = string(link)
	return w.add(e, nil)
}
