// Package benchmarks says of which files the benchmarks are made and where these come from, gets those that may be had
// without asking, and checks what is there.
//
// Sizes and checksums are those that others have published: MD5s by torchvision 0.29 (torchvision/datasets/*.py), sizes and
// SHA-256s by TensorFlow Datasets 4.9 (checksums.tsv and url_checksums/*.txt); where neither has one there is none here.
// What comes from whom, and where it goes, follows KaiyangZhou/CoOp DATASETS.md. Only what this project reads is listed: no
// annotations of images that a split file lists.
package benchmarks

import (
	"os"
	"path/filepath"

	"github.com/dapt-go/dapt-go/tools/download"
)

// Entry is what a benchmark is made of.
type Entry struct {
	Name    string // as in dataset.Specs
	About   string // what it is, in a sentence
	Sources []Source
}

// Source is a file that is part of a benchmark, or an archive of such files.
type Source struct {
	File   string // as its publisher calls it
	From   string // who publishes it, by name
	Page   string // where to read of it, for people
	URL    string // of the file itself; "" where there is none that a program may or can fetch
	Plain  string // why URL is http and not https; "" for those that are https
	Size   int64  // in bytes; 0 is not published
	SHA256 string // in hex; "" is not published
	MD5    string // in hex; "" is not published
	Do     string // what to do without a URL; "" where there is one
	ByHand bool   // whether the archive has to be unpacked by hand, as Do says
	Extra  bool   // whether the benchmark can be used without it

	Inner  string           // what of the archive is unpacked; "" is all
	To     string           // the folder, below the benchmark's, that it is unpacked to; "" is the benchmark's
	Nested download.Nesting // of archives in the archive
	Makes  []string         // what is there when this is done, below the benchmark's folder; File itself if it is no archive
}

// Find returns the entry of a benchmark by its name in dataset.Specs; ok is false if there is none.
func Find(name string) (e Entry, ok bool) {
	for _, e := range Entries {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Missing are the sources of which something is not in the benchmark's folder.
func (e Entry) Missing(folder string) []Source {
	var missing []Source
	for _, s := range e.Sources {
		if !s.Here(folder) {
			missing = append(missing, s)
		}
	}
	return missing
}

// Here tells whether all that the source makes is in the benchmark's folder. It does not look into folders.
func (s Source) Here(folder string) bool {
	for _, name := range s.Makes {
		if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name))); err != nil {
			return false
		}
	}
	return true
}

// path is where the file lies that the source is got from: in the benchmark's folder, as it is used or as a user put it there,
// else among the downloads, which are removed once they are unpacked.
func (s Source) path(folder string) string {
	if s.isFile() || s.given(folder) {
		return filepath.Join(folder, s.File)
	}
	return filepath.Join(folder, "downloads", s.File)
}

// isFile tells whether the source is used as it is.
func (s Source) isFile() bool { return len(s.Makes) == 1 && s.Makes[0] == s.File }

// given tells whether the file lies in the benchmark's folder, whole.
func (s Source) given(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, s.File))
	return err == nil && info.Mode().IsRegular()
}

// Gettable tells whether Get can get the source: from the net, or out of an archive that lies in the benchmark's folder.
func (s Source) Gettable(folder string) bool {
	return !s.ByHand && (s.URL != "" || s.given(folder))
}

// Needs is how many bytes of disk getting the sources takes: their archives, and as much again for what is in them, since
// images hardly shrink. known is false if the size of one is not published that the
// benchmark cannot be used without.
func Needs(sources []Source) (bytes int64, known bool) {
	known = true
	for _, s := range sources {
		bytes += s.Size
		if !s.isFile() {
			bytes += s.Size
			known = known && (s.Size > 0 || s.Extra)
		}
	}
	return bytes, known
}
