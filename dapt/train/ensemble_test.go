package train

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func TestAnEnsembleIsTheMeanOfItsSentences(t *testing.T) {
	d, _ := newData()
	learner := prompt.Ensemble{List: "select"}
	e, err := NewEngine(golden.Backend(t), newModel(1), learner, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	templates, err := learner.Templates(d.Name, d.Template)
	if err != nil {
		t.Fatal(err)
	}
	embed := e.Model.Config.Embed
	want := make([]float64, len(d.Classes)*embed)
	for _, template := range templates {
		texts, err := e.sentenceTexts(template, d.Classes, nil)
		if err != nil {
			t.Fatal(err)
		}
		flat, err := tensors.CopyFlatData[float32](texts)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range flat {
			want[i] += float64(v)
		}
	}
	texts, err := e.encodeTexts(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tensors.CopyFlatData[float32](texts)
	if err != nil {
		t.Fatal(err)
	}
	for class := range d.Classes {
		var dot, length, sum float64
		for i := class * embed; i < (class+1)*embed; i++ {
			dot, length, sum = dot+want[i]*float64(got[i]), length+float64(got[i])*float64(got[i]), sum+want[i]*want[i]
		}
		if cosine := dot / math.Sqrt(sum); math.Abs(cosine-1) > 1e-6 || math.Abs(length-1) > 1e-6 {
			t.Errorf("class %d has cosine %g to the sum of its sentences and squared length %g, want 1", class, cosine, length)
		}
	}
	if _, err := e.encodeTexts(d, []string{"a sky."}); err == nil || !strings.Contains(err.Error(), "Negatives to 0") {
		t.Errorf("with background texts: %v", err)
	}
}
