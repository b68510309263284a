package download

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// mover moves what was unpacked to its place.
type mover struct {
	root   *os.Root // of the target
	from   *os.Root // of what was unpacked
	folder string   // of what was unpacked, below root
	done   Unpacked
	check  bool // whether nothing is moved yet
}

// move first looks for files that are in the way, so that none of two versions is left half, then moves.
func (m *mover) move() (Unpacked, error) {
	for _, m.check = range []bool{true, false} {
		if err := m.merge("."); err != nil {
			return Unpacked{}, err
		}
	}
	return m.done, nil
}

// merge moves what lies in a folder.
func (m *mover) merge(folder string) error {
	entries, err := fs.ReadDir(m.from.FS(), folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		there, err := m.root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && m.check:
			err = nil
		case errors.Is(err, fs.ErrNotExist):
			err = m.root.Rename(path.Join(m.folder, name), name)
		case err != nil:
		default:
			err = m.meet(name, e, there)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// meet goes on below a folder that is there, and keeps a file of the same size.
func (m *mover) meet(name string, e fs.DirEntry, there fs.FileInfo) error {
	if there.Mode()&fs.ModeSymlink != 0 { // people keep data sets on other disks
		var err error
		if there, err = m.root.Stat(name); err != nil {
			return fmt.Errorf("%s is a link that leads out of its folder or to nothing: move it away, or unpack by hand: %w", name, err)
		}
	}
	if e.IsDir() && there.IsDir() {
		return m.merge(name)
	}
	info, err := m.from.Stat(name)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && there.Mode().IsRegular() && info.Size() == there.Size() {
		if !m.check {
			m.done.Files, m.done.Kept, m.done.Bytes = m.done.Files-1, m.done.Kept+1, m.done.Bytes-info.Size()
		}
		return nil
	}
	return fmt.Errorf("%s is there already and is another one (%d bytes, the archive's has %d): move it away, nothing was changed", name, there.Size(), info.Size())
}
