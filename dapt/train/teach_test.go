package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// student learns from MaPLe in a CLIP whose joint embedding has 48 numbers.
var student = distilled(`{"Depth": 2, "Embed": 48, "Teacher": "maple", "TeacherSettings": "{\"Depth\": 2}"}`)

func distilled(settings string) prompt.Distilled {
	l, err := prompt.Find("promptkd", []byte(settings))
	if err != nil {
		panic(err) // the settings above
	}
	return l.(prompt.Distilled)
}

// school is a student's engine and that of its teacher, with tuned prompts. Tests share it.
type school struct{ student, teacher *Engine }

var opened *school

// newSchool tunes the teacher, once.
func newSchool(t *testing.T) *school {
	t.Helper()
	if opened == nil {
		opened = &school{ownEngine(t, newModel(1), student), ownEngine(t, other(16), student.Taught())}
		d, _ := newData()
		if _, err := (Run{Engine: opened.teacher, Method: dapt.Method{Learner: student.Taught()}, Data: d, Config: quick()}).Tune(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return opened
}

// other is a CLIP of another joint embedding, for images of side pixels.
func other(side int) *clip.Model {
	m := newModel(1)
	config := m.Config
	config.Embed, config.Side = 48, side
	return &clip.Model{Weights: clip.Random(config, transform.Stream(2, "test")), Tokenizer: m.Tokenizer}
}

// further has the classes of another data set, which are not tuned on.
func further() *dataset.Dataset {
	return &dataset.Dataset{Name: "Further", Classes: []string{"tree_house", "sky"}, Template: "a photo of a {}."}
}

func (s *school) run(m dapt.Method, folder string) Run {
	d, _ := newData()
	return Run{Engine: s.student, Teacher: s.teacher, Method: m, Data: d, Tested: []*dataset.Dataset{further()}, Config: quick(), Folder: folder}
}

// students are the student alone and under DAPT, over masks in files and over Grad-CAM.
func students() map[string]dapt.Method {
	given, followed := dapt.Over(student, mask.Files{}), dapt.Over(student, mask.GradCAM{})
	given.Loss.Mode, followed.Loss.Mode = dapt.Joint, dapt.Scaled
	return map[string]dapt.Method{"promptkd": {Learner: student}, "dapt-s": given, "dapt-g": followed}
}

func (r Run) tuned(t *testing.T) (Outcome, map[string][]float32) {
	t.Helper()
	out, err := r.Tune(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return out, parameters(t, r.Engine)
}

func TestAStudentNeedsNoTeacherOnceItIsTuned(t *testing.T) {
	s, ctx, folder := newSchool(t), context.Background(), t.TempDir()
	r := s.run(dapt.Method{Learner: student}, folder)
	out, values := r.tuned(t)
	first, last := out.Epochs[0].Losses["distil"], out.Epochs[2].Losses["distil"]
	if total := out.Epochs[0].Losses["total"]; !(last < first) || math.Abs(total/(1000*first)-1) > 1e-6 {
		t.Errorf("the divergence goes from %g to %g, want less; its sum is %g, want 1000 times that", first, last, total)
	}
	want, err := s.student.Evaluate(ctx, r.Data, r.Data.Test, nil, r.Config)
	if err != nil {
		t.Fatal(err)
	}
	fresh := ownEngine(t, newModel(1), student)
	defer fresh.Close()
	about, err := fresh.Load(filepath.Join(folder, PromptsFile))
	if err != nil || !equalParameters(values, parameters(t, fresh)) {
		t.Fatalf("Load = %+v, %v, want the tuned prompts", about, err)
	}
	if got := about.Teacher; got.Learner != "maple" || got.Weights != s.teacher.Model.Fingerprint() || !slices.Equal(got.Classes, append(slices.Clone(classes), "sky")) {
		t.Errorf("the file tells the teacher %+v, want MaPLe, its CLIP, and all classes once", got)
	}
	got, err := fresh.Evaluate(ctx, r.Data, r.Data.Test, nil, r.Config)
	if err != nil || got.Accuracy != want.Accuracy || !slices.Equal(got.PerClass, want.PerClass) {
		t.Errorf("without the teacher the accuracy is %+v, %v, want %+v", got, err, want)
	}
	guesses, err := fresh.Predict(ctx, r.Data, r.Data.Test[:1], 3, r.Config)
	if err != nil || len(guesses[0]) != 3 {
		t.Errorf("Predict = %+v, %v, want 3 classes", guesses, err)
	}
	half := *r.Data
	half.Classes, half.Test = classes[1:2], r.Data.Test[3:6]
	for i := range half.Test {
		half.Test[i].Label = 0
	}
	if got, err := fresh.Evaluate(ctx, &half, half.Test, nil, r.Config); err != nil || got.Accuracy != 100 {
		t.Errorf("among one class: %+v, %v, want all right", got, err)
	}
	texts, err := fresh.encodeTexts(further(), nil)
	if err != nil || !slices.Equal(texts.Shape().Dimensions, []int{2, 48}) {
		t.Errorf("texts of further classes are %v, %v, want two", texts, err)
	}
	half.Classes = []string{"zebra"}
	_, err = fresh.Evaluate(ctx, &half, half.Test, nil, r.Config)
	wantError(t, "an unknown class", err, `was not asked for class "zebra" of Tiny`, "among the tested ones")
	_, err = fresh.Evaluate(ctx, r.Data, r.Data.Test, []string{"a sky."}, r.Config)
	wantError(t, "words beside classes", err, "Negatives to 0")
}

// TestAStepHasWhatItsTeacherMakesOfItsImages compares a step's input with the teacher's own scores and texts.
func TestAStepHasWhatItsTeacherMakesOfItsImages(t *testing.T) {
	golden.OnPureGo(t)
	s, ctx := newSchool(t), context.Background()
	r := s.run(students()["dapt-s"], "")
	run, err := r.prepare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer run.drop()
	scores, err := s.teacher.Scores(ctx, r.Data, r.Data.Train, r.Config)
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.loader.plain(ctx, []int{3, 0, 5}, 3, transform.Eval)
	if err != nil {
		t.Fatal(err)
	}
	var in Input
	if err := run.teach(&in, p); err != nil {
		t.Fatal(err)
	}
	words := dapt.Backgrounds(r.Data.Name)
	texts, err := s.teacher.sentenceTexts(s.teacher.Learner.Template(""), classes, dapt.Sentences(words.Template, words.Words))
	if err != nil {
		t.Fatal(err)
	}
	given, err := tensors.CopyFlatData[float32](texts)
	if err != nil {
		t.Fatal(err)
	}
	logits := slices.Concat(scores.Logits.Row(3), scores.Logits.Row(0), scores.Logits.Row(5))
	for name, lists := range map[string][2][]float32{"texts": {in.Given, given}, "logits": {in.Teacher, logits}} {
		if len(lists[0]) != len(lists[1]) {
			t.Fatalf("%d numbers of %s, want %d", len(lists[0]), name, len(lists[1]))
		}
		for i, v := range lists[1] {
			if math.Abs(float64(v-lists[0][i])) > 1e-4 {
				t.Fatalf("%s at place %d are %g, want %g", name, i, lists[0][i], v)
			}
		}
	}
	for i, item := range run.loader.items {
		if item.Label != scores.Logits.Best(i) {
			t.Errorf("image %d has label %d, the teacher takes it for %d", i, item.Label, scores.Logits.Best(i))
		}
	}
}

func TestNoLabelIsRead(t *testing.T) {
	golden.OnPureGo(t)
	s := newSchool(t)
	for name, m := range students() {
		_, want := s.run(m, "").tuned(t)
		scrambled := s.run(m, "")
		for i := range scrambled.Data.Train {
			item := &scrambled.Data.Train[i]
			item.Label = (i * 7) % 5 // some are no class
			item.Class = "a lie"
		}
		scrambled.Data.Val = nil
		if _, got := scrambled.tuned(t); !equalParameters(got, want) {
			t.Errorf("%s: other labels gave other prompts", name)
		}
	}
}

func TestAStudentGoesOnFromItsCheckpoint(t *testing.T) {
	golden.OnPureGo(t)
	s := newSchool(t)
	for name, m := range students() {
		whole := s.run(m, t.TempDir())
		_, want := whole.tuned(t)
		part := s.run(m, t.TempDir())
		ctx, stop := context.WithCancel(context.Background())
		part.Report = func(p Progress) {
			if p.Step == 5 {
				stop()
			}
		}
		if _, err := part.Tune(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: an interrupted run returns %v", name, err)
		}
		part.Report = nil
		if _, got := part.tuned(t); !equalParameters(got, want) {
			t.Errorf("%s: a resumed run gives other prompts", name)
		}
		if !bytes.Equal(readFile(t, filepath.Join(part.Folder, PromptsFile)), readFile(t, filepath.Join(whole.Folder, PromptsFile))) {
			t.Errorf("%s: a resumed run keeps another file", name)
		}
	}
}

// TestDAPTOverAStudent checks that its terms are computed and change what is tuned.
func TestDAPTOverAStudent(t *testing.T) {
	golden.OnPureGo(t)
	s := newSchool(t)
	_, alone := s.run(dapt.Method{Learner: student}, "").tuned(t)
	for name, m := range students() {
		if name == "promptkd" {
			continue
		}
		if !m.Loss.ForegroundGradient {
			t.Errorf("%s: L_f detaches the foreground, and would train nothing", name)
		}
		out, values := s.run(m, "").tuned(t)
		for _, term := range []string{"v", "f", "b"} {
			seen := slices.ContainsFunc(out.Epochs, func(e Epoch) bool { return e.Losses[term] > 0 })
			if !seen {
				t.Errorf("%s: L_%s is never above 0: %+v", name, term, out.Epochs)
			}
		}
		if equalParameters(alone, values) {
			t.Errorf("%s: DAPT changes nothing", name)
		}
	}
}

func TestStudentsSayWhatTheyMiss(t *testing.T) {
	golden.OnPureGo(t)
	s := newSchool(t)
	large := ownEngine(t, other(24), student.Taught())
	defer large.Close()
	images := ownEngine(t, newModel(1), called(t, "cocoop", ""))
	defer images.Close()
	for want, change := range map[string]func(*Run){
		"promptkd learns from a teacher: set Run.Teacher": func(r *Run) { r.Teacher = nil },
		"images are of 16 pixels a side for promptkd":     func(r *Run) { r.Teacher = large },
		"cocoop cannot teach promptkd":                    func(r *Run) { r.Teacher = images },
		"leave out Weights and Forgetting":                func(r *Run) { r.Forgetting = true },
		"a step of promptkd has 1 image":                  func(r *Run) { r.Config.Batch = 1 },
		"Reo is 1, but L_reo compares with CLIP's":        func(r *Run) { r.Method = students()["dapt-s"]; r.Method.Loss.Reo = 1 },
	} {
		r := s.run(dapt.Method{Learner: student}, "")
		change(&r)
		_, err := r.Tune(context.Background())
		wantError(t, want, err, want)
	}
	fresh := ownEngine(t, newModel(1), student)
	defer fresh.Close()
	d, _ := newData()
	_, err := fresh.Evaluate(context.Background(), d, d.Test, nil, quick())
	wantError(t, "prompts without a teacher", err, "without the texts of their teacher")
	_, err = fresh.Batch(context.Background(), dapt.Method{Learner: student}, d, d.Train)
	wantError(t, "a batch without a teacher", err, "need its teacher's logits")
}

// TestACheckpointIsOfOneTeacher: another one teaches another student.
func TestACheckpointIsOfOneTeacher(t *testing.T) {
	golden.OnPureGo(t)
	s := newSchool(t)
	r := s.run(dapt.Method{Learner: student}, t.TempDir())
	r.tuned(t)
	untuned := ownEngine(t, other(16), student.Taught())
	defer untuned.Close()
	r.Teacher = untuned
	_, err := r.Tune(context.Background())
	wantError(t, "another teacher", err, "belongs to a run with other settings")
	exported := filepath.Join(t.TempDir(), "student.safetensors")
	if err := Export(filepath.Join(r.Folder, PromptsFile), exported); err != nil {
		t.Fatal(err)
	}
	imported, err := Import(exported, s.student.Model, As{})
	if err != nil || imported.Learner != called(t, "promptkd", `{"Context": 4, "Depth": 2, "Embed": 48}`) {
		t.Errorf("Import of what was exported = %+v, %v", imported, err)
	}
	if text := string(readFile(t, exported)); !strings.Contains(text, `"VPT_image_trans.conv1.0.weight"`) || strings.Contains(text, "teacher.texts") {
		t.Error("exported names are not those of the published code")
	}
}

// TestTextsOfFurtherTestsAreKept: students of two protocols share their prompts' file.
func TestTextsOfFurtherTestsAreKept(t *testing.T) {
	old := &Teacher{Learner: "maple", Classes: []string{"cat", "owl"}, Sentences: []string{"a cat.", "an owl."}, texts: []float32{1, 0, 0, 1}}
	now := &Teacher{Learner: "maple", Classes: []string{"cat", "owl"}, Sentences: []string{"a cat.", "the owl."}, texts: []float32{1, 0, 0.6, 0.8}}
	now.keep(old)
	if at := now.place("owl", "an owl."); at != 2 || len(now.texts) != 6 || now.texts[5] != 1 || now.place("cat", "a cat.") != 0 {
		t.Errorf("kept are %+v with %v, want the third from the file", now, now.texts)
	}
	other := &Teacher{Learner: "ivlp", Classes: []string{"dog"}, Sentences: []string{"a dog."}, texts: []float32{1, 0}}
	if now.keep(other); now.place("dog", "a dog.") >= 0 {
		t.Error("texts of another teacher are kept")
	}
	now.keep(nil)
}
