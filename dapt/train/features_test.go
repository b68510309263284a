package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
)

// TestFeaturesAreThoseOfTheFrozenTower: of unit length they are those of zero-shot scores, whatever the engine's learner and
// the batch, and they are longer than that.
func TestFeaturesAreThoseOfTheFrozenTower(t *testing.T) {
	data, _ := newData()
	frozen := ownEngine(t, newModel(1), zeroShot)
	defer frozen.Close()
	want, err := frozen.Scores(context.Background(), data, data.Train, Config{Test: 5})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*Engine{"zero-shot": frozen, "maple": newEngine(t)} {
		unlabelled := slices.Clone(data.Train)
		for i := range unlabelled {
			unlabelled[i].Label = -1
		}
		var got []float32
		var rows []int
		err := e.Features(context.Background(), data, unlabelled, Config{Test: 5}, func(m selection.Matrix) error {
			got, rows = append(got, m.Values...), append(rows, len(m.Values)/m.Columns)
			return nil
		})
		if err != nil || !slices.Equal(rows, []int{5, 5, 2}) {
			t.Fatalf("%s: Features in batches of %v, %v, want 5, 5 and 2", name, rows, err)
		}
		for i := range data.Train {
			row, length := got[i*32:(i+1)*32], 0.0
			for _, v := range row {
				length += float64(v) * float64(v)
			}
			length = math.Sqrt(length)
			if math.Abs(length-1) < 0.01 {
				t.Errorf("%s: feature %d has length %g, want it as the tower left it", name, i, length)
			}
			for j, v := range row {
				if math.Abs(float64(v)/length-float64(want.Features.Row(i)[j])) > 1e-5 {
					t.Fatalf("%s: feature %d is %v, want the direction of %v", name, i, row, want.Features.Row(i))
				}
			}
		}
	}
}

func TestFeaturesEndWithTheFirstError(t *testing.T) {
	data, _ := newData()
	full, calls := errors.New("full"), 0
	err := newEngine(t).Features(context.Background(), data, data.Train, Config{Test: 4}, func(selection.Matrix) error {
		calls++
		return full
	})
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("Features = %v after %d batches, want the first's error", err, calls)
	}
	missing := []dataset.Item{{Path: "images/none.png", Class: "cat"}}
	keep := func(selection.Matrix) error { return nil }
	if err := newEngine(t).Features(context.Background(), data, missing, Config{}, keep); err == nil {
		t.Error("Features of an image that is not there are no error")
	}
}

func TestNewScoreReadsTheLabelsOfItems(t *testing.T) {
	items := []dataset.Item{{Label: 0}, {Label: 0}, {Label: 2}}
	if got := NewScore(items, []int{0, 2, 2}, 3); got.Images != 3 || !slices.Equal(got.PerClass, []float64{50, -1, 100}) {
		t.Errorf("NewScore = %+v, want 50, none and 100 percent", got)
	}
}
