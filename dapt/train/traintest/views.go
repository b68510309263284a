package traintest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// precision is how far unit features in float32 may be apart that are computed in another order.
const precision = 1e-5

// viewNames are what views computes.
var viewNames = []string{"image", "foreground", "background", "class texts"}

// views makes the program of the unit features of three views of so many images, and of the class texts, in evaluation.
func (k *kit) views(images int) (*probe, error) {
	m := k.method
	m.Loss.Watch = true
	return k.newProbe(m, images, func(towers *clip.Towers, values, _ prompt.Values, b dapt.Batch, _ *Node) []*Node {
		f := m.Encode(towers, prompt.Build(k.learner, k.model.Config, values), b, dapt.Both)
		return []*Node{f.Image, f.Foreground, f.Background, f.Classes}
	})
}

// checkBatch encodes four images at once, in another order, and one by one.
func checkBatch(k *kit) error {
	four, err := k.views(4)
	if err != nil {
		return err
	}
	defer four.close()
	one, err := k.views(1)
	if err != nil {
		return err
	}
	defer one.close()
	want, err := four.at("", nil)
	if err != nil {
		return err
	}
	in, order := four.in, []int{2, 0, 3, 1}
	four.in = pick(in, order)
	mixed, err := four.at("", nil)
	if err != nil {
		return err
	}
	wrong := []error{k.compareViews("mixed", mixed, want, order)}
	for i := range order {
		one.in = pick(in, []int{i})
		alone, err := one.at("", nil)
		if err != nil {
			return err
		}
		wrong = append(wrong, k.compareViews("alone", alone, want, []int{i}))
	}
	return errors.Join(wrong...)
}

// pick returns the batch with these of its four images.
func pick(in train.Input, order []int) train.Input {
	images, masks, labels, teacher := in.Images, in.Masks, in.Labels, in.Teacher
	in.Images, in.Masks, in.Labels, in.Teacher = nil, nil, nil, nil
	for _, i := range order {
		in.Teacher = append(in.Teacher, teacher[i*len(teacher)/4:(i+1)*len(teacher)/4]...)
		in.Images = append(in.Images, images[i*len(images)/4:(i+1)*len(images)/4]...)
		in.Masks = append(in.Masks, masks[i*len(masks)/4:(i+1)*len(masks)/4]...)
		in.Labels = append(in.Labels, labels[i])
	}
	return in
}

// compareViews compares the features of images with those of order among four.
func (k *kit) compareViews(how string, got, want [][]float32, order []int) error {
	_, each := k.learner.(prompt.Conditional)
	var wrong []error
	for v, name := range viewNames {
		expected := want[v]
		if name != "class texts" || each {
			expected = nil
			for _, i := range order {
				expected = append(expected, want[v][i*len(want[v])/4:(i+1)*len(want[v])/4]...)
			}
		}
		if far := farthest(got[v], expected); !(far <= precision) {
			wrong = append(wrong, fmt.Errorf("%s: unit features of %s are off by %.2g", how, name, far))
		}
	}
	return errors.Join(wrong...)
}

// checkOrder lists the classes in another order, and the contexts with them where each has its own. The engine is one that was
// never tuned, so that no classes are those it was tuned on; but for what a teacher told it of their texts.
func checkOrder(k *kit) error {
	e, err := k.newEngine(k.learner)
	if err != nil {
		return err
	}
	defer e.Close()
	if k.teacher != nil {
		path, err := k.prompts()
		if err != nil {
			return err
		}
		if _, err := e.Load(path); err != nil {
			return err
		}
	}
	order := []int{2, 0, 1}
	mixed := *k.data
	mixed.Classes, mixed.Test = nil, slices.Clone(k.data.Test)
	for to, from := range order {
		mixed.Classes = append(mixed.Classes, k.data.Classes[from])
		for i, item := range k.data.Test {
			if item.Label == from {
				mixed.Test[i].Label = to
			}
		}
	}
	want, before, err := k.classify(e, k.data, k.values)
	if err != nil {
		return err
	}
	got, after, err := k.classify(e, &mixed, k.ofClasses(order))
	if err != nil {
		return err
	}
	var wrong []error
	for to, from := range order {
		if far := farthest(got.Texts.Row(to), want.Texts.Row(from)); !(far <= precision) {
			wrong = append(wrong, fmt.Errorf("the text of %s is off by %.2g at another place of the list", k.data.Classes[from], far))
		}
		for i := range mixed.Test {
			if far := math.Abs(float64(got.Logits.Row(i)[to] - want.Logits.Row(i)[from])); !(far <= 100*precision) {
				wrong = append(wrong, fmt.Errorf("the logit of %s for image %d is off by %.2g at another place of the list", k.data.Classes[from], i, far))
			}
		}
	}
	if after != before {
		wrong = append(wrong, fmt.Errorf("the accuracy is %g %% with the classes in another order, and was %g %%", after, before))
	}
	return errors.Join(wrong...)
}

// classify are the scores and the accuracy of test images.
func (k *kit) classify(e *train.Engine, d *dataset.Dataset, values map[string][]float32) (*selection.Scores, float64, error) {
	if err := e.SetParameters(values); err != nil {
		return nil, 0, err
	}
	scores, err := e.Scores(context.Background(), d, d.Test, config())
	if err != nil {
		return nil, 0, err
	}
	score, err := e.Evaluate(context.Background(), d, d.Test, nil, config())
	return scores, score.Accuracy, err
}

// ofClasses are the kit's parameters with contexts of each class in another order.
func (k *kit) ofClasses(order []int) map[string][]float32 {
	mixed := map[string][]float32{}
	for _, p := range k.list {
		value := k.values[p.Name]
		if len(p.Dims) == 3 && p.Dims[0] == len(order) {
			value = nil
			for _, from := range order {
				size := p.Dims[1] * p.Dims[2]
				value = append(value, k.values[p.Name][from*size:(from+1)*size]...)
			}
		}
		mixed[p.Name] = value
	}
	return mixed
}

// checkUse asks the engine for all that it tells of images.
func checkUse(k *kit) error {
	if err := k.engine.SetParameters(k.values); err != nil {
		return err
	}
	ctx, items := context.Background(), k.data.Test
	scores, err := k.engine.Scores(ctx, k.data, items, config())
	if err != nil {
		return err
	}
	guesses, err := k.engine.Predict(ctx, k.data, items, len(k.data.Classes), config())
	if err != nil {
		return err
	}
	heat, err := k.engine.Heat(ctx, k.data, items, nil, config())
	if err != nil {
		return err
	}
	var parts []train.Decoupled
	if k.teacher == nil { // whose logits the losses would need
		if parts, err = k.engine.Decouple(ctx, k.method, k.data, items[:2]); err != nil {
			return err
		}
	}
	numbers := slices.Concat(scores.Features.Values, scores.Texts.Values, scores.Logits.Values, slices.Concat(heat...))
	for _, part := range parts {
		for _, x := range slices.Concat(part.Losses, part.Share[:], []float64{part.Near, part.Far}) {
			numbers = append(numbers, float32(x))
		}
	}
	if at := slices.IndexFunc(numbers, notFinite); at >= 0 {
		return fmt.Errorf("of the features, texts, logits, maps and decoupled images, number %d of %d is %g", at, len(numbers), numbers[at])
	}
	for i, list := range guesses {
		sum := 0.0
		for _, guess := range list {
			sum += guess.Share
		}
		if best := k.data.Classes[scores.Logits.Best(i)]; list[0].Class != best || !(math.Abs(sum-1) < precision) {
			return fmt.Errorf("image %d is taken for %v by Predict, and for %s by Scores", i, list, best)
		}
	}
	return nil
}

// farthest is the largest difference of two lists; infinite if they are not equally long.
func farthest(a, b []float32) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.Inf(1)
	}
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}
