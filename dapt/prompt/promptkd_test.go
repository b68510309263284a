package prompt_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestPromptKDKeepsTheContract(t *testing.T) {
	for _, l := range []prompt.PromptKD{
		{}, {Context: 2, Depth: 1, Embed: 48}, {Teacher: "maple", TeacherSettings: `{"Depth": 2}`, Temperature: 2},
	} {
		prompttest.Run(t, l)
	}
	traintest.Run(t, prompt.PromptKD{Context: 2, Depth: 2, Teacher: "maple", TeacherSettings: `{"Depth": 2}`})
}

// pytorch is testdata/promptkd.json, which testdata/promptkd.py makes.
type pytorch struct {
	Parameters  map[string]any
	Views       [][][]float32
	Tested      [][][]float32
	Trained     [][][]float32
	Loss        float32
	Gradients   map[string]any
	RunningMean []float32 `json:"running_mean"`
	RunningVar  []float32 `json:"running_var"`
	Distil      struct {
		Temperature            float64
		Scale, Loss            float32
		Image, Texts, Gradient [][]float32
		Teacher                [][]float32
	}
}

func readPyTorch(t *testing.T) pytorch {
	t.Helper()
	text, err := os.ReadFile("testdata/promptkd.json")
	if err != nil {
		t.Fatal(err)
	}
	var p pytorch
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// flat are the numbers of nested lists.
func flat(t *testing.T, list any) []float32 {
	t.Helper()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []float32
	if err := json.Unmarshal([]byte("["+strings.NewReplacer("[", "", "]", "").Replace(string(text))+"]"), &numbers); err != nil {
		t.Fatal(err)
	}
	return numbers
}

// call runs a graph of inputs and returns the numbers of each output.
func call(t *testing.T, build func(inputs []*graph.Node) []*graph.Node, inputs ...any) [][]float32 {
	t.Helper()
	exec, err := graph.NewExec(golden.Backend(t), build)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	outputs, err := exec.Call(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	list := make([][]float32, len(outputs))
	for i, output := range outputs {
		if list[i], err = tensors.CopyFlatData[float32](output); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if difference := math.Abs(float64(got[i] - want[i])); !(difference <= 1e-4*max(1, math.Abs(float64(want[i])))) {
			t.Errorf("%s at place %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

const projector = "VPT_image_trans.conv1."

// TestTheProjectorIsPyTorchs compares the projection of two views, its gradients, and the running statistics.
func TestTheProjectorIsPyTorchs(t *testing.T) {
	want := readPyTorch(t)
	trained := []string{"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"}
	names := append(trained, "1.running_mean", "1.running_var")
	dims := map[string][]int{"0.weight": {5, 3, 1, 1}, "3.weight": {5, 5, 1, 1}}
	inputs := []any{want.Views[0], want.Views[1]}
	for _, name := range names {
		shape := dims[name]
		if shape == nil {
			shape = []int{5}
		}
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(flat(t, want.Parameters[name]), shape...))
	}
	got := call(t, func(nodes []*graph.Node) []*graph.Node {
		views, values, byName := nodes[:2], prompt.Values{}, []*graph.Node{}
		for i, name := range names {
			values[projector+name] = nodes[2+i]
		}
		project := prompt.PromptKD{}.Prompts(values).Project
		tested, kept := project(views, false)
		if kept != nil {
			t.Errorf("testing changes %v", kept)
		}
		projected, kept := project(views, true)
		loss := graph.Add(graph.ReduceAllSum(graph.Square(projected[0])), graph.MulScalar(graph.ReduceAllSum(graph.Square(projected[1])), 2))
		for _, name := range trained {
			byName = append(byName, values[projector+name])
		}
		outputs := append(tested, projected...)
		outputs = append(outputs, loss, kept[projector+"1.running_mean"], kept[projector+"1.running_var"])
		return append(outputs, graph.Gradient(loss, append(byName, views...)...)...)
	}, inputs...)
	wanted := [][]float32{
		flat(t, want.Tested[0]), flat(t, want.Tested[1]), flat(t, want.Trained[0]), flat(t, want.Trained[1]), {want.Loss}, want.RunningMean, want.RunningVar,
	}
	said := []string{"view 0 in a test", "view 1 in a test", "view 0 in training", "view 1 in training", "the loss", "the running mean", "the running variance"}
	for _, name := range append(trained, "view0", "view1") {
		wanted, said = append(wanted, flat(t, want.Gradients[name])), append(said, "the gradient of "+name)
	}
	for i := range wanted {
		near(t, said[i], got[i], wanted[i])
	}
}

func TestTheDivergenceFromTheTeacherIsPyTorchs(t *testing.T) {
	want := readPyTorch(t).Distil
	got := call(t, func(nodes []*graph.Node) []*graph.Node {
		step := prompt.Step{Image: nodes[0], Texts: nodes[1], Teacher: nodes[2], Scale: nodes[3]}
		loss := prompt.PromptKD{Temperature: want.Temperature}.Loss(step)[0]
		return []*graph.Node{loss, graph.Gradient(loss, nodes[0])[0]}
	}, want.Image, want.Texts, want.Teacher, want.Scale)
	near(t, "the loss", got[0], []float32{want.Loss})
	near(t, "its gradient", got[1], flat(t, want.Gradient))
}

func TestPromptKDStartsAsPublished(t *testing.T) {
	list, err := prompt.PromptKD{}.On(prompt.Task{Teacher: 768}).(prompt.PromptKD).Parameters(wide(), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, p := range list {
		if !p.Buffer {
			total += len(p.Value)
		}
		bound := map[string]float64{projector + "0.bias": 1 / math.Sqrt(512), projector + "3.weight": 1 / math.Sqrt(768)}[p.Name]
		for _, v := range p.Value {
			if bound > 0 && math.Abs(float64(v)) > bound {
				t.Fatalf("%s has %g, want at most %g", p.Name, v, bound)
			}
		}
	}
	if total != 1013760 { // facts of the published code: 15 tensors in ViT-B/16, taught by ViT-L/14
		t.Errorf("PromptKD trains %d numbers, want 1013760", total)
	}
}

func TestPromptKDFollowsItsTask(t *testing.T) {
	for _, test := range []struct {
		start prompt.PromptKD
		task  prompt.Task
		want  prompt.PromptKD
	}{
		{prompt.PromptKD{}, prompt.Task{Dataset: "OxfordFlowers", Teacher: 768}, prompt.PromptKD{Weight: 200, Embed: 768}},
		{prompt.PromptKD{}, prompt.Task{Dataset: "EuroSAT"}, prompt.PromptKD{Weight: 1000}},
		{prompt.PromptKD{}, prompt.Task{Protocol: "cross_dataset", Dataset: "FGVCAircraft"}, prompt.PromptKD{Weight: 1000, Depth: 3}},
		{prompt.PromptKD{Weight: -1, Depth: 2, Embed: 5}, prompt.Task{Protocol: "cross_dataset", Teacher: 7}, prompt.PromptKD{Weight: -1, Depth: 2, Embed: 5}},
	} {
		got := test.start.On(test.task)
		if got != prompt.Learner(test.want) || got.(prompt.PromptKD).On(test.task) != got {
			t.Errorf("%+v on %+v is %+v, want %+v, and the same again", test.start, test.task, got, test.want)
		}
	}
}

func TestPromptKDIsTunedAsPublished(t *testing.T) {
	for protocol, known := range map[string]bool{"": true, "base_to_novel": true, "cross_dataset": true, "few_shot": false, "linear_probe": false} {
		p, ok := prompt.PromptKD{}.Preset(prompt.Task{Protocol: protocol, Dataset: "EuroSAT", Teacher: 768})
		if ok != known || ok && (p.Rate != 0.005 || p.Epochs != 20 || p.Batch != 8 || p.Learner.(prompt.PromptKD).Weight != 1000 || p.Learner.(prompt.PromptKD).Embed != 768) {
			t.Errorf("the preset of %q is %+v, %t, want the published one: %t", protocol, p, ok, known)
		}
	}
	base := prompt.Task{Protocol: "base_to_novel"}
	p, ok := prompt.PromptKD{}.Lesson(base)
	want, err := prompt.Find("promptsrc", []byte(`{"TextDepth": 9, "VisionDepth": 9}`))
	if err != nil {
		t.Fatal(err)
	}
	if !ok || p.Learner != want || p.Rate != 0.005 || p.Batch != 8 || p.Average.Mean != 15 {
		t.Errorf("its teacher is tuned as %+v, %t", p, ok)
	}
	if p, ok := (prompt.PromptKD{Teacher: "maple"}).Lesson(base); ok {
		t.Errorf("MaPLe teaches as %+v, want its own way", p)
	}
}

func TestPromptKDRefusesTeachersThatCannotTeach(t *testing.T) {
	for want, l := range map[string]prompt.PromptKD{
		`no learner "maples"`:            {Teacher: "maples"},
		"cocoop cannot teach promptkd":   {Teacher: "cocoop"},
		"promptkd cannot teach promptkd": {Teacher: "promptkd"},
		`unknown field "Dept"`:           {TeacherSettings: `{"Dept": 3}`},
		"has 5000 numbers, want at most": {Embed: 5000},
		"Temperature of promptkd is -1":  {Temperature: -1},
	} {
		if _, err := l.Parameters(wide(), rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parameters of %+v: %v, want an error with %q", l, err, want)
		}
	}
	if got := (prompt.PromptKD{Teacher: "maple", TeacherSettings: `{"Depth": 3}`}).Taught(); got != prompt.Learner(prompt.MaPLe{Depth: 3}) {
		t.Errorf("Taught = %+v, want MaPLe in 3 blocks", got)
	}
}
