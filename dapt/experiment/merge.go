package experiment

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// Merged is what [Merge] found.
type Merged struct {
	Results  int       // in the merged file
	Folders  []string  // that were read, in order
	Backends []string  // names of those that computed the results, in order
	Missing  []Missing // what the plans want and no folder has
	Twice    []string  // runs that two backends or machines of other cores did
}

// Missing are runs that a share has yet to do.
type Missing struct {
	Share   Share
	Command []string // as in [Lab], without the share
	Runs    []string // such as "few_shot/Mini/maple/shots_4/seed1-01234567", on whatever backend
}

// Merge collects in out, which it makes if there are more folders, what out and those have, and the folders of their shares.
// The results file is then byte for byte that of one process that did all: shares keep a plan of the experiment, and
// results are in its order, after those that are in no plan. Finished runs' folders are linked below out, or copied where
// the file system cannot link. Nothing is taken away, so that Merge can be called while shares are at work, and again. But
// no process may be writing to out itself.
//
// It is an error if two folders have different results of one run on the same backend, or if a line is no result; nothing is
// written then.
func Merge(out string, more ...string) (Merged, error) {
	m := merger{out: out, seen: map[string]merged{}, place: map[string]int{}}
	if len(more) > 0 {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return Merged{}, fmt.Errorf("experiment: making the folder for results: %w; choose one that can be written to", err)
		}
	}
	for _, folder := range append([]string{out}, more...) {
		if err := m.read(folder); err != nil {
			return Merged{}, err
		}
	}
	if len(m.results) == 0 && len(m.plans) == 0 {
		return Merged{}, fmt.Errorf("experiment: merging %s: no results and no folders of shares there, such as share-0-of-8; "+
			"name the folder that the shares' -out named", strings.Join(m.found.Folders, ", "))
	}
	m.order()
	if err := m.link(); err != nil {
		return Merged{}, err
	}
	if err := errors.Join(m.write("times.jsonl", texts(m.times)), m.write("results.jsonl", texts(m.results))); err != nil {
		return Merged{}, err
	}
	m.found.Results = len(m.results)
	m.compare()
	return m.found, nil
}

// merged is a line and the folder that it is from.
type merged struct {
	line[Result]
	folder string
}

type merger struct {
	out     string
	found   Merged
	results []merged
	seen    map[string]merged // by key
	plans   []agenda
	place   map[string]int // of planned runs, counted from 1
	times   []line[Time]
}

// read takes in a folder and those of its shares, the latter by count and index.
func (m *merger) read(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("experiment: reading results: %w; name the folder that -out named", err)
	}
	var shares []Share
	for _, entry := range entries {
		var s Share
		_, err := fmt.Sscanf(entry.Name(), "share-%d-of-%d", &s.Index, &s.Count)
		if err == nil && s.Folder("") == entry.Name() && entry.IsDir() {
			shares = append(shares, s)
		}
	}
	slices.SortFunc(shares, compareShares)
	for _, share := range append([]Share{{}}, shares...) {
		if err := m.readOne(share.Folder(folder)); err != nil {
			return err
		}
	}
	return nil
}

func compareShares(a, b Share) int {
	return cmp.Or(cmp.Compare(a.Count, b.Count), cmp.Compare(a.Index, b.Index))
}

func (m *merger) readOne(folder string) error {
	results, err := readLines[Result](filepath.Join(folder, "results.jsonl"))
	if err != nil {
		return err
	}
	plans, err := readLines[agenda](filepath.Join(folder, agendaFile))
	if err != nil {
		return err
	}
	times, err := readLines[Time](filepath.Join(folder, "times.jsonl"))
	if err != nil {
		return err
	}
	m.found.Folders = append(m.found.Folders, folder)
	for _, p := range plans {
		m.plans = append(m.plans, p.value)
	}
	for _, t := range times {
		if !slices.ContainsFunc(m.times, func(other line[Time]) bool { return bytes.Equal(other.text, t.text) }) {
			m.times = append(m.times, t)
		}
	}
	for _, r := range results {
		if err := m.add(merged{r, folder}); err != nil {
			return err
		}
	}
	return nil
}

// add takes in a result, unless it is there already.
func (m *merger) add(r merged) error {
	if !filepath.IsLocal(r.value.folder()) {
		return fmt.Errorf("experiment: %s has a result of %q by %q, which is no name of a folder; delete the line",
			filepath.Join(r.folder, "results.jsonl"), r.value.Dataset, r.value.Method)
	}
	before, ok := m.seen[r.value.key()]
	if !ok {
		m.seen[r.value.key()] = r
		m.results = append(m.results, r)
		if !slices.Contains(m.found.Backends, r.value.Backend.Name) {
			m.found.Backends = append(m.found.Backends, r.value.Backend.Name)
		}
		return nil
	}
	if bytes.Equal(before.text, r.text) {
		return nil
	}
	field := difference("", reflect.ValueOf(before.value), reflect.ValueOf(r.value))
	return fmt.Errorf("experiment: %s and %s have different results of %s: %s; delete that line of one of them",
		filepath.Join(before.folder, "results.jsonl"), filepath.Join(r.folder, "results.jsonl"), r.value.run(), field)
}

// difference names the first field in which two values of one type differ, and what it is.
func difference(name string, a, b reflect.Value) string {
	switch {
	case reflect.DeepEqual(a.Interface(), b.Interface()):
		return "their JSON is written differently"
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				tag, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
				return difference(strings.TrimPrefix(name+"."+tag, "."), a.Field(i), b.Field(i))
			}
		}
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		return difference(name, a.Elem(), b.Elem())
	case a.Kind() == reflect.Slice && a.Len() == b.Len():
		for i := range a.Len() {
			if !reflect.DeepEqual(a.Index(i).Interface(), b.Index(i).Interface()) {
				return difference(fmt.Sprintf("%s[%d]", name, i), a.Index(i), b.Index(i))
			}
		}
	case a.Kind() == reflect.Slice:
		return fmt.Sprintf("%s has %d and %d entries", name, a.Len(), b.Len())
	}
	return fmt.Sprintf("%s is %v and %v", name, a.Interface(), b.Interface())
}

// order sorts results and times as one process would have written them.
func (m *merger) order() {
	for _, plan := range m.plans {
		for _, r := range plan.Runs {
			if m.place[r.Run] == 0 {
				m.place[r.Run] = len(m.place) + 1
			}
		}
	}
	slices.SortStableFunc(m.results, func(a, b merged) int { return m.place[a.value.run()] - m.place[b.value.run()] })
	at := map[string]int{}
	for i, r := range m.results {
		at[r.value.folder()] = i + 1
	}
	slices.SortStableFunc(m.times, func(a, b line[Time]) int { return at[a.value.Run] - at[b.value.Run] })
}

// compare lists what is there twice, and what is planned and not there, once.
func (m *merger) compare() {
	have := map[string]bool{}
	for _, r := range m.results {
		run := r.value.run()
		if have[run] && !slices.Contains(m.found.Twice, run) {
			m.found.Twice = append(m.found.Twice, run)
		}
		have[run] = true
	}
	for _, plan := range m.plans {
		for _, r := range plan.Runs {
			if have[r.Run] {
				continue
			}
			have[r.Run] = true
			share := Share{r.Share, plan.Count}
			same := func(o Missing) bool { return o.Share == share && slices.Equal(o.Command, plan.Command) }
			at := slices.IndexFunc(m.found.Missing, same)
			if at < 0 {
				at = len(m.found.Missing)
				m.found.Missing = append(m.found.Missing, Missing{Share: share, Command: plan.Command})
			}
			m.found.Missing[at].Runs = append(m.found.Missing[at].Runs, r.Run)
		}
	}
	slices.SortStableFunc(m.found.Missing, func(a, b Missing) int { return compareShares(a.Share, b.Share) })
}

// texts are whole lines.
func texts[T fmt.Stringer](lines []T) []byte {
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.String() + "\n")
	}
	return []byte(text.String())
}

// write puts a whole file below out, or leaves it if that is what it holds.
func (m *merger) write(name string, text []byte) error {
	path := filepath.Join(m.out, name)
	if old, err := os.ReadFile(path); len(text) == 0 || err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := renameio.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("experiment: merging results: %w; choose a folder that can be written to", err)
	}
	return nil
}

// link makes the folders of finished runs available below out.
func (m *merger) link() error {
	for _, r := range m.results {
		from := filepath.Join(r.folder, filepath.FromSlash(r.value.folder()))
		to := filepath.Join(m.out, filepath.FromSlash(r.value.folder()))
		if err := linkFolder(from, to); err != nil {
			return fmt.Errorf("experiment: merging the runs of %s: %w", r.folder, err)
		}
	}
	return nil
}

// linkFolder links or copies the files of a folder that are not yet in the other. No folder is an empty one.
func linkFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) || from == to {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(to, 0o755)
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		if err := linkFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func linkFile(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return copyFile(from, to)
}

// copyFile leaves a whole file or none.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	file, err := renameio.NewPendingFile(to, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }() // nothing is left to do once it was replaced
	if _, err := io.Copy(file, in); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}
