package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/download"
)

// State is what there is of a benchmark.
type State struct {
	Spec   dataset.Spec
	Entry  Entry
	Folder string
	Data   *dataset.Dataset // its lists; nil if they cannot be read
	Wrong  error            // why it cannot be used; nil if it can
	Masks  int              // of training images
	Broken []error          // images that cannot be decoded, if they were, see [State.Decode]
	Sound  int              // images that can be decoded

	Unmasked error // why masks cannot be looked for; nil if they can
}

// Check looks at a benchmark's folder, and for the files of all its images and of their masks, which it does not read. The error is
// ctx's; what is wrong with the benchmark is in the state.
func Check(ctx context.Context, spec dataset.Spec, folder string, masks mask.Files) (State, error) {
	entry, _ := Find(spec.Name)
	s := State{Spec: spec, Entry: entry, Folder: folder}
	if _, err := os.Stat(folder); err != nil {
		s.Wrong = fmt.Errorf("there is no folder %s", folder)
		return s, ctx.Err()
	}
	fsys := os.DirFS(folder)
	if s.Data, s.Wrong = dataset.Open(spec, fsys); s.Wrong != nil {
		return s, ctx.Err()
	}
	s.Wrong = s.Data.Check(ctx)
	if err := ctx.Err(); err != nil {
		return s, err
	}
	s.Unmasked = s.countMasks(ctx, mask.For(masks, s.Data).(mask.Files))
	return s, ctx.Err()
}

// countMasks looks for the masks of training images, in either layout. Without a folder of masks, the first image tells
// whether there are others, since looking for those of ImageNet takes a while.
func (s *State) countMasks(ctx context.Context, masks mask.Files) error {
	_, noFolder := fs.Stat(masks.FS, "mask")
	for i, item := range s.Data.Train {
		name, err := masks.Find(item)
		if i == 0 && name == "" && noFolder != nil {
			return err
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if name != "" {
			s.Masks++
		}
	}
	return nil
}

// Decode decodes all images on all processors and keeps in Broken what is wrong with those that cannot be, and in Sound how
// many can. progress is called with how many are done, by one goroutine at a time.
func (s *State) Decode(ctx context.Context, progress func(done int)) error {
	if s.Data == nil {
		return nil
	}
	items := s.items()
	failed := make([]error, len(items))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var lock sync.Mutex
	done := 0
	for i, item := range items {
		group.Go(func() error {
			_, failed[i] = transform.Open(s.Data.FS, item.Path)
			lock.Lock()
			defer lock.Unlock()
			done++
			progress(done)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, err := range failed {
		if err != nil {
			s.Broken = append(s.Broken, err)
		}
	}
	s.Sound = len(items) - len(s.Broken)
	if len(s.Broken) > 0 && s.Wrong == nil {
		s.Wrong = fmt.Errorf("%d of %d images cannot be decoded, the first: %w", len(s.Broken), len(items), s.Broken[0])
	}
	return nil
}

// items are all images, each once.
func (s *State) items() []dataset.Item {
	var items []dataset.Item
	seen := map[string]bool{}
	for _, list := range [][]dataset.Item{s.Data.Train, s.Data.Val, s.Data.Test} {
		for _, item := range list {
			if !seen[item.Path] {
				seen[item.Path] = true
				items = append(items, item)
			}
		}
	}
	return items
}

// Images is how many images Decode decodes.
func (s *State) Images() int {
	if s.Data == nil {
		return 0
	}
	return len(s.items())
}

// Write writes the state as a table.
func (s *State) Write(to io.Writer) error {
	verdict := "can be used"
	if s.Wrong != nil {
		verdict = "CANNOT BE USED: " + s.Wrong.Error()
	}
	fmt.Fprintf(to, "%s (%s) in %s: %s\n", s.Spec.Name, s.Entry.About, s.Folder, verdict)
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, source := range s.Entry.Sources {
		s.writeSource(out, source)
	}
	s.writeCounts(out)
	s.writeMasks(out)
	if missing := s.Entry.Missing(s.Folder); len(missing) > 0 {
		s.writeRoom(out, missing)
	}
	if images := s.Sound + len(s.Broken); images > 0 {
		fmt.Fprintf(out, "  decoded\t%d\tof %d images\n", s.Sound, images)
	}
	for _, err := range s.Broken {
		fmt.Fprintf(out, "  broken\t\t%v\n", err)
	}
	return out.Flush()
}

func (s *State) writeSource(out io.Writer, source Source) {
	for _, name := range source.Makes {
		if _, err := os.Stat(filepath.Join(s.Folder, filepath.FromSlash(name))); err == nil {
			fmt.Fprintf(out, "  %s\there\n", name)
			continue
		}
		state, what := "MISSING", ""
		if source.Extra {
			state = "not here"
		}
		if name != source.File {
			what = source.File
			if source.Size > 0 {
				what += " (" + download.Bytes(source.Size) + ")"
			}
			what += " of "
		}
		fmt.Fprintf(out, "  %s\t%s\tfrom %s%s, %s%s\n", name, state, what, source.From, source.Page, source.todo(s.Folder))
	}
}

// todo is what a user has to do to get the source, after a colon; "" if Get can get it.
func (s Source) todo(folder string) string {
	if s.Gettable(folder) {
		return ""
	}
	return ": " + s.Do
}

// writeCounts writes what there is beside what is published.
func (s *State) writeCounts(out io.Writer) {
	if s.Data == nil {
		return
	}
	fmt.Fprintf(out, "  classes\t%d\t%s\n", len(s.Data.Classes), beside(len(s.Data.Classes), s.Spec.Labels))
	for i, list := range [][]dataset.Item{s.Data.Train, s.Data.Val, s.Data.Test} {
		if len(list) > 0 || s.Spec.Sizes[i] > 0 {
			fmt.Fprintf(out, "  %s images\t%d\t%s\n", []string{"train", "val", "test"}[i], len(list), beside(len(list), s.Spec.Sizes[i]))
		}
	}
}

// beside says whether a count is the published one.
func beside(found, published int) string {
	switch {
	case published == 0:
		return ""
	case found == published:
		return "as published"
	}
	return fmt.Sprintf("DIFFERS: %d are published", published)
}

func (s *State) writeMasks(out io.Writer) {
	if s.Data == nil || len(s.Data.Train) == 0 {
		return
	}
	note := ""
	switch {
	case s.Unmasked != nil:
		note = s.Unmasked.Error()
	case s.Masks == len(s.Data.Train):
	case s.Data.Train[0].Mask != "":
		note = "DAPT-S needs all, such as " + s.Data.Train[0].Mask
	default:
		var from []string
		for _, m := range Masks {
			from = append(from, m.From+" ("+m.Page+")")
		}
		note = "DAPT-S needs all; from " + strings.Join(from, " or ")
	}
	fmt.Fprintf(out, "  train masks\t%d\t%s\n", s.Masks, note)
}

// writeRoom writes what the missing takes of the disk.
func (s *State) writeRoom(out io.Writer, missing []Source) {
	need, known := Needs(missing)
	if need == 0 && known {
		return
	}
	text := "about " + download.Bytes(need)
	switch {
	case need == 0:
		text = "as much as is not published"
	case !known:
		text = "more than " + download.Bytes(need)
	}
	state, free := "", ""
	if bytes, ok := download.Free(existing(s.Folder)); ok {
		free = "; it has " + download.Bytes(bytes) + " free"
		if bytes < need {
			state = "TOO SMALL"
		}
	}
	fmt.Fprintf(out, "  disk\t%s\tneeds %s for archives and what is in them%s\n", state, text, free)
}

// existing is a folder, or the nearest above it that exists.
func existing(folder string) string {
	folder, err := filepath.Abs(folder)
	for err == nil {
		if _, missing := os.Stat(folder); missing == nil || filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	return folder
}

// Next is what to do so that the benchmark can be used; "" if it can. get is the command that gets it.
func (s *State) Next(get string) string {
	missing := slices.DeleteFunc(s.Entry.Missing(s.Folder), func(source Source) bool { return source.Extra })
	switch {
	case s.Wrong == nil:
		return ""
	case len(missing) == 0 && s.Data != nil && len(s.Entry.Sources) > 0:
		return fmt.Sprintf("move %s out of %s, and get it anew: %s", s.Entry.Sources[0].Makes[0], s.Folder, get)
	case len(missing) == 0:
		return "mend what is wrong in " + s.Folder
	}
	for _, source := range missing {
		if source.Gettable(s.Folder) {
			return get
		}
	}
	return fmt.Sprintf("%s from %s (%s)%s", missing[0].File, missing[0].From, missing[0].Page, missing[0].todo(s.Folder))
}
