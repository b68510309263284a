package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/dapt-go/dapt-go/tools/download"
)

// Getter gets benchmarks.
type Getter struct {
	Client download.Client
	Keep   bool                                          // keeps archives once they are unpacked, in the folder downloads
	Notice func(line string)                             // hears what a user should know; nil drops it
	Show   func(what string) func(done, total int64)     // begins to show a download; nil shows none
	free   func(folder string) (bytes int64, known bool) // nil means download.Free
}

// Get brings what is missing of a benchmark into its folder, which is made if it is not there: it downloads what has a
// public address, unpacks it, and unpacks archives that a user has put into the folder. What is there is left alone, and
// what cannot be got is said in a notice with what to do. It is an error if the disk has too little room, before anything
// is downloaded. If one source fails the others are got still.
func (g Getter) Get(ctx context.Context, e Entry, folder string) error {
	var gettable []Source
	for _, s := range e.Missing(folder) {
		if s.Gettable(folder) {
			gettable = append(gettable, s)
			continue
		}
		g.say(fmt.Sprintf("%s: %s comes from %s (%s): %s", e.Name, s.File, s.From, s.Page, s.Do))
	}
	if len(gettable) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w; choose a root that can be written to", e.Name, err)
	}
	if err := g.room(e, gettable, folder); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(folder, ".getting.lock"))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("locking the folder of %s: %w", e.Name, err)
	case !ok:
		return fmt.Errorf("another process is getting %s into %s: wait until it is done", e.Name, folder)
	}
	defer lock.Close()
	var failed []error
	for _, s := range gettable {
		if err := g.source(ctx, s, folder); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", e.Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func (g Getter) say(line string) {
	if g.Notice != nil {
		g.Notice(line)
	}
}

// room compares what the sources need with what the disk has.
func (g Getter) room(e Entry, sources []Source, folder string) error {
	free := g.free
	if free == nil {
		free = download.Free
	}
	need, _ := Needs(sources)
	for _, s := range sources {
		if s.given(folder) {
			need -= s.Size
			continue
		}
		for _, name := range []string{s.path(folder), s.path(folder) + ".part"} {
			if info, err := os.Stat(name); err == nil {
				need -= min(info.Size(), s.Size)
			}
		}
	}
	if have, known := free(folder); known && have < need {
		return fmt.Errorf("%s needs about %s for its archives and what is in them, but %s has %s free: make room, or choose a root on another disk",
			e.Name, download.Bytes(need), folder, download.Bytes(have))
	}
	return nil
}

// source gets one source, and removes the archive if it was downloaded.
func (g Getter) source(ctx context.Context, s Source, folder string) error {
	given := s.given(folder)
	file := download.File{URL: s.URL, Path: s.path(folder), Size: s.Size, SHA256: s.SHA256, MD5: s.MD5}
	if err := g.fetch(ctx, s, file, given); err != nil || s.isFile() {
		return err
	}
	g.say("unpacking " + file.Path)
	done, err := download.Unpack(ctx, download.Archive{Path: file.Path, Inner: s.Inner, To: s.To, Nested: s.Nested}, folder)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s: unpacked %d files, %s", file.Path, done.Files, download.Bytes(done.Bytes))
	if done.Kept > 0 {
		line += fmt.Sprintf("; %d were there already and are kept", done.Kept)
	}
	g.say(line)
	if !s.Here(folder) {
		return fmt.Errorf("%s does not have %q: it is another archive than was expected", file.Path, s.Makes)
	}
	if g.Keep || given {
		return nil
	}
	if err := os.Remove(file.Path); err != nil {
		return fmt.Errorf("removing the unpacked archive: %w", err)
	}
	_ = os.Remove(filepath.Dir(file.Path)) // which stays if there are others in it
	return nil
}

// fetch downloads a source, or checks one that a user has put into the folder.
func (g Getter) fetch(ctx context.Context, s Source, file download.File, given bool) error {
	c := g.Client
	c.Notice = g.Notice
	if given {
		g.say("checking " + file.Path)
		return c.Verify(ctx, file)
	}
	what := "downloading " + s.File
	if s.Size > 0 {
		what += " (" + download.Bytes(s.Size) + ")"
	}
	g.say(what + " from " + s.From)
	if g.Show != nil {
		c.Progress = g.Show("downloading " + s.File)
	}
	err := c.Fetch(ctx, file)
	if err != nil && !s.isFile() {
		_ = os.Remove(filepath.Dir(file.Path)) // the folder of downloads, which stays if there is a part in it
	}
	if download.Offline(err) {
		return fmt.Errorf("%w: no server could be reached: connect to the network, or name a proxy in HTTPS_PROXY; the next get goes on", err)
	}
	return err
}
