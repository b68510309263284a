package experiment

import (
	"context"
	"slices"
	"testing"
)

func TestTheEmbeddedBenchmarkIsWhole(t *testing.T) {
	b, err := Mini()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.check(context.Background()); err != nil {
		t.Error(err)
	}
	if len(b.Conditions) != 2 || b.Conditions[0].Name != "shift" || b.Conditions[1].Name != "background" || len(b.Classes) != 60 {
		t.Errorf("%d classes and conditions %v, want 60, shift and background", len(b.Classes), len(b.Conditions))
	}
	var names []string
	for _, m := range Quickstart(b).Methods {
		names = append(names, m.Name())
	}
	if want := []string{"zero-shot", "maple", "maple+dapt-s", "maple+dapt-g"}; !slices.Equal(names, want) {
		t.Errorf("the quick start runs %q, want %q", names, want)
	}
}
