package train

import (
	"maps"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

func TestPromptsPastATowersEndStayAsTheyAre(t *testing.T) {
	m := newModel(1) // of two blocks
	deep := prompt.MaPLe{Depth: 4}
	e, err := NewEngine(golden.Backend(t), m, deep, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	list, err := deep.Parameters(m, transform.Stream(1, "init"))
	if err != nil {
		t.Fatal(err)
	}
	start := map[string][]float32{}
	for _, p := range list {
		start[p.Name] = p.Value
	}
	if err := e.SetParameters(start); err != nil {
		t.Fatal(err)
	}
	texts, err := m.Pack(dapt.Sentences(deep.Template(""), classes))
	if err != nil {
		t.Fatal(err)
	}
	side := m.Config.Side
	in := Input{Images: slices.Repeat([]float32{0.5}, side*side*3), Labels: []int32{1}, Classes: texts}
	c := quick()
	c.Decay = 0.1
	if _, err := e.Step(dapt.Method{Learner: deep}, c, dapt.First, 0.1, in); err != nil {
		t.Fatal(err)
	}
	after, err := e.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if !slices.Equal(after[name], start[name]) {
			changed = append(changed, name)
		}
	}
	want := []string{
		"compound_prompt_projections.0.bias", "compound_prompt_projections.0.weight", "compound_prompts_text.0", "ctx", "proj.bias", "proj.weight",
	}
	if !slices.Equal(changed, want) {
		t.Errorf("a step changed %q, want %q", changed, want)
	}
}
