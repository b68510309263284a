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

func TestTheOutlookIsTheSharesOwn(t *testing.T) {
	probe := LinearProbe{Benchmarks: []Benchmark{newBenchmark(), elsewhere("Other", 0)}, Shots: []int{1, 2}, Seeds: []int{1, 2}}
	probe.Benchmarks[1].Train, probe.Benchmarks[1].Val = probe.Benchmarks[0].Train, probe.Benchmarks[0].Val
	for _, p := range []Protocol{tiny(), probe} {
		runs := 0
		for i := range 2 {
			lab := newLab(t, t.TempDir())
			lab.Share = Share{i, 2}
			o, err := lab.Look(p)
			if err != nil || o.Left != o.Runs || o.Runs == 0 {
				t.Errorf("share %d of %T: %+v, %v", i, p, o, err)
			}
			runs += o.Runs
			results, err := p.Run(context.Background(), lab)
			if err != nil || len(results) != o.Runs {
				t.Errorf("share %d of %T has %d results, %v, want the %d that were foreseen", i, p, len(results), err, o.Runs)
			}
		}
		if whole, err := newLab(t, t.TempDir()).Look(p); err != nil || runs != whole.Runs {
			t.Errorf("%T: shares have %d runs, %v, want %d", p, runs, err, whole.Runs)
		}
	}
	lab := newLab(t, t.TempDir())
	lab.Share = Share{2, 2}
	if _, err := lab.Look(tiny()); err == nil {
		t.Error("a share that there is not has an outlook")
	}
}

func TestTheOutlookOfLinearProbesCountsImagesToEncode(t *testing.T) {
	probe := LinearProbe{Benchmarks: []Benchmark{newBenchmark()}, Shots: []int{5}, Seeds: []int{1}}
	folder := t.TempDir()
	lab := newLab(t, folder)
	o, err := lab.Look(probe) // 20 training images, 8 of validation, 12 + 8 test images
	if err == nil {
		o, err = lab.Measure(context.Background(), o, nil)
	}
	if err != nil || len(o.Work) != 1 || o.Work[0].Tested != 48 || o.Work[0].Runs != 1 || o.Seconds(o.Work[0]) <= 0 {
		t.Fatalf("%+v, %v, want one run that encodes 48 images, and how long that takes", o, err)
	}
	do(t, folder, probe)
	probe.Seeds = []int{1, 2}
	if o, err = newLab(t, folder).Look(probe); err != nil || o.Runs != 2 || o.Left != 1 || o.Work[0].Tested != 0 {
		t.Errorf("after one of two runs: %+v, %v, want one left that encodes nothing", o, err)
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
