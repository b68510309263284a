package parity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// selections is what selection.json holds.
type selections struct {
	Seed     uint32
	Batch    int `json:"batch_size"`
	Results  map[string]map[string]recordedPick
	Fragile  map[string][]string
	DeepFool map[string][]int
}

// recordedPick is one selection, class after class.
type recordedPick struct {
	Indices []int
	Weights []float64
	First   []int // the place in its class of what was drawn first
}

// selection compares what each method keeps of the set's pool, and what the methods compute for that.
func (c *checker) selection() error {
	var all selections
	if err := c.read("selection.json", &all); err != nil {
		return err
	}
	if len(all.Results) == 0 {
		return nil
	}
	pool, err := c.pool(all)
	if err == nil {
		err = c.gradients(pool, all.Batch)
	}
	for _, name := range slices.Sorted(maps.Keys(all.Results)) {
		for _, fraction := range slices.Sorted(maps.Keys(all.Results[name])) {
			if err == nil {
				c.selected(pool, all, name, fraction)
				continue
			}
			c.report(Line{Name: "selection/" + name + "/" + fraction, Error: math.Inf(1), Verdict: Fail, Note: err.Error()})
		}
	}
	return errors.Join(err, c.fooled(all.DeepFool))
}

// pool is the set's pool, whose counts are those of the recorded epochs.
func (c *checker) pool(all selections) (selection.Pool, error) {
	scores, err := c.scores("sel/")
	if err != nil {
		return selection.Pool{}, err
	}
	pool := selection.Pool{Labels: scores.Labels, Classes: scores.Logits.Columns, Seed: all.Seed, Train: fixed(scores)}
	if c.has("sel/val_labels") {
		val, err := c.scores("sel/val_")
		if err != nil {
			return pool, err
		}
		pool.Val = fixed(val)
	}
	if c.has(history) {
		events, err := c.events(scores)
		if err != nil {
			return pool, err
		}
		pool.Forgotten = fixed(events)
	}
	return pool, nil
}

func fixed[T any](value T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return value, nil }
}

// scores reads the tensors that begin with prefix.
func (c *checker) scores(prefix string) (*selection.Scores, error) {
	labels, err := c.integers(prefix + "labels")
	if err != nil {
		return nil, err
	}
	s := &selection.Scores{}
	for _, label := range labels {
		s.Labels = append(s.Labels, int(label))
	}
	for name, m := range map[string]*selection.Matrix{
		prefix + "logits": &s.Logits, prefix + "image_features": &s.Features, "sel/text_features": &s.Texts,
	} {
		if m.Values, err = c.floats(name); err != nil {
			return nil, err
		}
		if dims := c.cases.Tensors[name].Dims; len(dims) == 2 {
			m.Columns = dims[1]
		}
	}
	return s, nil
}

// history are the logits of recorded epochs.
const history = "sel/history_logits"

// events counts what the recorded epochs forget, and compares the counts.
func (c *checker) events(s *selection.Scores) ([]int, error) {
	epochs, err := c.floats(history)
	if err != nil {
		return nil, err
	}
	before := make([]bool, len(s.Labels))
	for i, label := range s.Labels {
		before[i] = s.Logits.Best(i) == label
	}
	memory := selection.NewMemory(before)
	for values := range slices.Chunk(epochs, len(s.Logits.Values)) {
		logits := selection.Matrix{Columns: s.Logits.Columns, Values: values}
		for i, label := range s.Labels {
			memory.Visit(i, logits.Best(i) == label)
		}
	}
	counts := make([]float64, len(memory.Events))
	for i, n := range memory.Events {
		counts[i] = float64(n)
	}
	return memory.Events, tensor(c, "sel/forgetting_events", counts)
}

// gradients compares the gradients that the methods know by their factors only.
func (c *checker) gradients(pool selection.Pool, batch int) error {
	s, err := pool.Train(context.Background())
	if err != nil {
		return err
	}
	items := make([]int, len(s.Labels))
	var rows []float64
	for i := range items {
		items[i] = i
		d := s.Residual(i)
		rows = append(rows, d...)
		for _, v := range d {
			for _, f := range s.Features.Row(i) {
				rows = append(rows, v*float64(f))
			}
		}
	}
	if err := tensor(c, "sel/gradients", rows); err != nil {
		return err
	}
	if err := tensor(c, "sel/grand_norm", selection.GraNd{}.Norms(s, items)); err != nil {
		return err
	}
	return tensor(c, "sel/grand_norm_batchmean", selection.GraNd{Gradients: selection.Gradients{Batch: batch}}.Norms(s, items))
}

// official are the methods by their names in selection.json.
func official(name string, batch int) (m selection.Method, together bool) {
	base, scaled := strings.CutSuffix(name, "_batchmean")
	var g selection.Gradients
	if scaled {
		g.Batch = batch
	}
	methods := map[string]selection.Method{
		"uniform":                       selection.Uniform{},
		"uniform_unbalanced":            selection.Uniform{},
		"uncertainty_LeastConfidence":   selection.Uncertainty{Measure: selection.LeastConfidence},
		"uncertainty_Entropy":           selection.Uncertainty{Measure: selection.Entropy},
		"uncertainty_Margin":            selection.Uncertainty{Measure: selection.Margin},
		"uncertainty_Margin_unbalanced": selection.Uncertainty{Measure: selection.Margin, Surest: true},
		"herding":                       selection.Herding{Farthest: true},
		"herding_nearest":               selection.Herding{},
		"grand":                         selection.GraNd{Gradients: g},
		"submodular_GraphCut":           selection.Submodular{Function: selection.GraphCut, Gradients: g},
		"submodular_FacilityLocation":   selection.Submodular{Function: selection.FacilityLocation, Gradients: g},
		"craig":                         selection.CRAIG{Gradients: g},
		"craig_float64":                 selection.CRAIG{Gradients: g},
		"glister":                       selection.GLISTER{Epsilon: 0.9, Gradients: g},
		"glister_LazyGreedy":            selection.GLISTER{Gradients: g},
		"cal":                           selection.CAL{Lowest: true, Shuffled: true},
		"cal_sampleprobs_lowest":        selection.CAL{Lowest: true},
		"cal_sampleprobs_highest":       selection.CAL{},
		"forgetting":                    selection.Forgetting{LastFirst: true},
		"kcenter":                       selection.KCenterGreedy{},
		"contextual_diversity":          selection.ContextualDiversity{},
		"gradmatch":                     selection.GradMatch{},
	}
	if base, together = strings.CutSuffix(base, "_unbalanced"); together && methods[base+"_unbalanced"] != nil {
		base += "_unbalanced"
	}
	return methods[base], together
}

// selected compares one pick.
func (c *checker) selected(pool selection.Pool, all selections, name, fraction string) {
	at := "selection/" + name + "/" + fraction
	m, together := official(name, all.Batch)
	if m == nil {
		c.report(Line{Name: at, Verdict: Todo, Note: "no method of this name"})
		return
	}
	ratio, _ := strconv.ParseFloat(fraction, 64) // what is no number selects nothing, which is reported
	got, err := selection.Keep{Ratio: ratio, Together: together, Drop: true}.Select(context.Background(), pool, m)
	if err != nil {
		c.report(Line{Name: at, Error: math.Inf(1), Verdict: Fail, Note: err.Error()})
		return
	}
	want := all.Results[name][fraction]
	if slices.Contains(all.Fragile[name], fraction) {
		c.report(loosely(at, got.Items, want.Indices))
		return
	}
	exact(c, at, got.Items, want.Indices)
	if want.Weights != nil {
		c.report(near(at+"/weights", 1e-5, got.Weights, want.Weights))
	}
	if want.First != nil {
		exact(c, at+"/first", firsts(pool, got.Order), want.First)
	}
}

// loosely compares picks that rounding decides: as many, of which a tenth may differ, or two.
func loosely(name string, got, want []int) Line {
	line := Line{Name: name, Verdict: Pass, Note: "rounding decides some of the picks, as the set says: a tenth may differ"}
	other := 0
	for _, index := range want {
		if !slices.Contains(got, index) {
			other++
		}
	}
	if len(got) != len(want) || other > max(2, len(want)/10) {
		line.Verdict, line.Error, line.Note = Fail, math.Inf(1), fmt.Sprintf("%d picks, %d of %d differ, want a tenth at most", len(got), other, len(want))
	}
	return line
}

// near compares numbers with a tolerance relative to the largest.
func near(name string, relative float64, got, want []float64) Line {
	line := Line{Name: name, Verdict: Pass}
	if len(got) != len(want) {
		line.Verdict, line.Error, line.Note = Fail, math.Inf(1), fmt.Sprintf("%d values, want %d", len(got), len(want))
		return line
	}
	for i := range want {
		line.Tolerance = max(line.Tolerance, relative*math.Abs(want[i]))
		line.Error = worse(line.Error, math.Abs(got[i]-want[i]))
	}
	if !(line.Error <= line.Tolerance) {
		line.Verdict = Fail
	}
	return line
}

// firsts are the places in their classes of what was chosen first of each.
func firsts(pool selection.Pool, order []int) []int {
	var places []int
	seen := map[int]bool{}
	for _, item := range order {
		label := pool.Labels[item]
		if seen[label] {
			continue
		}
		seen[label] = true
		place := 0
		for _, other := range pool.Labels[:item] {
			if other == label {
				place++
			}
		}
		places = append(places, place)
	}
	return places
}

// fooled compares the logits of some images, how far they are from another class, and which are nearest.
func (c *checker) fooled(picks map[string][]int) error {
	const name = "sel/deepfool/"
	if !c.has(name + "images") {
		return nil
	}
	images, count, err := c.images(name + "images")
	if err != nil {
		return err
	}
	engine, err := train.NewEngine(c.backend, c.model, prompt.ZeroShot{}, dtypes.Float32)
	if err != nil {
		return err
	}
	defer engine.Close()
	config := c.manifest.Config
	data := &dataset.Dataset{Classes: config.Classes, Template: config.Template}
	squares, logits, err := engine.Fool(context.Background(), images, count, data, train.DeepFool{Classes: len(config.Classes)})
	if err != nil {
		return err
	}
	if err := tensor(c, name+"logits", logits); err != nil {
		return err
	}
	if err := tensor(c, name+"r2", squares); err != nil {
		return err
	}
	pool := selection.Pool{Labels: make([]int, count), Classes: 1, Robustness: fixed(squares)}
	for _, fraction := range slices.Sorted(maps.Keys(picks)) {
		ratio, err := strconv.ParseFloat(fraction, 64)
		if err != nil {
			return fmt.Errorf("parity: selection.json: %w", err)
		}
		got, err := selection.Keep{Ratio: ratio, Drop: true}.Select(context.Background(), pool, selection.DeepFool{})
		if err != nil {
			return err
		}
		exact(c, "selection/deepfool/"+fraction, got.Items, picks[fraction])
	}
	return nil
}
