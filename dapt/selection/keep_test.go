package selection

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestBudgetsRoundHalfToEven(t *testing.T) {
	for _, test := range []struct {
		ratio  float64
		images int
		drop   bool
		want   int
	}{
		{0.1, 15, false, 2},
		{0.1, 25, false, 2},
		{0.05, 16, false, 1},
		{0.3, 16, false, 5},
		{0.5, 3, false, 2},
		{1, 16, false, 16},
		{0.05, 1, false, 1},
		{0.05, 1, true, 0},
		{0.5, 1, true, 0},
		{0.5, 0, false, 0},
	} {
		if got := (Keep{Ratio: test.ratio, Drop: test.drop}).Budget(test.images); got != test.want {
			t.Errorf("Budget of %g of %d, drop %v = %d, want %d", test.ratio, test.images, test.drop, got, test.want)
		}
	}
}

func TestEveryMethodKeepsItsShareOfEachClass(t *testing.T) {
	for _, m := range All() {
		for _, ratio := range []float64{0.05, 0.3, 0.5, 1} {
			pool := newPool(7, 0, 1, 12, 3)
			pick := choose(t, m, pool, ratio)
			kept := make([]int, pool.Classes)
			for _, item := range pick.Items {
				kept[pool.Labels[item]]++
			}
			for class, images := range []int{7, 0, 1, 12, 3} {
				want := Keep{Ratio: ratio}.Budget(images)
				if m.Name() == "full" {
					want = images
				}
				few := m.Name() == "gradmatch" && kept[class] >= min(want, 1) // weights of 0 are left out
				if kept[class] > want || kept[class] < want && !few {
					t.Errorf("%s keeps %d of %d images at ratio %g, want %d", m.Name(), kept[class], images, ratio, want)
				}
			}
			sorted, order := slices.Sorted(slices.Values(pick.Items)), slices.Sorted(slices.Values(pick.Order))
			if len(slices.Compact(slices.Clone(sorted))) != len(sorted) || !slices.Equal(sorted, order) {
				t.Errorf("%s keeps %v in the order %v, want each image once, and the same ones", m.Name(), pick.Items, pick.Order)
			}
			if pick.Weights != nil && len(pick.Weights) != len(pick.Items) || pick.Scores != nil && len(pick.Scores) != len(pool.Labels) {
				t.Errorf("%s has %d weights of %d images and %d scores of %d", m.Name(), len(pick.Weights), len(pick.Items), len(pick.Scores), len(pool.Labels))
			}
			if again := choose(t, m, pool, ratio); !reflect.DeepEqual(again, pick) {
				t.Errorf("%s keeps %v, then %v of the same images", m.Name(), pick.Items, again.Items)
			}
		}
	}
}

func TestMethodsAreFoundByTheirNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		found, err := Find(m.Name())
		if err != nil || !reflect.DeepEqual(found, m) || seen[m.Name()] {
			t.Errorf("Find(%q) = %+v, %v, want %+v and no other of this name", m.Name(), found, err, m)
		}
		seen[m.Name()] = true
	}
	if _, err := Find("best"); err == nil || !strings.Contains(err.Error(), "kcenter") {
		t.Errorf("Find(best) = %v, want an error that lists the names", err)
	}
}

func TestBadPoolsAreErrors(t *testing.T) {
	ctx, half := context.Background(), Keep{Ratio: 0.5}
	scored := func(change func(*Scores)) Pool {
		pool, s := newPool(3, 3), newScores(1, 3, 3)
		if change == nil {
			pool.Train = fixed[*Scores](nil)
			return pool
		}
		change(s)
		pool.Train = fixed(s)
		return pool
	}
	failing := newPool(3, 3)
	failing.Train = func(context.Context) (*Scores, error) { return nil, errors.New("no device") }
	bare := Pool{Labels: []int{0, 0}, Classes: 1}
	outside := newPool(3, 3)
	outside.Classes = 1
	short := newPool(3, 3)
	short.Forgotten, short.Robustness = fixed([]int{1}), fixed([]float64{1})
	for _, test := range []struct {
		name string
		keep Keep
		pool Pool
		m    Method
		want string
	}{
		{"nothing to keep", Keep{}, newPool(3), Uniform{}, "Ratio is 0"},
		{"more than all", Keep{Ratio: 1.5}, newPool(3), Uniform{}, "Ratio is 1.5"},
		{"no images", half, Pool{Classes: 2}, Uniform{}, "no images"},
		{"a label that is no class", half, outside, Uniform{}, "label 1"},
		{"no scores", half, bare, Herding{}, "herding needs"},
		{"no counts", half, bare, Forgetting{}, "warm up"},
		{"no gradients of images", half, bare, DeepFool{}, "Robustness"},
		{"too few counts", half, short, Forgetting{}, "counts of 1 images, want 6"},
		{"too few changes", half, short, DeepFool{}, "changes of 1 images, want 6"},
		{"scores that fail", half, failing, GraNd{}, "no device"},
		{"scores of other images", half, scored(func(s *Scores) { s.Labels = s.Labels[:2] }), CRAIG{}, "scores of 2 images, want 6"},
		{"seven logits too many", half, scored(func(s *Scores) { s.Logits = Matrix{9, make([]float32, 54)} }), CAL{}, "logits are 54 numbers in rows of 9, want 6 rows of 2"},
		{"a logit that is not a number", half, scored(func(s *Scores) { s.Logits.Values[5] -= s.Logits.Values[5] / 0 * 0 }), GraNd{}, "NaN"},
		{"scores that are none", half, scored(nil), GraNd{}, "no scores"},
		{"scores in another order", half, scored(func(s *Scores) { s.Labels[0] = 1 }), GraNd{}, "label 1, want 0"},
		{"an unknown measure", half, newPool(3), Uncertainty{Measure: "mood"}, `"mood"`},
		{"an unknown function", half, newPool(3), Submodular{Function: "sum"}, `"sum"`},
		{"a share of candidates over 1", half, newPool(3), GLISTER{Epsilon: 2}, "Epsilon is 2"},
	} {
		if _, err := test.keep.Select(ctx, test.pool, test.m); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestSelectionStopsWhenAsked(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := (Keep{Ratio: 0.5}).Select(ctx, newPool(3), Uniform{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that it was cancelled", err)
	}
}

func TestOnceComputesAgainOnlyAfterAnError(t *testing.T) {
	calls := 0
	once := Once(func(context.Context) (int, error) {
		calls++
		if calls == 1 {
			return 0, errors.New("busy")
		}
		return calls, nil
	})
	for i, want := range []int{0, 2, 2} {
		if got, err := once(context.Background()); got != want || (err != nil) != (i == 0) {
			t.Errorf("call %d = %d, %v, want %d", i, got, err, want)
		}
	}
}

func TestTogetherAllImagesAreRankedAtOnce(t *testing.T) {
	pool := newPool(4, 4)
	pool.Robustness = fixed([]float64{8, 7, 6, 5, 4, 3, 2, 1})
	pick, err := Keep{Ratio: 0.25, Together: true}.Select(context.Background(), pool, DeepFool{})
	if want := []int{7, 6}; err != nil || !slices.Equal(pick.Items, want) {
		t.Errorf("kept %v, %v, want the two nearest to a border, %v", pick.Items, err, want)
	}
}

func TestUniformDrawsForClassesThatKeepNothing(t *testing.T) {
	pick, err := Keep{Ratio: 0.1, Drop: true}.Select(context.Background(), newPool(4, 20), Uniform{})
	// numpy.random.seed(1); choice(arange(4), 0, replace=False); choice(arange(4, 24), 2, replace=False)
	if want := []int{17, 22}; err != nil || !slices.Equal(pick.Items, want) {
		t.Errorf("kept %v, %v, want %v", pick.Items, err, want)
	}
}
