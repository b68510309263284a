package train

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func TestScoresAreThoseOfAHandComputation(t *testing.T) {
	// Class 0: 1 of 2 right; class 1: 2 of 2, said 2 times; class 2 has no image; 5 is a background column.
	s := score([]int{0, 0, 1, 1}, []int{0, 5, 1, 1}, 3)
	if s.Accuracy != 75 || !reflect.DeepEqual(s.PerClass, []float64{50, 100, -1}) {
		t.Errorf("score = %+v", s)
	}
	if want := 100 * (2.0/3 + 1) / 2; math.Abs(s.MacroF1-want) > 1e-9 {
		t.Errorf("macro F1 = %g, want %g", s.MacroF1, want)
	}
	// Class 0 is said 3 times for 2 images, class 1 once for 2: F1 is 2·2/(2+3) and 2·1/(2+1). Class 2 is said for none.
	s = score([]int{0, 0, 1, 1, 2}, []int{0, 0, 0, 1, 1}, 3)
	if want := 100 * (0.8 + 0.5 + 0) / 3; s.Accuracy != 60 || math.Abs(s.MacroF1-want) > 1e-9 {
		t.Errorf("score = %+v, want accuracy 60 and macro F1 %g", s, want)
	}
}

func TestEvaluationDoesNotDependOnTheBatch(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	var first Score
	for i, size := range []int{1, 4, 8, 100} {
		c := quick()
		c.Test = size
		got, err := e.Evaluate(context.Background(), d, d.Test, nil, c)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && !reflect.DeepEqual(got, first) {
			t.Errorf("in batches of %d: %+v, want %+v", size, got, first)
		}
		first = got
	}
	if first.Images != 9 {
		t.Errorf("%d images, want 9", first.Images)
	}
	if _, err := e.Evaluate(context.Background(), d, []dataset.Item{}, nil, quick()); err == nil {
		t.Error("an empty list was evaluated")
	}
}

func TestMapsDoNotDependOnTheBatch(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	c := quick()
	together, err := e.Heat(context.Background(), d, d.Test, nil, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range d.Test[:3] {
		alone, err := e.Heat(context.Background(), d, []dataset.Item{item}, nil, c)
		if err != nil {
			t.Fatal(err)
		}
		for cell, v := range alone[0] {
			if got := together[i][cell]; math.Abs(float64(got-v)) > 1e-5*math.Abs(float64(v))+1e-9 {
				t.Errorf("map of %s is %v in a batch and %v alone", item.Path, together[i], alone[0])
				break
			}
		}
	}
	if len(together) != 9 || len(together[8]) != 4 {
		t.Errorf("%d maps of %d cells, want 9 of 4", len(together), len(together[len(together)-1]))
	}
}

// TestABackgroundColumnIsAnError scores images of one class against its own sentence alone, with the other classes'
// sentences as background words: who would have been taken for another class is wrong now.
func TestABackgroundColumnIsAnError(t *testing.T) {
	e := ownEngine(t, newModel(1), zeroShot) // whose words are encoded alike as classes and beside them
	defer e.Close()
	d, _ := newData()
	one := *d
	one.Classes = d.Classes[:1]
	items := slices.Clone(slices.Concat(d.Train, d.Test))
	for i := range items {
		items[i].Label = 0
	}
	ctx, c := context.Background(), quick()
	among, err := e.Evaluate(ctx, d, items, nil, c)
	if err != nil {
		t.Fatal(err)
	}
	beside, err := e.Evaluate(ctx, &one, items, dapt.Sentences(d.Template, d.Classes[1:]), c)
	if err != nil {
		t.Fatal(err)
	}
	if beside.Accuracy != among.Accuracy || among.Accuracy == 100 || beside.PerClass[0] != beside.Accuracy {
		t.Errorf("accuracy is %g%% beside two words and %g%% among three classes, want the same, below 100", beside.Accuracy, among.Accuracy)
	}
	if alone, err := e.Evaluate(ctx, &one, items, nil, c); err != nil || alone.Accuracy != 100 {
		t.Errorf("accuracy against a single class is %g%%, %v, want 100", alone.Accuracy, err)
	}
}

func TestLabelsOutsideTheClassListAreErrors(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	for _, label := range []int{-1, 3} {
		items := slices.Clone(d.Test)
		items[4].Label = label
		_, err := e.Evaluate(context.Background(), d, items, nil, quick())
		if err == nil || !strings.Contains(err.Error(), items[4].Path) || !strings.Contains(err.Error(), "3 classes") {
			t.Errorf("Evaluate with label %d: %v, want an error that names the image", label, err)
		}
		if _, err := e.Heat(context.Background(), d, items, nil, quick()); err == nil || !strings.Contains(err.Error(), items[4].Path) {
			t.Errorf("Heat with label %d: %v, want an error that names the image", label, err)
		}
	}
}
