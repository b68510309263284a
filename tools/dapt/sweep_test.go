package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
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

// TestOtherLearnersAreTunedAsPublished: beside the methods of the preset, with the same flags over what is published of each.
func TestOtherLearnersAreTunedAsPublished(t *testing.T) {
	for _, c := range []struct {
		flags  []string
		epochs map[string]int
	}{
		{[]string{"-methods", "coop+dapt-s,maple,vpt+dapt-g"}, map[string]int{"maple": 10, "coop+dapt-s": 100, "vpt+dapt-g": 10}},
		{[]string{"-methods", "promptsrc"}, map[string]int{"promptsrc": 50}},
		{[]string{"-methods", "maple,coop", "-epochs", "3"}, map[string]int{"maple": 3, "coop": 3}},
	} {
		x, p, err := presetOf(t, c.flags...)
		if err != nil {
			t.Fatal(err)
		}
		all := x.together(p, func(m []dapt.Method, config *train.Config, change func(*train.Config)) experiment.Protocol {
			return experiment.FewShot{Benchmarks: []experiment.Benchmark{p.Benchmark}, Methods: m, Shots: []int{4}, Train: config, Change: change}
		})
		got := map[string]int{}
		for _, way := range experiment.Tuning(all) {
			for _, method := range way.Methods {
				got[method] = way.Config.Epochs
			}
		}
		if !maps.Equal(got, c.epochs) {
			t.Errorf("%q: epochs are %v, want %v", c.flags, got, c.epochs)
		}
	}
}

func TestFlagsGoOverWhatIsPublished(t *testing.T) {
	x, _, err := presetOf(t, "-optimizer", "adamw", "-decay", "0", "-crop", "0.5", "-final", "mean of epochs", "-average-mean", "6", "-average-deviation", "10")
	if err != nil {
		t.Fatal(err)
	}
	got, want := train.Paper(), train.Paper()
	x.change(&got)
	want.Optimizer, want.Momentum, want.Decay, want.Crop = train.AdamW, 0, 0, 0.5
	want.Final, want.Average = train.MeanOfEpochs, prompt.Gaussian{Mean: 6, Deviation: 10}
	if got != want {
		t.Errorf("flags make %+v, want %+v", got, want)
	}
	x, _, err = presetOf(t, "-optimizer", "sgd", "-final", "last step")
	if err != nil {
		t.Fatal(err)
	}
	x.change(&got)
	want.Optimizer, want.Momentum, want.Final, want.Average = train.SGD, 0.9, train.LastStep, prompt.Gaussian{}
	if got != want {
		t.Errorf("flags make %+v, want %+v", got, want)
	}
}

func TestWrongFlagsOfSweepsAreErrors(t *testing.T) {
	for _, test := range []struct{ flag, value, want string }{
		{"-methods", "clip", `"clip", want zero-shot or some of coop, `},
		{"-methods", "zero-shot+dapt-s", "want zero-shot or some of"},
		{"-methods", "coop+dapt", "with +dapt-s or +dapt-g"},
		{"-optimizer", "adam", `"adam", want sgd or adamw`},
		{"-average-mean", "3", `give -final "mean of epochs" too`},
		{"-crop", "2", "Crop is 2"},
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
