package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/tools/session"
)

// presetOf parses flags of a sweep and returns what they make of the mini benchmark's preset.
func presetOf(t *testing.T, flags ...string) (*sweep, experiment.Preset, error) {
	t.Helper()
	x, c := sweep{pool: 16}, &cobra.Command{}
	x.flags(c.Flags())
	c.SetContext(context.Background())
	if err := c.ParseFlags(doubleDashes(flags)); err != nil {
		t.Fatal(err)
	}
	p, err := x.preset(&session.Setup{Data: "mini"}, c)
	return &x, p, err
}

func TestUnsetFlagsAreThoseOfThePreset(t *testing.T) {
	_, p, err := presetOf(t)
	if err != nil {
		t.Fatal(err)
	}
	if p.Train.Epochs != 10 || p.Train.Batch != 16 || p.Train.Rate != 0.01 || p.Focus != 40 || len(p.Methods) != 4 {
		t.Errorf("preset %+v with %d methods", p.Train, len(p.Methods))
	}
	_, p, err = presetOf(t, "-epochs", "2", "-batch", "4", "-rate", "0.5", "-focus", "0", "-methods", "maple+dapt-g,zero-shot", "-mode", "scaled")
	if err != nil {
		t.Fatal(err)
	}
	if p.Train.Epochs != 2 || p.Train.Batch != 4 || p.Train.Rate != 0.5 || p.Focus != 0 {
		t.Errorf("flags make the preset %+v, focus %d", p.Train, p.Focus)
	}
	if p.Methods[0].Name() != "maple+dapt-g" || p.Methods[1].Name() != "zero-shot" || p.Methods[0].Loss.Mode != "scaled" {
		t.Errorf("methods are %s, mode %q, and %s", p.Methods[0].Name(), p.Methods[0].Loss.Mode, p.Methods[1].Name())
	}
}

func TestWrongFlagsOfSweepsAreErrors(t *testing.T) {
	for _, test := range []struct{ flag, value, want string }{
		{"-methods", "clip", "zero-shot, maple, maple+dapt-s, maple+dapt-g"},
		{"-mode", "late", `"late"`},
		{"-final", "first", `"first"`},
		{"-seeds", "0", "has 0, want at least 1"},
		{"-rate", "-1", "Rate is -1"},
	} {
		if _, _, err := presetOf(t, test.flag, test.value); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: error is %v, want one with %q", test.flag, test.value, err, test.want)
		}
	}
}

func TestFullIsAllPublishedRatios(t *testing.T) {
	x, p, err := presetOf(t, "-seeds", "1")
	if err != nil {
		t.Fatal(err)
	}
	x.ratios, x.selections = []float64{0.3}, []string{"craig"}
	d, err := x.dataEfficient(p)
	if err != nil || !slices.Equal(d.Ratios, x.ratios) || !slices.Equal(d.Seeds, []int{1}) || len(d.Selections) != 1 || len(d.Methods) != 3 {
		t.Errorf("%+v, %v, want ratio 0.3, seed 1, craig, and methods without Grad-CAM", d, err)
	}
	x.full = true
	if d, err = x.dataEfficient(p); err != nil || d.Ratios != nil || d.Seeds != nil {
		t.Errorf("-full leaves ratios %v and seeds %v, %v, want those of the protocol", d.Ratios, d.Seeds, err)
	}
	x.selections = []string{"best"}
	if _, err := x.dataEfficient(p); err == nil || !strings.Contains(err.Error(), "kcenter") {
		t.Errorf("-selections best: error is %v, want one that lists the methods", err)
	}
}
