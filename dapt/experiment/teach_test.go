package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// pupil learns from MaPLe, which has no published setting here.
var pupil = student(`{"Depth": 2, "Teacher": "maple", "TeacherSettings": "{\"Depth\": 2}"}`)

func student(settings string) prompt.Learner {
	l, err := prompt.Find("promptkd", []byte(settings))
	if err != nil {
		panic(err) // settings of these tests
	}
	return l
}

// taught is base-to-novel with the pupil alone and under DAPT.
func taught() BaseToNovel {
	b := small()
	scaled := dapt.Over(pupil, mask.Files{})
	scaled.Loss.Mode = dapt.Scaled
	b.Methods = []dapt.Method{{Learner: pupil}, scaled, dapt.Over(pupil, mask.GradCAM{})}
	b.Seeds = []int{1}
	return b
}

// wide is a CLIP of another joint embedding, for images of side pixels.
func wide(side int) *clip.Model {
	m := newModel()
	config := m.Config
	config.Embed, config.Side = 48, side
	return &clip.Model{Weights: clip.Random(config, transform.Stream(2, "test")), Tokenizer: m.Tokenizer}
}

func teachers(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "runs", "*", "*", "teacher", "*", train.PromptsFile))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStudentsShareATeacherAndSeeAllImages(t *testing.T) {
	folder := t.TempDir()
	lab := newLab(t, folder)
	lab.Teacher = wide(16)
	var doing []string
	var last Progress
	lab.Report = func(p Progress) {
		if p.Done < last.Done || p.Total < p.Done {
			t.Errorf("progress goes from %+v to %+v", last, p)
		}
		what, _, _ := strings.Cut(p.Doing, ",")
		doing, last = append(doing, p.Method+" "+what), p
	}
	results, err := taught().Run(context.Background(), lab)
	if err != nil {
		t.Fatal(err)
	}
	if found := teachers(t, folder); len(found) != 1 || !strings.HasPrefix(found[0], filepath.Join(folder, "runs", "base_to_novel", "Tiny", "teacher", "seed1-")) {
		t.Errorf("teachers are kept in %q, want one", found)
	}
	doing = slices.Compact(doing)
	if at := slices.Index(doing, "promptkd tuning the teacher"); at < 0 || slices.Contains(doing, "promptkd+dapt-s tuning the teacher") || last.Done < last.Total*9/10 {
		t.Errorf("what is done is %q, up to %d of %d, want the teacher tuned first and once", doing, last.Done, last.Total)
	}
	for _, r := range results {
		var config struct {
			Teacher struct{ Learner, Backbone, Images string }
		}
		if err := json.Unmarshal(r.Config, &config); err != nil {
			t.Fatal(err)
		}
		if got := config.Teacher; got.Learner != "maple" || !strings.HasSuffix(got.Backbone, lab.Teacher.Fingerprint()) || got.Images == "" {
			t.Errorf("%s tells the teacher %+v, want MaPLe in its CLIP on its images", r.Method, got)
		}
		if len(r.Tests) != 4 || r.Shots != 4 || r.Final != "last step (no validation images)" {
			t.Errorf("%s has %d tests, %d shots, and keeps %s", r.Method, len(r.Tests), r.Shots, r.Final)
		}
		about, err := train.ReadPrompts(filepath.Join(lab.RunFolder(r), train.PromptsFile))
		if err != nil || !slices.Equal(about.Classes, classes) {
			t.Errorf("%s was tuned on %q, %v, want all classes", r.Method, about.Classes, err)
		}
		if heat, err := lab.Heat(context.Background(), r, newBenchmark().Dataset, newBenchmark().Test[:2]); err != nil || len(heat) != 2 {
			t.Errorf("%s: Heat = %v, %v", r.Method, heat, err)
		}
	}
	if again, err := lab.Look(taught()); err != nil || again.Left != 0 || len(again.Work) != 0 {
		t.Errorf("Look finds %+v, %v, want nothing left", again, err)
	}
}

func TestTheWorkOfTeachersIsSeenAndMeasured(t *testing.T) {
	golden.OnPureGo(t)
	lab := newLab(t, t.TempDir())
	lab.Teacher = wide(16)
	before, err := lab.Look(taught())
	if err != nil {
		t.Fatal(err)
	}
	works := map[string]int{}
	for _, w := range before.Work {
		works[w.Method] = w.Tuned[dapt.Both] + w.Tuned[dapt.First] + w.Tuned[dapt.Second]
	}
	// The students see 20 images in 2 epochs, the teacher 4 shots of the base half, once for all.
	if want := map[string]int{"promptkd": 40, "promptkd+dapt-s": 40, "promptkd+dapt-g": 40, "maple as teacher": 16}; !reflect.DeepEqual(works, want) || before.Left != 3 {
		t.Errorf("Look finds images %v of %d runs, want %v", works, before.Left, want)
	}
	if measured, err := lab.Measure(context.Background(), before, nil); err != nil || len(measured.Measured) != 4 || measured.Total() <= 0 {
		t.Errorf("Measure = %+v, %v, want the pace of each", measured.Measured, err)
	}
}

func TestAnInterruptedTeacherGoesOn(t *testing.T) {
	golden.OnPureGo(t)
	want, _ := do(t, t.TempDir(), taught())
	folder := t.TempDir()
	for _, at := range []string{"tuning the teacher, epoch 2", "tuning, epoch 2"} {
		lab := newLab(t, folder)
		ctx, stop := context.WithCancel(context.Background())
		lab.Report = func(p Progress) {
			if strings.HasPrefix(p.Doing, at) {
				stop()
			}
		}
		if _, err := taught().Run(ctx, lab); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped while %s: %v", at, err)
		}
	}
	got, _ := do(t, folder, taught())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("resumed:\n%+v\nin one go:\n%+v", got, want)
	}
}

// TestATeacherIsTunedAsItsStudentsAuthorsDid where they told it.
func TestATeacherIsTunedAsItsStudentsAuthorsDid(t *testing.T) {
	lab, b := newLab(t, t.TempDir()), taught()
	b.Methods = []dapt.Method{{Learner: student(`{"Depth": 2}`)}}
	planned, err := b.plan()
	if err != nil {
		t.Fatal(err)
	}
	runs, err := planned.runs(lab)
	if err != nil {
		t.Fatal(err)
	}
	teacher := runs[0].teacher
	config := train.ConfigOf(prompt.Preset{Rate: 0.005, Epochs: 20, Batch: 8, Average: prompt.Gaussian{Mean: 15, Deviation: 1}})
	config.Seed, config.Test = 1, 4
	if teacher.method.Learner.Name() != "promptsrc" || teacher.config != config || len(teacher.data.Train) != 8 || len(teacher.data.Classes) != 2 {
		t.Errorf("the teacher is %s with %+v on %d images, want PromptSRC with %+v on 8", teacher.method.Name(), teacher.config, len(teacher.data.Train), config)
	}
	found, want := runs[0].method.Learner, student(fmt.Sprintf(`{"Depth": 2, "Weight": 1000, "Embed": %d}`, lab.Model.Config.Embed))
	if found != want || len(runs[0].data.Train) != 20 || runs[0].config != *withSeed(b.Train, 1) {
		t.Errorf("the student is %+v with %+v on %d images", found, runs[0].config, len(runs[0].data.Train))
	}
}

// TestStudentsStandInOneTableWithOthers: reports compare the labelled images of a seed, and settings but for seeds.
func TestStudentsStandInOneTableWithOthers(t *testing.T) {
	lab, b := newLab(t, t.TempDir()), taught()
	b.Methods, b.Seeds = []dapt.Method{{Learner: learner}, {Learner: pupil}}, []int{1, 2}
	planned, err := b.plan()
	if err != nil {
		t.Fatal(err)
	}
	runs, err := planned.runs(lab)
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[int]string{}
	for _, r := range runs[:2] {
		hashes[r.result.Seed] = r.result.SplitHash
	}
	for _, r := range runs[2:] {
		if r.result.SplitHash != hashes[r.result.Seed] || hashes[1] == hashes[2] {
			t.Errorf("seed %d of the student has the split %s, MaPLe has %v", r.result.Seed, r.result.SplitHash, hashes)
		}
	}
	if one, two := string(runs[2].result.Config), string(runs[3].result.Config); strings.ReplaceAll(one, `"Seed":1`, `"Seed":2`) != two {
		t.Errorf("two seeds differ in more:\n%s\n%s", one, two)
	}
}

func withSeed(c *train.Config, seed uint64) *train.Config {
	seeded := *c
	seeded.Seed = seed
	return &seeded
}

func TestZeroShotCLIPTeachesWithoutTuning(t *testing.T) {
	golden.OnPureGo(t)
	folder, b := t.TempDir(), taught()
	b.Methods = []dapt.Method{{Learner: student(`{"Depth": 2, "Teacher": "zero-shot"}`)}}
	results, _ := do(t, folder, b)
	if len(results) != 1 || len(results[0].Tests) != 4 || len(teachers(t, folder)) != 0 {
		t.Errorf("results are %+v, teachers %q, want one, and none tuned", results, teachers(t, folder))
	}
}

// TestStudentsAreTestedOnOtherDataSets whose classes their teacher is asked for before.
func TestStudentsAreTestedOnOtherDataSets(t *testing.T) {
	golden.OnPureGo(t)
	target := newBenchmark()
	other := *target.Dataset
	other.Name, other.Classes = "Other", []string{"zebra", "cat"}
	other.Train, other.Val, other.Test = nil, nil, slices.Clone(target.Test[:2])
	for i := range other.Test {
		other.Test[i].Label, other.Test[i].Class = 1, "cat"
	}
	target = Benchmark{Dataset: &other}
	b := taught()
	results, _ := do(t, t.TempDir(), CrossDataset{
		Source: newBenchmark(), Targets: []Benchmark{target}, Methods: b.Methods[:1], Shots: 4, Seeds: []int{1}, Train: b.Train,
	})
	if len(results) != 1 || len(results[0].Tests) < 2 || !slices.ContainsFunc(results[0].Tests, func(x Test) bool { return x.Name == "Other" && x.Images == 2 }) {
		t.Errorf("results are %+v, want a test of the target", results)
	}
}

func TestStudentsAreRefusedBeforeTheirTeachersAreTuned(t *testing.T) {
	for want, test := range map[string]struct {
		teacher *clip.Model
		change  func(b *BaseToNovel)
	}{
		"of 16 pixels a side, and its teacher": {wide(24), func(*BaseToNovel) {}},
		"a step of promptkd has 1 image":       {nil, func(b *BaseToNovel) { c := *b.Train; c.Batch = 1; b.Train = &c }},
		`no learner "mapel"`: {nil, func(b *BaseToNovel) {
			b.Methods = []dapt.Method{{Learner: student(`{"Teacher": "mapel"}`)}}
		}},
		"zebra/4": {nil, func(b *BaseToNovel) { // a novel image, which no labelled draw has
			b.Methods = b.Methods[1:2]
			delete(b.Benchmarks[0].FS.(fstest.MapFS), "mask/train/zebra/4.png")
		}},
	} {
		folder := t.TempDir()
		lab, b := newLab(t, folder), taught()
		lab.Teacher = test.teacher
		test.change(&b)
		_, err := b.Run(context.Background(), lab)
		if err == nil || !strings.Contains(err.Error(), want) || len(teachers(t, folder)) > 0 {
			t.Errorf("Run = %v, want an error with %q, and no teacher", err, want)
		}
	}
	few := DataEfficient{Benchmarks: []Benchmark{newBenchmark()}, Methods: []dapt.Method{{Learner: pupil}}, Seeds: []int{1}, Train: taught().Train}
	if _, err := few.Run(context.Background(), newLab(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), "has none to choose for it") {
		t.Errorf("DataEfficient = %v, want an error", err)
	}
}
