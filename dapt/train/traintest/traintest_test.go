package traintest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// faulty is MaPLe with one thing changed.
type faulty struct {
	prompt.MaPLe
	*faults
}

// faults are what is changed; nil functions change nothing.
type faults struct {
	trains     func(prompt.Parts) prompt.Parts
	parameters func([]prompt.Parameter) []prompt.Parameter
	prompts    func(prompt.Values, *prompt.Prompts)
	recognize  func(*prompt.Recognition) bool
}

func (f faulty) Trains() prompt.Parts {
	if f.trains == nil {
		return f.MaPLe.Trains()
	}
	return f.trains(f.MaPLe.Trains())
}

func (f faulty) Parameters(m *clip.Model, rng *rand.Rand) ([]prompt.Parameter, error) {
	list, err := f.MaPLe.Parameters(m, rng)
	if f.parameters != nil {
		list = f.parameters(list)
	}
	return list, err
}

func (f faulty) Prompts(p prompt.Values) prompt.Prompts {
	prompts := f.MaPLe.Prompts(p)
	if f.prompts != nil {
		f.prompts(p, &prompts)
	}
	return prompts
}

func (f faulty) Recognize(shapes map[string][]int) (prompt.Recognition, bool) {
	r, ok := f.MaPLe.Recognize(shapes)
	return r, ok && (f.recognize == nil || f.recognize(&r))
}

// squared minimises half the square of the cross-entropy, but for a factor that it hides from the gradient if asked.
type squared struct {
	faulty
	hide bool
}

func (squared) Terms() []prompt.Term { return []prompt.Term{{Name: "square", Weight: 0.5}} }

func (s squared) Loss(step prompt.Step) []*Node {
	factor := step.CrossEntropy(step.Image)
	if s.hide {
		factor = StopGradient(factor)
	}
	return []*Node{Mul(step.CrossEntropy(step.Image), factor)}
}

// turned goes twice as far as its gradient.
type turned struct{ faulty }

func (turned) Guide(s prompt.Step) *Node         { return s.CrossEntropy(s.Image) }
func (turned) Steer(gradient, guide *Node) *Node { return Add(gradient, guide) }

// taught learns from a teacher's logits what its image prompts can.
type taught struct{ faulty }

func (taught) Trains() prompt.Parts   { return prompt.Images }
func (taught) Terms() []prompt.Term   { return []prompt.Term{{Name: "distil", Weight: 2}} }
func (taught) Taught() prompt.Learner { return prompt.ZeroShot{} }

func (taught) Lesson(prompt.Task) (prompt.Preset, bool) { return prompt.Preset{}, false }

var _ prompt.Distilled = taught{}

func (t taught) Prompts(p prompt.Values) prompt.Prompts {
	return prompt.Prompts{Vision: t.MaPLe.Prompts(p).Vision}
}

func (taught) Loss(s prompt.Step) []*Node {
	return []*Node{ReduceAllMean(Square(Sub(s.Teacher, s.Logits(s.Image, s.Texts))))}
}

var small = faulty{prompt.MaPLe{Depth: 2}, &faults{}}

func newTestKit(t *testing.T, l prompt.Learner) *kit {
	t.Helper()
	golden.OnPureGo(t)
	k, err := newKit(golden.Backend(t), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	k.folder = t.TempDir()
	return k
}

// TestWhatIsWrongIsFound spoils one thing at a time. The check that is meant for it must say so.
func TestWhatIsWrongIsFound(t *testing.T) {
	with := func(change func(f *faulty)) prompt.Learner {
		f := faulty{small.MaPLe, &faults{}}
		change(&f)
		return f
	}
	prompts := func(change func(prompt.Values, *prompt.Prompts)) prompt.Learner {
		return with(func(f *faulty) { f.prompts = change })
	}
	var built atomic.Int32
	for name, test := range map[string]struct {
		learner prompt.Learner
		check   func(*kit) error
		want    string
	}{
		"says less than it trains": {with(func(f *faulty) { f.trains = func(p prompt.Parts) prompt.Parts { return p &^ prompt.Deep } }), checkParts, "texts of other words"},
		"says more than it trains": {prompts(func(_ prompt.Values, p *prompt.Prompts) { p.Vision = nil }), checkParts, "change the features of images is false"},
		"does not say Words":       {with(func(f *faulty) { f.trains = func(p prompt.Parts) prompt.Parts { return p &^ prompt.Words } }), checkParts, "does not say Words"},
		"has an idle parameter":    {with(idle), checkParts, "parameter idle changes nothing"},
		"leaves one as it is":      {with(idle), checkSeeds, "parameter idle stays as it is drawn"},
		"hides a factor":           {squared{small, true}, checkGradients, "the gradient of loss square for ctx"},
		"has prompts without a gradient": {prompts(func(_ prompt.Values, p *prompt.Prompts) {
			for i := range p.Vision {
				p.Vision[i] = StopGradient(p.Vision[i])
			}
		}), checkTerms, "L_v has the weight 0.8"},
		"draws of its own": {with(func(f *faulty) {
			f.parameters = func(list []prompt.Parameter) []prompt.Parameter { list[0].Value[0] += rand.Float32(); return list }
		}), checkSeeds, "two runs with one seed"},
		"remembers outside its parameters": {prompts(func(_ prompt.Values, p *prompt.Prompts) {
			p.Text[0] = MulScalar(p.Text[0], float64(built.Add(1)))
		}), checkResume, "ends in other parameters"},
		"remembers what is not saved": {prompts(func(_ prompt.Values, p *prompt.Prompts) {
			p.Text[0] = MulScalar(p.Text[0], float64(built.Add(1)))
		}), checkSaved, "gives other features, texts or logits"},
		"is not all imported":    {small, checkExport, "want maple"}, // its settings are not those of a learner that Find knows
		"does not know itself":   {with(func(f *faulty) { f.recognize = func(*prompt.Recognition) bool { return false } }), checkRecognized, "not known to its Recognize"},
		"takes the batch's mean": {prompts(func(_ prompt.Values, p *prompt.Prompts) { p.Project = centred }), checkBatch, "alone: unit features of image"},
		"looks at places of classes": {prompts(func(_ prompt.Values, p *prompt.Prompts) {
			place := Iota(p.Text[0].Graph(), p.Text[0].Shape(), 0)
			p.Text[0] = Stack([]*Node{p.Text[0], Add(p.Text[0], place), MulScalar(p.Text[0], 3)}, 0)
		}), checkOrder, "at another place of the list"},
		"is no number": {prompts(func(_ prompt.Values, p *prompt.Prompts) { p.Vision[0] = MulScalar(p.Vision[0], math.NaN()) }), checkUse, "is NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.check(newTestKit(t, test.learner)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the check says %v, want an error with %q", err, test.want)
			}
		})
	}
}

// idle adds a parameter that nothing reads.
func idle(f *faulty) {
	f.parameters = func(list []prompt.Parameter) []prompt.Parameter {
		return append(list, prompt.Parameter{Name: "idle", Dims: []int{2}, Value: []float32{1, 2}})
	}
}

// centred takes the mean over the batch out of each feature, in evaluation too.
func centred(views []*Node, _ bool) ([]*Node, prompt.Values) {
	for i, view := range views {
		views[i] = Sub(view, ReduceAndKeep(view, ReduceMean, 0))
	}
	return views, nil
}

// TestAStepThatMovesElsewhereIsFound takes a hundredth of L_b's gradient away, for one parameter.
func TestAStepThatMovesElsewhereIsFound(t *testing.T) {
	k := newTestKit(t, small)
	byTerm, err := k.termGradients()
	if err != nil {
		t.Fatal(err)
	}
	in, err := k.batch(k.method, 4)
	if err != nil {
		t.Fatal(err)
	}
	deep, b := slices.Index(k.trainedNames(), "compound_prompts_text.0"), slices.Index(k.termNames(), "b")
	for i := range byTerm[b][deep] {
		byTerm[b][deep][i] *= 0.99
	}
	if err := k.compareStep(k.alone(), in, byTerm); err != nil {
		t.Errorf("a step without L_b: %v", err)
	}
	if err := k.compareStep(k.method, in, byTerm); err == nil || !strings.Contains(err.Error(), "a step moves compound_prompts_text.0 apart") {
		t.Errorf("a step of 1 %% more of L_b: %v, want an error that names the parameter", err)
	}
}

// TestLossesAndGradientsOfItsOwnPass shows that the learners that are spoiled above pass otherwise.
func TestLossesAndGradientsOfItsOwnPass(t *testing.T) {
	for _, l := range []prompt.Learner{squared{small, false}, turned{small}} {
		k := newTestKit(t, l)
		for _, check := range checks {
			if err := check.find(k); err != nil && check.name != "it is exported and imported" {
				t.Errorf("%T, %s: %v", l, check.name, err)
			}
		}
	}
}

func TestWhatATeacherSaysReachesTheLosses(t *testing.T) {
	k := newTestKit(t, taught{small})
	for name, check := range map[string]func(*kit) error{"parts": checkParts, "gradients": checkGradients, "step": checkStep, "terms": checkTerms, "batch": checkBatch} {
		if err := check(k); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
