package train

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func TestConditionalTextsFollowTheImage(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "cocoop", ""))
	defer e.Close()
	d, _ := newData()
	ctx := context.Background()
	whole, err := e.Scores(ctx, d, d.Test, quick())
	if err != nil {
		t.Fatal(err)
	}
	values := parameters(t, e)
	for i := range values["meta_net.linear2.bias"] { // adds the same to every token of every image
		values["meta_net.linear2.bias"][i] += 0.3
	}
	if err := e.SetParameters(values); err != nil {
		t.Fatal(err)
	}
	one := quick()
	one.Test = 1
	changed, err := e.Scores(ctx, d, d.Test, one)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, v := range changed.Logits.Values {
		if v == whole.Logits.Values[i] {
			same++
		}
	}
	if same > 2 { // which rounding may make equal
		t.Errorf("%d of %d logits are the same whatever the network that looks at the image says", same, len(whole.Logits.Values))
	}
	again, err := e.Scores(ctx, d, d.Test, quick()) // in batches of another size
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range again.Logits.Values {
		if math.Abs(float64(v-changed.Logits.Values[i])) > 1e-4 {
			t.Errorf("logit %d is %g in one batch and %g in another", i, v, changed.Logits.Values[i])
		}
	}
	if texts := whole.Texts.Values; len(texts) != len(classes)*e.Model.Config.Embed || texts[0] == 0 || texts[0] != again.Texts.Values[0] {
		t.Errorf("the texts before an image changes them are %v and %v", texts[:2], again.Texts.Values[:2])
	}
	if _, err := e.Evaluate(ctx, d, d.Test, []string{"a tree"}, quick()); err == nil || !strings.Contains(err.Error(), "set Background.Negatives to 0") {
		t.Errorf("with background texts beside the classes: %v", err)
	}
}

func TestBatchesOfConditionalTextsAreBounded(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "cocoop", ""))
	defer e.Close()
	c := quick()
	for classes, want := range map[int]int{3: 8, 256: 4, 1000: 1, 5000: 1} {
		if got := e.BatchSize(c, classes); got != want {
			t.Errorf("batch with %d classes = %d, want %d", classes, got, want)
		}
	}
}

func TestContextOfEachClassFitsOnlyItsClasses(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "coop", `{"Context": 2, "Classes": 5}`))
	defer e.Close()
	d, _ := newData()
	if _, err := e.Evaluate(context.Background(), d, d.Test, nil, quick()); err == nil || !strings.Contains(err.Error(), "5 contexts, one for each class, but 3 classes") {
		t.Errorf("Evaluate = %v, want an error with both numbers", err)
	}
}

// TestContextsStandWhereTheirWordsWould compares logits of contexts that are set to the embeddings of words with those of
// CLIP for the sentences with these words.
func TestContextsStandWhereTheirWordsWould(t *testing.T) {
	m := newModel(1)
	d, _ := newData()
	words := func(text string) []float32 {
		var values []float32
		for _, id := range m.Tokenizer.Encode(text) {
			values = append(values, m.Values["token_embedding.weight"][int(id)*64:][:64]...)
		}
		return values
	}
	logits := func(l prompt.Learner, template string, set map[string][]float32) []float32 {
		e := ownEngine(t, m, l)
		defer e.Close()
		values := parameters(t, e)
		maps.Copy(values, set)
		if err := e.SetParameters(values); err != nil {
			t.Fatal(err)
		}
		data := *d
		data.Template = template
		scores, err := e.Scores(context.Background(), &data, d.Test, quick())
		if err != nil {
			t.Fatal(err)
		}
		return scores.Logits.Values
	}
	shifted := words("a photo of a")
	for i := range shifted {
		shifted[i]++
	}
	bias := slices.Repeat([]float32{1}, 64)
	for template, c := range map[string]struct {
		learner prompt.Learner
		set     map[string][]float32
	}{
		"a photo {}.":    {called(t, "coop", `{"Context": 2}`), map[string][]float32{"ctx": words("a photo")}},
		"{} a photo.":    {called(t, "coop", `{"Context": 2, "Position": "front"}`), map[string][]float32{"ctx": words("a photo")}},
		"a {} photo of.": {called(t, "coop", `{"Context": 3, "Position": "middle"}`), map[string][]float32{"ctx": words("a photo of")}},
		"of {} a.": {
			called(t, "coop", `{"Context": 2, "Classes": 3, "Position": "middle"}`),
			map[string][]float32{"ctx": slices.Repeat(words("of a"), 3)},
		},
		"a photo of a {}.": {called(t, "cocoop", ""), map[string][]float32{"meta_net.linear2.weight": make([]float32, 64*2), "meta_net.linear2.bias": make([]float32, 64)}},
	} {
		want := logits(zeroShot, template, nil)
		if d := farthest(logits(c.learner, d.Template, c.set), want); !(d < 1e-4) {
			t.Errorf("%+v with the words of %q: a logit is off by %g", c.learner, template, d)
		}
	}
	moved := logits(called(t, "cocoop", ""), "", map[string][]float32{"meta_net.linear2.weight": make([]float32, 64*2), "meta_net.linear2.bias": bias})
	if d := farthest(moved, logits(called(t, "coop", `{"Context": 4}`), "", map[string][]float32{"ctx": shifted})); !(d < 1e-4) {
		t.Errorf("CoCoOp whose network gives 1 differs from CoOp with a context larger by 1: a logit is off by %g", d)
	}
}

func farthest(a, b []float32) float64 {
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}
