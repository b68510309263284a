package train

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
)

// tunedMMRL is an engine with prompts that were tuned on d for two epochs, with DAPT over it, and the folder that they are in.
func tunedMMRL(t *testing.T, l prompt.Learner, d *dataset.Dataset) (*Engine, string) {
	t.Helper()
	e := ownEngine(t, newModel(1), l)
	t.Cleanup(e.Close)
	m, c := dapt.Over(l, mask.GradCAM{}), quick()
	m.Loss.Mode = dapt.Joint
	c.Optimizer, c.Epochs, c.Rate, c.Final = AdamW, 2, 0.005, LastStep
	folder := t.TempDir()
	out, err := Run{Engine: e, Method: m, Data: d, Config: c, Folder: folder}.Tune(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range []string{"cls", "rep", "image", "text", "v", "f", "b"} {
		if loss, ok := out.Epochs[1].Losses[term]; !ok || !(loss > 0) {
			t.Errorf("the loss %s is %g in the last epoch, want one above 0", term, loss)
		}
	}
	return e, folder
}

// scoresOf are those of all test images of d.
func scoresOf(t *testing.T, e *Engine, d *dataset.Dataset) *selection.Scores {
	t.Helper()
	s, err := e.Scores(context.Background(), d, d.Test, quick())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheSecondFeatureTellsTheClassesThatWereTunedOnAlone compares the logits of MMRL with those of its first feature, and with
// those of its second, which are all that counts with a share of 1.
func TestTheSecondFeatureTellsTheClassesThatWereTunedOnAlone(t *testing.T) {
	golden.OnPureGo(t)
	d, _ := newData()
	e, folder := tunedMMRL(t, called(t, "mmrl", `{"Width": 8}`), d)
	second := ownEngine(t, newModel(1), called(t, "mmrl", `{"Width": 8, "Share": 1}`))
	t.Cleanup(second.Close)
	if _, err := second.Load(filepath.Join(folder, PromptsFile)); err != nil {
		t.Fatal(err)
	}
	other, fewer := *d, *d
	other.Name = "Other"
	fewer.Classes, fewer.Test = d.Classes[:2], nil
	for _, item := range d.Test {
		if item.Label < 2 {
			fewer.Test = append(fewer.Test, item)
		}
	}
	for name, test := range map[string]struct {
		data  *dataset.Dataset
		share float64
	}{
		"the classes that were tuned on": {d, 0.3}, "another data set with the same classes": {&other, 0}, "other classes": {&fewer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, reps := scoresOf(t, e, test.data), scoresOf(t, second, test.data)
			scale := math.Exp(float64(e.Model.Values["logit_scale"][0]))
			apart := 0.0
			for i := range test.data.Test {
				for class := range test.data.Classes {
					first := 0.0
					for k, v := range all.Features.Row(i) {
						first += scale * float64(v) * float64(all.Texts.Row(class)[k])
					}
					rep := float64(reps.Logits.Row(i)[class])
					apart = max(apart, math.Abs(rep-first))
					if got, want := float64(all.Logits.Row(i)[class]), (1-test.share)*first+test.share*rep; math.Abs(got-want) > 1e-4 {
						t.Errorf("logit of image %d and class %d is %g, want %g", i, class, got, want)
					}
				}
			}
			if fused := test.share > 0; fused != (apart > 0.01) {
				t.Errorf("logits of both features are at most %g apart, which tells nothing", apart)
			}
			checkGuesses(t, e, test.data, all)
		})
	}
}

// checkGuesses compares accuracy and guesses with logits.
func checkGuesses(t *testing.T, e *Engine, d *dataset.Dataset, s *selection.Scores) {
	t.Helper()
	score, err := e.Evaluate(context.Background(), d, d.Test, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	guesses, err := e.Predict(context.Background(), d, d.Test, 1, quick())
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, item := range d.Test {
		best := s.Logits.Best(i)
		if best == item.Label {
			right++
		}
		if guesses[i][0].Class != d.Classes[best] {
			t.Errorf("image %d is guessed to be %q, want %q", i, guesses[i][0].Class, d.Classes[best])
		}
	}
	if want := 100 * float64(right) / float64(len(d.Test)); math.Abs(score.Accuracy-want) > 1e-9 {
		t.Errorf("the accuracy is %g %%, want %g %%", score.Accuracy, want)
	}
}

// TestInsertedTokensReadAsWords: they stand before the last block of two.
func TestInsertedTokensReadAsWords(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "mmrl", `{"Tokens": 2, "Width": 8}`))
	defer e.Close()
	words, err := e.Words(nil, 3)
	if err != nil || len(words) != 2 {
		t.Fatalf("Words = %v, %v, want 2 of 1 block", words, err)
	}
	for i, w := range words {
		if w.Block != 2 || w.Vector != i+1 || len(w.Nearest) != 3 || !(w.Nearest[0].Distance > 0) {
			t.Errorf("Words[%d] = %+v, want 3 words near vector %d of block 2", i, w, i+1)
		}
	}
}
