package experiment_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// miniatures are all benchmarks, as small as they get.
func miniatures(t *testing.T) []experiment.Benchmark {
	t.Helper()
	var all []experiment.Benchmark
	for _, spec := range dataset.Specs {
		files, err := layout.Draw(spec, layout.Options{Images: 2})
		if err != nil {
			t.Fatal(err)
		}
		d, err := dataset.Open(spec, files)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, experiment.Benchmark{Dataset: d})
	}
	return all
}

// knowing is a CLIP with random weights whose tokenizer knows the words of the benchmarks.
func knowing(benchmarks []experiment.Benchmark) *clip.Model {
	var corpus []string
	for _, b := range benchmarks {
		corpus = append(corpus, dapt.Sentences(b.Template, b.Classes)...)
		words := dapt.Backgrounds(b.Name)
		corpus = append(corpus, dapt.Sentences(words.Template, words.Words)...)
	}
	tokenizer := clip.NewTokenizer().Cut(append(corpus, "a photo of a"))
	tower := clip.Tower{Width: 64, Layers: 1, Heads: 1}
	config := clip.Config{Side: 16, Patch: 8, Embed: 16, Context: 24, Vocabulary: tokenizer.Vocabulary(), Vision: tower, Text: tower}
	return &clip.Model{Weights: clip.Random(config, transform.Stream(1, "test")), Tokenizer: tokenizer}
}

// TestEveryBenchmarkGoesThroughEveryStep opens, draws, tunes one step with DAPT, tests and reports each of them. Those that
// have test images only are tested.
func TestEveryBenchmarkGoesThroughEveryStep(t *testing.T) {
	benchmarks := miniatures(t)
	lab, err := experiment.Open(golden.Backend(t), experiment.Backend{Name: "test"}, knowing(benchmarks), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	config := train.Config{
		Rate: 0.01, Warmup: 0.01, Epochs: 1, Batch: 12, Momentum: 0.9, Decay: 5e-4, Final: train.BestOnVal, Test: 24, DType: dtypes.Float32,
	}
	tuned := dapt.Over(prompt.MaPLe{Depth: 1}, mask.Files{Layout: mask.DAPT})
	var results []experiment.Result
	for _, b := range benchmarks {
		methods := []dapt.Method{{Learner: prompt.ZeroShot{}}, tuned}
		if len(b.Train) == 0 {
			methods = methods[:1]
		}
		few := experiment.FewShot{Benchmarks: []experiment.Benchmark{b}, Methods: methods, Shots: []int{1}, Seeds: []int{1}, Train: &config}
		done, err := few.Run(context.Background(), lab)
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		for i, r := range done {
			test := r.Tests[0]
			if test.Images != len(b.Test) || !slices.Equal(test.Classes, b.Classes) || test.Accuracy < 0 || test.Accuracy > 100 || len(r.Epochs) != i {
				t.Errorf("%s, %s: %d epochs and the test %+v, want %d of %d images of %q", b.Name, r.Method, len(r.Epochs), test, i, len(b.Test), b.Classes)
			}
		}
		results = append(results, done...)
	}
	page, err := report.HTML(results, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range benchmarks {
		if !strings.Contains(string(page), b.Name) {
			t.Errorf("the report says nothing of %s", b.Name)
		}
	}
}

// TestMiniaturesGoFromBaseToNovel also draws more images than there are of a class.
func TestMiniaturesGoFromBaseToNovel(t *testing.T) {
	benchmarks := miniatures(t)
	lab, err := experiment.Open(golden.Backend(t), experiment.Backend{Name: "test"}, knowing(benchmarks), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	config := train.PaperBaseToNovel()
	config.Epochs = 1
	for _, b := range benchmarks {
		if !slices.Contains([]string{"OxfordPets", "FGVCAircraft", "ImageNet", "VOC12"}, b.Name) {
			continue
		}
		e := experiment.BaseToNovel{
			Benchmarks: []experiment.Benchmark{b}, Methods: []dapt.Method{dapt.Over(prompt.MaPLe{Depth: 1}, mask.Files{})}, Seeds: []int{1}, Train: &config,
		}
		results, err := e.Run(context.Background(), lab)
		if err != nil || len(results) != 1 || len(results[0].Tests) != 2 || len(results[0].Tests[0].Classes) != 3 || len(results[0].Tests[1].Classes) != 3 {
			t.Errorf("%s: %+v, %v, want a run with tests of three classes each", b.Name, results, err)
		}
	}
}
