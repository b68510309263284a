package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// daptS is DAPT-S with all losses in all epochs.
func daptS() dapt.Method {
	m := dapt.Over(learner, mask.Files{})
	m.Loss.Mode = dapt.Joint
	return m
}

func TestLossesOfImagesAreThoseOfTheirBatch(t *testing.T) {
	ctx, e := context.Background(), newEngine(t)
	d, _ := newData()
	if err := e.Reset(3); err != nil {
		t.Fatal(err)
	}
	items := d.Train[2:6]
	found, err := e.Decouple(ctx, daptS(), d, items)
	if err != nil {
		t.Fatal(err)
	}
	in, err := e.Batch(ctx, daptS(), d, items)
	if err != nil {
		t.Fatal(err)
	}
	m := daptS()
	m.Loss.Background = dapt.Backgrounds(d.Name)
	want, err := e.Step(m, quick(), dapt.Both, 0, in)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range dapt.Names() {
		mean := 0.0
		for _, one := range found {
			mean += one.Losses[i] / float64(len(found))
		}
		if math.Abs(mean-float64(want[i])) > 1e-5 {
			t.Errorf("mean %s is %g, the step's is %g", name, mean, want[i])
		}
	}
	for i, one := range found {
		cls := -math.Log(one.Share[0])
		if one.Item != items[i] || math.Abs(cls-one.Losses[1]) > 1e-4 || !slices.Contains(dapt.General(), one.Word) {
			t.Errorf("image %d: %+v, want L_cls %g and a background word", i, one, cls)
		}
		if v := max(0, one.Near-one.Far+m.Loss.Margin); math.Abs(v-one.Losses[2]) > 1e-5 {
			t.Errorf("image %d: L_v is %g, its distances make %g", i, one.Losses[2], v)
		}
	}
	if _, err := e.Decouple(ctx, dapt.Method{Learner: learner}, d, items); err == nil || !strings.Contains(err.Error(), "no masks") {
		t.Errorf("without masks: error is %v", err)
	}
}

func TestViewsShowWhatMasksLeave(t *testing.T) {
	ctx, e := context.Background(), newEngine(t)
	d, _ := newData()
	if err := e.Reset(3); err != nil {
		t.Fatal(err)
	}
	whole, err := e.Evaluate(ctx, d, d.Test, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	for name, background := range map[string]bool{"a full mask's foreground is the image": false, "its background is blank": true} {
		got, err := e.EvaluateView(ctx, d, d.Test, View{mask.Whole{}, background}, quick())
		if err != nil {
			t.Fatal(err)
		}
		said := 0 // classes that were said
		for _, percent := range got.PerClass {
			if percent > 0 {
				said++
			}
		}
		if background == slices.Equal(got.PerClass, whole.PerClass) || background && said > 1 {
			t.Errorf("%s: %v, the images %v", name, got.PerClass, whole.PerClass)
		}
	}
	if _, err := e.EvaluateView(ctx, d, d.Test, View{Masks: mask.GradCAM{}}, quick()); err == nil {
		t.Error("masks that follow the prompts were taken")
	}
}
