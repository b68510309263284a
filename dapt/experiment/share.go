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

// Share is a part of the runs of every experiment, so that processes or machines can divide them. The shares of a count
// have no run in common, all runs together, and about as much work each; which run is whose follows from the experiment and the
// count alone, not from what is on file. The zero Share is all runs.
type Share struct {
	Index int // from 0 to Count-1
	Count int // shares; 0 divides nothing
}

// ParseShare reads "2/8", the third of eight shares: the first is 0/8, as the indices of Slurm's arrays and of Kubernetes' jobs
// may be. "" is the zero Share.
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

// Folder is the folder of a share's results, "share-2-of-8" below that of all, so that no two processes write to one file; the
// zero Share has out itself.
func (s Share) Folder(out string) string {
	if s == (Share{}) {
		return out
	}
	return filepath.Join(out, fmt.Sprintf("share-%d-of-%d", s.Index, s.Count))
}

// owners deals the runs out: the longest first, each to the share with the least work, and among equals to the first. It
// returns the index of each run's share.
func owners(runs []run, count int) []int {
	order, costs := make([]int, len(runs)), make([]int, len(runs))
	for i, r := range runs {
		order[i], costs[i] = i, r.cost()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(costs[b], costs[a]) })
	owner, load := make([]int, len(runs)), make([]int, count)
	for _, i := range order {
		owner[i] = slices.Index(load, slices.Min(load))
		load[owner[i]] += max(costs[i], 1)
	}
	return owner
}

// planFile is where a share's folder keeps the plans of its experiments.
const planFile = "plan.jsonl"

// Plan is all that an experiment has to do, one JSON line of plan.jsonl in the folder of each of its shares. It says in
// which order one process alone would have put the results on file.
type Plan struct {
	Command []string  `json:"command,omitempty"` // as in [Lab]
	Count   int       `json:"shares"`
	Runs    []Planned `json:"runs"`
}

// Planned is one run of a plan.
type Planned struct {
	Run   string `json:"run"`   // the same for every backend, such as "few_shot/Mini/maple/shots_4/seed1-01234567"
	Share int    `json:"share"` // index of the share that does it
}

// planned is what a plan calls the run of a result.
func (r Result) planned() string {
	return path.Join(r.Protocol, r.Dataset, r.Method, fmt.Sprintf("shots_%d", r.Shots), fmt.Sprintf("seed%d-%s", r.Seed, hash(r.question())[:8]))
}

// own returns the runs of the lab's share, and keeps the plan of all in its folder.
func (l *Lab) own(runs []run) ([]run, error) {
	l.planned += len(runs)
	if err := l.Share.Validate(); err != nil || l.Share.Count == 0 {
		return runs, err
	}
	plan := Plan{Command: l.Command, Count: l.Share.Count}
	var own []run
	for i, owner := range owners(runs, l.Share.Count) {
		plan.Runs = append(plan.Runs, Planned{runs[i].result.planned(), owner})
		if owner == l.Share.Index {
			own = append(own, runs[i])
		}
	}
	return own, l.keepPlan(plan)
}

// keepPlan puts a plan on file, once.
func (l *Lab) keepPlan(plan Plan) error {
	file := filepath.Join(l.Folder, planFile)
	known, err := readPlans(file)
	if err != nil || slices.ContainsFunc(known, func(p Plan) bool { return reflect.DeepEqual(p, plan) }) {
		return err
	}
	return appendLine(file, plan)
}

func readPlans(file string) ([]Plan, error) {
	lines, err := readLines[Plan](file)
	var plans []Plan
	for _, line := range lines {
		plans = append(plans, line.value)
	}
	return plans, err
}

// Planned is how many runs the lab's experiments had so far, those of other shares too.
func (l *Lab) Planned() int { return l.planned }
