package parity

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Verdict is how a case came out.
type Verdict string

// The three verdicts.
const (
	Pass Verdict = "PASS"
	Fail Verdict = "FAIL"
	Todo Verdict = "TODO" // nothing recomputes it yet
)

// Line is the outcome of one case.
type Line struct {
	Name      string
	Error     float64 // largest absolute difference; 0 for what must be exact and is
	Tolerance float64 // 0 means exact
	Verdict   Verdict
	Note      string // why, where the numbers do not say
}

// checker compares cases and reports them.
type checker struct {
	*Set
	backend compute.Backend
	report  func(Line)
	seen    map[string]bool
}

// Run recomputes every case of the set on backend and reports one line each. A case that differs, or that cannot be
// recomputed, is a line and no error; the error is that of a cancelled ctx.
func Run(ctx context.Context, s *Set, backend compute.Backend, report func(Line)) error {
	c := &checker{s, backend, report, map[string]bool{}}
	groups := []group{
		{"tokenizer", c.tokenizer, nil},
		{"fewshot", c.draws, nil},
		{"schedule", c.schedules, nil},
		{"preproc", c.preprocessing, []string{"preproc/"}},
		{"zeroshot", c.zeroShot, []string{"zeroshot/", "zeroshot_ensemble/"}},
		{"maple", c.maple, []string{"maple/", "gradcam/"}},
		{"dapt", c.decoupled, []string{"dapt/text_", "dapt/mask/", "dapt/ones/", "dapt/zeros/"}},
		{"dapt/reo", c.reordered, []string{"dapt/reo/"}},
		{"traj", c.trajectory, []string{"traj/"}},
		{"coop", c.coop, []string{"coop/"}},
		{"cocoop", func() error { return c.tuned("cocoop", "cocoop") }, []string{"cocoop/"}},
		{"vpt", func() error { return c.tuned("vpt", "vpt") }, []string{"vpt/"}},
		{"vpt_shallow", c.shallow, []string{"vpt_shallow/"}},
		{"ivlp", func() error { return c.tuned("ivlp", "ivlp") }, []string{"ivlp/"}},
		{"kgcoop", c.kgcoop, []string{"kgcoop/", "baseline/"}},
		{"prograd", c.prograd, []string{"prograd/"}},
		{"promptsrc", c.promptsrc, []string{"promptsrc/"}},
	}
	for _, name := range s.variants() {
		groups = append(groups, group{name, func() error { return c.variant(name) }, []string{name + "/"}})
	}
	for _, g := range append(groups, group{"selection", c.selection, nil}) {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.run(g)
	}
	for _, name := range c.missing("") {
		c.report(Line{Name: name, Verdict: Todo})
	}
	return nil
}

// group is a function that recomputes cases, and the beginnings of their tensors' names; none for cases of JSON files.
type group struct {
	name     string
	compare  func() error
	prefixes []string
}

// run compares a group if the set has cases of it. What an error kept from being compared has failed.
func (c *checker) run(g group) {
	if len(g.prefixes) > 0 && len(c.missing(g.prefixes...)) == 0 {
		return
	}
	var err error
	if panicked := exceptions.TryCatch[error](func() { err = g.compare() }); panicked != nil {
		err = panicked
	}
	if err == nil {
		return
	}
	note, _, _ := strings.Cut(err.Error(), "\n")
	failed := c.missing(g.prefixes...)
	if len(failed) == 0 {
		failed = []string{g.name}
	}
	for _, name := range failed {
		c.seen[name] = true
		line := Line{Name: name, Error: math.Inf(1), Verdict: Fail, Note: note}
		if tolerance := c.manifest.Tensors[name].Tolerance; tolerance != nil {
			line.Tolerance = *tolerance
		}
		c.report(line)
	}
}

// missing returns the expected tensors that nothing has compared yet and that begin with one of prefixes.
func (c *checker) missing(prefixes ...string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.manifest.Tensors)) {
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if c.manifest.Tensors[name].Role == "expected" && !c.seen[name] && slices.ContainsFunc(prefixes, begins) {
			names = append(names, name)
		}
	}
	return names
}

// exact reports a case of which got must equal want.
func exact[T comparable](c *checker, name string, got, want []T) {
	line := Line{Name: name, Verdict: Pass}
	if !slices.Equal(got, want) {
		line.Verdict, line.Error, line.Note = Fail, math.Inf(1), fmt.Sprintf("got %s, want %s", short(got), short(want))
	}
	c.report(line)
}

func short[T any](values []T) string {
	if len(values) > 12 {
		return strings.TrimSuffix(fmt.Sprint(values[:12]), "]") + " …]"
	}
	return fmt.Sprint(values)
}

// number is what tensors hold.
type number interface {
	~float32 | ~float64 | ~int32 | ~uint8
}

// tensor compares values with an expected tensor of the set, which may lack it: then nothing is reported.
func tensor[T number](c *checker, name string, got []T) error {
	e, ok := c.manifest.Tensors[name]
	if !ok || e.Role != "expected" {
		return nil
	}
	c.seen[name] = true
	want, err := c.expected(name)
	if err != nil {
		return err
	}
	if e.Tolerance == nil {
		c.report(finite(name, got))
		return nil
	}
	line := Line{Name: name, Tolerance: *e.Tolerance, Verdict: Pass}
	if len(got) != len(want) {
		line.Verdict, line.Error, line.Note = Fail, math.Inf(1), fmt.Sprintf("%d values, want %d", len(got), len(want))
		c.report(line)
		return nil
	}
	for i := range want {
		line.Error = worse(line.Error, math.Abs(float64(got[i])-want[i]))
	}
	if !(line.Error <= line.Tolerance) {
		line.Verdict = Fail
	}
	c.report(line)
	return nil
}

// worse is the larger number; NaN is worst.
func worse(a, b float64) float64 {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.NaN()
	}
	return max(a, b)
}

// finite is the check of values that rounding decides.
func finite[T number](name string, got []T) Line {
	line := Line{Name: name, Tolerance: math.Inf(1), Verdict: Pass, Note: "rounding decides the values; they are finite"}
	for _, v := range got {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			line.Verdict, line.Error, line.Note = Fail, math.NaN(), "not finite"
		}
	}
	return line
}

// expected returns a tensor of any type in double precision.
func (c *checker) expected(name string) ([]float64, error) {
	t := c.cases.Tensors[name]
	values, err := t.Float64s()
	if err == nil {
		return values, nil
	}
	integers, err := t.Int64s()
	if err != nil {
		return nil, fmt.Errorf("parity: %s: %w", name, err)
	}
	for _, v := range integers {
		values = append(values, float64(v))
	}
	return values, nil
}
