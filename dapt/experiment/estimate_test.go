package experiment

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
)

func TestTheOutlookCountsWhatIsLeft(t *testing.T) {
	b := small() // two base classes: 8 training images, 4 of validation, 2 epochs; 6 + 6 + 4 + 4 test images
	folder := t.TempDir()
	o, err := newLab(t, folder).Look(b)
	if err != nil {
		t.Fatal(err)
	}
	want := []Work{
		{Method: "zero-shot", Runs: 1, Tuned: map[dapt.Phase]int{}, Tested: 20},
		{Method: "maple", Runs: 2, Tuned: map[dapt.Phase]int{dapt.Both: 32}, Tested: 56},
		{Method: "maple+dapt-s", Runs: 2, Tuned: map[dapt.Phase]int{dapt.First: 16, dapt.Second: 16}, Tested: 56},
		{Method: "maple+dapt-g", Runs: 2, Tuned: map[dapt.Phase]int{dapt.First: 32}, Tested: 56, Mapped: 32},
	}
	for i, w := range o.Work {
		w.run = run{}
		want[i].Dataset, want[i].Classes = "Tiny", 2
		if !reflect.DeepEqual(w, want[i]) {
			t.Errorf("work is %+v, want %+v", w, want[i])
		}
	}
	if len(o.Work) != 4 || o.Runs != 7 || o.Left != 7 {
		t.Errorf("%d kinds of work, %d runs, %d left", len(o.Work), o.Runs, o.Left)
	}
	done := b
	done.Methods, done.Seeds = b.Methods[:2], []int{1}
	do(t, folder, done)
	if o, err = newLab(t, folder).Look(b); err != nil || o.Runs != 7 || o.Left != 5 || o.Work[0].Method != "maple" || o.Work[0].Runs != 1 {
		t.Errorf("after two runs: %+v, %v, want 5 left and a run of maple", o, err)
	}
}

func TestMeasuringLeavesNothingOnFile(t *testing.T) {
	folder := t.TempDir()
	lab := newLab(t, folder)
	o, err := lab.Look(small())
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	if o, err = lab.Measure(context.Background(), o, func(what string) { heard = append(heard, what) }); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 4 || len(o.Measured) != 4 {
		t.Fatalf("measured %+v, heard %q, want each method once", o.Measured, heard)
	}
	for i, w := range o.Work {
		p := o.Measured[i]
		if p.Test <= 0 || len(p.Tune) != len(w.Tuned) || (p.Map > 0) != (w.Mapped > 0) || o.Seconds(w) <= 0 {
			t.Errorf("%s: pace %+v, %g s in all", w.Method, p, o.Seconds(w))
		}
		for phase, seconds := range p.Tune {
			if seconds <= 0 {
				t.Errorf("%s: an image of phase %d takes %g s", w.Method, phase, seconds)
			}
		}
	}
	results, err := ReadResults(lab.ResultsPath())
	if err != nil || len(results) != 0 {
		t.Errorf("%d results on file, %v", len(results), err)
	}
	first, _ := do(t, folder, small())
	second, _ := do(t, t.TempDir(), small())
	if !reflect.DeepEqual(first, second) {
		t.Error("after measuring, the results are others")
	}
}

func TestTheEstimateGrowsEvenlyWithTheClasses(t *testing.T) {
	pace := func(classes int, seconds float64) Pace {
		return Pace{"maple", classes, Seconds{Tune: map[dapt.Phase]float64{dapt.Both: seconds}, Test: 1}}
	}
	o := Outlook{Measured: []Pace{pace(10, 2), pace(110, 4)}}
	for classes, want := range map[int]float64{10: 25, 60: 35, 110: 45} {
		w := Work{Method: "maple", Classes: classes, Tuned: map[dapt.Phase]int{dapt.Both: 10}, Tested: 5}
		if got := o.Seconds(w); math.Abs(got-want) > 1e-9 {
			t.Errorf("Seconds with %d classes = %g, want %g", classes, got, want)
		}
		o.Work = append(o.Work, w)
	}
	if got := o.Total().Seconds(); math.Abs(got-105) > 1e-6 {
		t.Errorf("Total() = %g s, want 105", got)
	}
	if got := o.Seconds(Work{Method: "coop", Tested: 5}); got != 0 {
		t.Errorf("Seconds of what was not measured = %g, want 0", got)
	}
}
