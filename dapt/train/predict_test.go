package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func TestGuessesAreTheClassesByProbability(t *testing.T) {
	ctx, e := context.Background(), newEngine(t)
	d, _ := newData()
	if err := e.Reset(3); err != nil {
		t.Fatal(err)
	}
	scores, err := e.Scores(ctx, d, d.Test, quick())
	if err != nil {
		t.Fatal(err)
	}
	unlabelled := []dataset.Item{{Path: d.Test[4].Path, Label: -1}, {Path: d.Test[0].Path, Label: 99}}
	guesses, err := e.Predict(ctx, d, unlabelled, 2, quick())
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range []int{4, 0} {
		row, sum := scores.Logits.Row(item), 0.0
		for _, logit := range row {
			sum += math.Exp(float64(logit))
		}
		best := scores.Logits.Best(item)
		want := math.Exp(float64(row[best])) / sum
		if got := guesses[i]; len(got) != 2 || got[0].Class != classes[best] || math.Abs(got[0].Share-want) > 1e-5 || got[1].Share > got[0].Share {
			t.Errorf("guesses of image %d: %v, want %s with %g first", i, got, classes[best], want)
		}
	}
	if all, err := e.Predict(ctx, d, unlabelled, 9, quick()); err != nil || len(all[0]) != len(classes) {
		t.Errorf("top 9 of %d classes: %v, %v", len(classes), all, err)
	}
}

func TestBrokenImagesAreSetApart(t *testing.T) {
	e := newEngine(t)
	d, files := newData()
	files["bad.png"] = &fstest.MapFile{Data: []byte("no image")}
	items := []dataset.Item{{Path: d.Test[0].Path}, {Path: "bad.png"}, {Path: d.Test[1].Path}}
	good, broken, err := e.Readable(t.Context(), d, items)
	if err != nil || !slices.Equal(good, []dataset.Item{items[0], items[2]}) || len(broken) != 1 {
		t.Fatalf("Readable = %v, %v, %v, want the first and the last", good, broken, err)
	}
	if text := broken[0].Error(); !strings.HasPrefix(text, "train: image bad.png") {
		t.Errorf("the broken image is told as %q", text)
	}
}
