package experiment

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Share is a part of the runs of every experiment, so that processes or machines can divide them. Each run is in one share,
// and all shares have about as much work. Which run is whose follows from the experiment and the count alone, not from
// what is on file. The zero Share is all runs.
type Share struct {
	Index int // from 0 to Count-1
	Count int // shares; 0 divides nothing
}

// ParseShare reads "2/8", the third of eight shares: the first is 0/8, as indices of Slurm's arrays may and those of
// Kubernetes' jobs do count from 0. "" is the zero Share. The error says what else it could be.
func ParseShare(text string) (Share, error) {
	if text == "" {
		return Share{}, nil
	}
	before, after, _ := strings.Cut(text, "/")
	index, wrongIndex := strconv.Atoi(before)
	count, wrongCount := strconv.Atoi(after)
	s := Share{index, count}
	if wrongIndex != nil || wrongCount != nil || count == 0 {
		return Share{}, fmt.Errorf("experiment: share %q, want an index from 0 and a count, such as 0/8 to 7/8", text)
	}
	return s, s.Validate()
}

// Validate finds an index outside of the count.
func (s Share) Validate() error {
	if s == (Share{}) || 0 <= s.Index && s.Index < s.Count {
		return nil
	}
	return fmt.Errorf("experiment: share %d of %d, want an index from 0 to %d", s.Index, s.Count, max(s.Count-1, 0))
}

// String is what [ParseShare] reads.
func (s Share) String() string {
	if s == (Share{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Folder is the folder of a share's results, "share-2-of-8" below that of all, so that no two processes write to one
// file; the zero Share has out itself.
func (s Share) Folder(out string) string {
	if s == (Share{}) {
		return out
	}
	return filepath.Join(out, fmt.Sprintf("share-%d-of-%d", s.Index, s.Count))
}

// part is what one share does as a whole.
type part interface {
	cost() int         // its work, whatever is on file
	results() []Result // of its runs, as far as they are known before
}

// owners deals the parts of an experiment out: the longest first, each to the share with the least work, and among equals to
// the first. It returns the index of each part's share.
func owners[P part](parts []P, count int) []int {
	order, costs := make([]int, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		order[i], costs[i] = i, p.cost()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(costs[b], costs[a]) })
	owner, load := make([]int, len(parts)), make([]int, min(count, len(parts))) // further shares get nothing
	for _, i := range order {
		owner[i] = slices.Index(load, slices.Min(load))
		load[owner[i]] += max(costs[i], 1)
	}
	return owner
}

// agendaFile is where a share's folder keeps those of its experiments.
const agendaFile = "plan.jsonl"

// agenda is all that an experiment has to do, one JSON line of plan.jsonl in the folder of each of its shares. It says in
// which order one process alone would have put the results on file.
type agenda struct {
	Command []string  `json:"command,omitempty"` // as in [Lab]
	Count   int       `json:"shares"`
	Runs    []planned `json:"runs"`
}

// planned is one run of an agenda.
type planned struct {
	Run   string `json:"run"`   // the same for every backend, such as "few_shot/Mini/maple/shots_4/seed1-01234567"
	Share int    `json:"share"` // index of the share that does it
}

// run is what an agenda calls the run of a result.
func (r Result) run() string {
	run := fmt.Sprintf("seed%d-%s", r.Seed, hash(r.question())[:8])
	return path.Join(r.Protocol, r.Dataset, r.Method, fmt.Sprintf("shots_%d", r.Shots), run)
}

// own returns those parts of an experiment that are the lab's share's, and the agenda of all, which has no shares where nothing
// is divided.
func own[P part](l *Lab, parts []P) (own []P, all agenda, err error) {
	if err := l.Share.Validate(); err != nil || l.Share.Count == 0 {
		return parts, all, err
	}
	all = agenda{Command: l.Command, Count: l.Share.Count}
	for i, owner := range owners(parts, l.Share.Count) {
		for _, r := range parts[i].results() {
			all.Runs = append(all.Runs, planned{r.run(), owner})
		}
		if owner == l.Share.Index {
			own = append(own, parts[i])
		}
	}
	return own, all, nil
}

// begin returns the parts that are the lab's share's, and keeps the agenda of all in its folder.
func begin[P part](l *Lab, parts []P) ([]P, error) {
	for _, p := range parts {
		l.planned += len(p.results())
	}
	own, all, err := own(l, parts)
	if err != nil || all.Count == 0 {
		return own, err
	}
	return own, l.keepAgenda(all)
}

// keepAgenda puts an agenda on file, once.
func (l *Lab) keepAgenda(a agenda) error {
	file := filepath.Join(l.Folder, agendaFile)
	lines, err := readLines[agenda](file)
	if err != nil || slices.ContainsFunc(lines, func(other line[agenda]) bool { return reflect.DeepEqual(other.value, a) }) {
		return err
	}
	return appendLine(file, a)
}

// Planned is how many runs the lab's experiments had so far, those of other shares too.
func (l *Lab) Planned() int { return l.planned }
