package experiment

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func TestMissingListsAreFoundBeforeAnythingIsTuned(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*dataset.Dataset)
		want   string
	}{
		"no training images":      {func(d *dataset.Dataset) { d.Train = nil }, "Tiny has no training images, and maple is tuned on some: add a list train"},
		"no test images":          {func(d *dataset.Dataset) { d.Test = nil }, "Tiny has no images for the test base: add a list test"},
		"no test image of a half": {func(d *dataset.Dataset) { d.Test = d.Test[:6] }, "Tiny has no images for the test novel"},
		"a long class name": {func(d *dataset.Dataset) {
			for _, list := range []*[]dataset.Item{&d.Train, &d.Val, &d.Test} {
				for i := range *list {
					if (*list)[i].Label == 3 {
						(*list)[i].Class = strings.Repeat("zebra ", 20)
					}
				}
			}
			d.Classes = append(append([]string{}, d.Classes[:3]...), strings.Repeat("zebra ", 20))
		}, "class names of Tiny: clip: "},
	} {
		e := small()
		e.Benchmarks[0].Conditions = nil
		c.change(e.Benchmarks[0].Dataset)
		lab := newLab(t, t.TempDir())
		lab.Report = func(p Progress) { t.Errorf("with %s, %s begins before the error", name, p.Run) }
		if _, err := e.Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Run with %s fails with %v, want a message with %q", name, err, c.want)
		}
	}
}

func TestAMissingTestListOfManyClassesIsAShortMessage(t *testing.T) {
	d := &dataset.Dataset{Name: "Many", Template: "a {}."}
	for i := range 1000 {
		d.Classes = append(d.Classes, fmt.Sprintf("class %d", i))
	}
	method := dapt.Method{Learner: prompt.ZeroShot{}}
	err := checkLists(newLab(t, t.TempDir()), []run{{method: method, data: d, tests: []test{{name: "all", data: d}}}})
	if err == nil || !strings.Contains(err.Error(), `["class 0" "class 1"`) || len(err.Error()) > 400 {
		t.Errorf("checkLists fails with %.500v, want a few of the classes", err)
	}
}

func TestContextsOfClassesThatATestLacksAreAnErrorBeforeAnythingIsTuned(t *testing.T) {
	e := small()
	d := e.Benchmarks[0].Dataset
	for contexts, want := range map[int]string{2: "", 3: "for each of 3 classes, but there are 2"} {
		r := run{method: dapt.Method{Learner: called(t, "coop", fmt.Sprintf(`{"Context": 2, "Classes": %d}`, contexts))}, data: d.Base(), tests: halves("", dapt.Method{}, d)}
		if err := checkLists(newLab(t, t.TempDir()), []run{r}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("with %d contexts the error is %v, want %q", contexts, err, want)
		}
	}
}

func TestDataWithoutTrainingImagesAreForZeroShot(t *testing.T) {
	e := small()
	e.Benchmarks[0].Train, e.Benchmarks[0].Val = nil, nil
	e.Methods = []dapt.Method{{Learner: prompt.ZeroShot{}}}
	results, _ := do(t, t.TempDir(), e)
	if len(results) != 1 || len(results[0].Tests) != 4 {
		t.Errorf("results are %+v, want one run with four tests", results)
	}
}

func TestDataWithoutValidationImagesKeepTheLastStep(t *testing.T) {
	e := small()
	e.Benchmarks[0].Val = nil
	e.Methods, e.Seeds = []dapt.Method{{Learner: prompt.ZeroShot{}}, {Learner: learner}}, []int{1, 2}
	var notices []string
	lab := newLab(t, t.TempDir())
	lab.Notice = func(line string) { notices = append(notices, line) }
	lab.Report = func(Progress) {
		if len(notices) != 1 || !strings.HasPrefix(notices[0], "Tiny has no validation images") {
			t.Errorf("before the first run, notices are %q, want one", notices)
		}
	}
	results, err := e.Run(context.Background(), lab)
	if err != nil {
		t.Fatal(err)
	}
	if want := "last step (no validation images)"; len(results) != 3 || results[1].Final != want {
		t.Errorf("results are %+v, want two of the prompts of the %s", results, want)
	}
}

// hand is the learner with the data set's own sentence.
type hand struct{ prompt.MaPLe }

func (hand) Template(sentence string) string { return sentence }

func TestASwallowedNameIsTold(t *testing.T) {
	e := small()
	e.Benchmarks[0].Template = "{}."
	r := run{method: dapt.Method{Learner: hand{learner}}, data: e.Benchmarks[0].Dataset, tests: halves("", dapt.Method{}, e.Benchmarks[0].Dataset)}
	lab := newLab(t, t.TempDir())
	var notices []string
	lab.Notice = func(line string) { notices = append(notices, line) }
	if err := checkLists(lab, []run{r, r}); err != nil {
		t.Fatal(err)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "are written over the class names") {
		t.Errorf("notices are %q, want one of the context", notices)
	}
}

func TestAnotherSentenceIsAnotherRun(t *testing.T) {
	e, folder := small(), t.TempDir()
	e.Methods = []dapt.Method{{Learner: prompt.ZeroShot{}}}
	do(t, folder, e)
	e.Benchmarks[0].Template = "a {}."
	results, computed := do(t, folder, e)
	if len(computed) != 1 || !strings.Contains(string(results[0].Config), `"template":"a {}."`) {
		t.Errorf("with another sentence %q are computed, with settings %s, want one run that names the sentence", computed, results[0].Config)
	}
}
