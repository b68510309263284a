package prompt_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestCLIPAdapterKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{prompt.CLIPAdapter{}, prompt.CLIPAdapter{Reduction: 2, Ratio: 0.5}} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

// TestCLIPAdapterMixesAsPyTorchDoes: testdata/clipadapter.py made the numbers.
func TestCLIPAdapterMixesAsPyTorchDoes(t *testing.T) {
	var want struct{ Down, Up, Features, Mixed [][]float32 }
	data, err := os.ReadFile("testdata/clipadapter.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	mixed, err := graph.CallOnce(golden.Backend(t), func(down, up, features *graph.Node) *graph.Node {
		p := prompt.Values{"fc.0.weight": down, "fc.2.weight": up}
		views, _ := prompt.CLIPAdapter{}.Prompts(p).Project([]*graph.Node{features}, true)
		return views[0]
	}, want.Down, want.Up, want.Features)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tensors.CopyFlatData[float32](mixed)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range want.Mixed {
		for j, value := range row {
			if math.Abs(float64(got[i*len(row)+j]-value)) > 1e-6 {
				t.Errorf("feature %d is %v, want %v", i, got[i*len(row):(i+1)*len(row)], row)
				break
			}
		}
	}
}

func TestCLIPAdapterRefusesRatiosThatAreNone(t *testing.T) {
	for _, l := range []prompt.CLIPAdapter{{Ratio: 1.5}, {Ratio: -0.2}, {Reduction: -1}} {
		if _, err := l.Parameters(wide(), rand.New(rand.NewPCG(1, 1))); err == nil || !strings.Contains(err.Error(), "at most 1 of Ratio") {
			t.Errorf("Parameters of %+v: %v, want an error", l, err)
		}
	}
}

// TestTheWorkedExampleIsThisLearner: every block of Go in docs/learners.md is in these files, and the learner's is there whole.
func TestTheWorkedExampleIsThisLearner(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	learner := read("clipadapter.go")
	files := []string{learner, read("clipadapter_test.go"), read("prompt.go")}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read("../../docs/learners.md"), -1)
	whole := false
	for _, block := range blocks {
		code := block[1]
		whole = whole || code == learner
		if !slices.ContainsFunc(files, func(file string) bool { return strings.Contains(file, code) }) {
			t.Errorf("docs/learners.md shows Go that is in none of the learner, its test and the list; copy it from there:\n%s", code)
		}
	}
	if !whole || len(blocks) < 3 {
		t.Errorf("docs/learners.md shows %d blocks of Go, of which none is clipadapter.go: copy the file into its block", len(blocks))
	}
}
