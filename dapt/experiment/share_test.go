package experiment

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

func TestSharesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]Share{"": {}, "0/1": {0, 1}, "2/8": {2, 8}, "164/165": {164, 165}} {
		if got, err := ParseShare(text); err != nil || got != want || got.String() != text {
			t.Errorf("ParseShare(%q) = %v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"8/8", "-1/8", "0/0", "1", "a/8", "1/b", "1/2/3", "/", "0/-2"} {
		if got, err := ParseShare(text); err == nil || !strings.Contains(err.Error(), "want an index from 0") {
			t.Errorf("ParseShare(%q) = %v, %v, want an error that says what to give", text, got, err)
		}
	}
	if got, want := (Share{2, 8}).Folder("out"), filepath.Join("out", "share-2-of-8"); got != want || (Share{}).Folder("out") != "out" {
		t.Errorf("Folder(out) = %s, want %s", got, want)
	}
}

// smallRuns are the runs of the small experiment.
func smallRuns(t *testing.T) []run {
	t.Helper()
	b := small()
	runs, err := plan{
		protocol: "base_to_novel", benchmarks: b.Benchmarks, methods: b.Methods, shots: []int{b.Shots}, seeds: []int{1, 2, 3}, tuning: tuning{given: b.Train},
		split: (*dataset.Dataset).Base, tests: halves,
	}.runs(newLab(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func TestSharesDivideAllRunsEvenly(t *testing.T) {
	runs := smallRuns(t)
	whole, longest := 0, 0
	for _, r := range runs {
		whole, longest = whole+r.cost(), max(longest, r.cost())
	}
	for _, count := range []int{1, 2, 3, 5, len(runs), len(runs) + 3} {
		owner, load := owners(runs, count), make([]int, count)
		for i, r := range runs {
			load[owner[i]] += r.cost()
		}
		if most := slices.Max(load); most > whole/count+longest {
			t.Errorf("the largest of %d shares costs %d, want at most a run's %d more than the mean %d", count, most, longest, whole/count)
		}
		if count >= len(runs) && slices.Max(load) != longest {
			t.Errorf("%d shares of %d runs cost %v, want one run each", count, len(runs), load)
		}
		if again := owners(smallRuns(t), count); !slices.Equal(owner, again) {
			t.Errorf("%d shares are %v, and another time %v", count, owner, again)
		}
	}
}

// tiny is an experiment of 5 runs, one of which tunes nothing.
func tiny() FewShot {
	b := small()
	b.Train.Epochs = 1
	return FewShot{Benchmarks: b.Benchmarks, Methods: b.Methods[:2], Shots: []int{1, 2}, Seeds: b.Seeds, Train: b.Train}
}

// doShare runs a share of an experiment below out, and returns its lab and results.
func doShare(t *testing.T, out string, s Share, p Protocol) (*Lab, []Result) {
	t.Helper()
	lab := newLab(t, s.Folder(out))
	lab.Share, lab.Command = s, []string{"fewshot", "-seeds", "2"}
	var err error
	if lab.Known, err = ReadResults(filepath.Join(out, "results.jsonl")); err != nil {
		t.Fatal(err)
	}
	results, err := p.Run(context.Background(), lab)
	if err != nil {
		t.Fatal(err)
	}
	return lab, results
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMergedSharesAreTheFileOfOneProcess(t *testing.T) {
	whole := t.TempDir()
	do(t, whole, tiny())
	do(t, whole, killed{})
	probe := LinearProbe{Benchmarks: []Benchmark{newBenchmark()}, Shots: []int{1, 2}, Seeds: []int{1}}
	do(t, whole, probe)
	want := read(t, filepath.Join(whole, "results.jsonl"))
	for _, count := range []int{1, 3, 9} {
		out := t.TempDir()
		for i := count - 1; i >= 0; i-- { // in no order that would help
			lab, results := doShare(t, out, Share{i, count}, tiny())
			if count == 9 && len(results) > 1 || lab.Planned() != 5 {
				t.Errorf("share %d of %d did %d of %d runs, want at most 1 of 5", i, count, len(results), lab.Planned())
			}
			doShare(t, out, Share{i, count}, killed{})
			doShare(t, out, Share{i, count}, probe)
		}
		for range 2 {
			got, err := Merge(out)
			if err != nil || len(got.Missing) > 0 || len(got.Folders) != count+1 {
				t.Fatalf("Merge of %d shares = %+v, %v, want nothing missing", count, got, err)
			}
			if text := read(t, filepath.Join(out, "results.jsonl")); text != want {
				t.Errorf("%d shares merge to\n%s\nwant\n%s", count, text, want)
			}
		}
		opensAll(t, out)
	}
}

// opensAll checks that the prompts of all results that have some are found below a folder, and nothing is left to do there.
func opensAll(t *testing.T, folder string) {
	t.Helper()
	lab := newLab(t, folder)
	for _, r := range lab.results {
		if _, err := lab.Tuned(r); err != nil && r.Probe == nil {
			t.Errorf("Tuned(%s seed %d) = %v, want its prompts", r.Method, r.Seed, err)
		}
	}
	times, err := readLines[Time](filepath.Join(folder, "times.jsonl"))
	if err != nil || len(times) != len(lab.results) {
		t.Fatalf("%d times of %d results, %v", len(times), len(lab.results), err)
	}
	for i, r := range lab.results {
		if times[i].value.Run != r.folder() {
			t.Errorf("time %d is of %s, want %s", i, times[i].value.Run, r.folder())
		}
	}
	if _, computed := do(t, folder, tiny()); len(computed) > 0 {
		t.Errorf("%q computed again after merging", computed)
	}
}

func TestMergeTellsWhatIsMissing(t *testing.T) {
	out, elsewhere := t.TempDir(), t.TempDir()
	doShare(t, out, Share{0, 3}, tiny())
	doShare(t, elsewhere, Share{1, 3}, tiny())
	got, err := Merge(out)
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for i, missing := range got.Missing {
		if missing.Share != (Share{i + 1, 3}) || !slices.Equal(missing.Command, []string{"fewshot", "-seeds", "2"}) {
			t.Errorf("missing are %+v, want those of share %d of 3 with their command", missing, i+1)
		}
		runs = append(runs, missing.Runs...)
	}
	if len(runs)+got.Results != 5 || len(slices.Compact(slices.Sorted(slices.Values(runs)))) != len(runs) {
		t.Errorf("%d results and %q missing, want 5 runs together", got.Results, runs)
	}
	if got, err = Merge(out, elsewhere); err != nil || len(got.Missing) != 1 {
		t.Fatalf("Merge of two folders = %+v, %v, want one share missing", got, err)
	}
	// With another number of shares, what was merged counts as done.
	lab, _ := doShare(t, out, Share{0, 1}, tiny())
	if computed := len(lab.results); computed != 5-got.Results {
		t.Errorf("the one share of 1 computed %d runs, want the %d that were missing", computed, 5-got.Results)
	}
	whole := t.TempDir()
	do(t, whole, tiny())
	if got, err = Merge(out, elsewhere); err != nil || len(got.Missing) != 0 {
		t.Fatalf("Merge after all were done = %+v, %v", got, err)
	}
	if text, want := read(t, filepath.Join(out, "results.jsonl")), read(t, filepath.Join(whole, "results.jsonl")); text != want {
		t.Errorf("merged:\n%s\nwant\n%s", text, want)
	}
}

func TestMergingWhatDoesNotFitIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *Result)
		want   string
	}{
		"another accuracy": {func(r *Result) { r.Tests = []Test{r.Tests[0]}; r.Tests[0].Accuracy = 50 }, "tests[0].accuracy is 33.333333333333336 and 50"},
		"another test":     {func(r *Result) { r.Tests = slices.Concat(r.Tests, r.Tests) }, "tests has 1 and 2 entries"},
		"another version":  {func(r *Result) { r.Code = "v2" }, "code is v1 and v2"},
		"another loss": {func(r *Result) {
			r.Epochs = []train.Epoch{{Phase: 1, Rate: 1e-5, Losses: map[string]float64{"total": 1}, Val: -1}}
		}, "epochs[0].losses is"},
		"a selection":        {func(r *Result) { r.Selection = &Selection{Method: "craig"} }, "selection is"},
		"a name that climbs": {func(r *Result) { r.Dataset = "../../../.." }, "no name of a folder"},
	} {
		out := t.TempDir()
		r := some()[0]
		one, two := filepath.Join(out, "share-0-of-2"), filepath.Join(out, "share-1-of-2")
		if err := appendLine(filepath.Join(one, "results.jsonl"), r); err != nil {
			t.Fatal(err)
		}
		c.change(&r)
		if err := appendLine(filepath.Join(two, "results.jsonl"), r); err != nil {
			t.Fatal(err)
		}
		_, err := Merge(out)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), two) || !strings.Contains(err.Error(), "delete") {
			t.Errorf("%s: Merge = %v, want an error with %q that names %s", name, err, c.want, two)
		}
		if _, err := os.Stat(filepath.Join(out, "results.jsonl")); err == nil {
			t.Errorf("%s: results were written all the same", name)
		}
	}
	if _, err := Merge(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no results and no folders of shares") {
		t.Errorf("Merge of an empty folder = %v", err)
	}
	if _, err := Merge(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "name the folder that -out named") {
		t.Errorf("Merge of no folder = %v", err)
	}
}

func TestResultsOfTwoBackendsAreBothKept(t *testing.T) {
	out, other := t.TempDir(), t.TempDir()
	r := some()[0]
	if err := appendLine(filepath.Join(out, "results.jsonl"), r); err != nil {
		t.Fatal(err)
	}
	r.Backend.Name = "xla:cuda"
	if err := appendLine(filepath.Join(other, "results.jsonl"), r); err != nil {
		t.Fatal(err)
	}
	got, err := Merge(filepath.Join(t.TempDir(), "new"), out, other)
	if want := []string{"go", "xla:cuda"}; err != nil || got.Results != 2 || !slices.Equal(got.Backends, want) || !slices.Equal(got.Twice, []string{r.run()}) {
		t.Errorf("Merge = %+v, %v, want 2 results of one run by %q", got, err, want)
	}
}

func TestRunFoldersAreCopiedWhereTheyCannotBeLinked(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "below")
	if err := os.WriteFile(filepath.Join(from, "prompts"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := linkFolder(from, to); err != nil || read(t, filepath.Join(to, "prompts")) != "new" {
			t.Errorf("linkFolder = %v", err)
		}
	}
	if err := copyFile(filepath.Join(from, "prompts"), filepath.Join(to, "copy")); err != nil || read(t, filepath.Join(to, "copy")) != "new" {
		t.Errorf("copyFile = %v", err)
	}
}

func TestAShareGoesOnWhereAnotherMachineBegan(t *testing.T) {
	out := t.TempDir()
	lab, before := doShare(t, out, Share{0, 2}, tiny())
	for name, c := range map[string]struct {
		info Backend
		want int
	}{
		"more cores":      {Backend{Name: "test", Plugin: "other", PJRT: "1", Cores: 64}, 0},
		"another backend": {Backend{Name: "cuda", Plugin: "none", PJRT: "0", Cores: 2}, len(before)},
	} {
		again := newLab(t, lab.Folder)
		again.Share, again.Info = lab.Share, c.info
		computed := 0
		again.Done = func(Result) { computed++ }
		if results, err := tiny().Run(context.Background(), again); err != nil || len(results) != len(before) || computed != c.want {
			t.Errorf("%s: %d results, %d of them computed, %v, want %d and %d", name, len(results), computed, err, len(before), c.want)
		}
	}
}

func FuzzShareIsReadBackEqual(f *testing.F) {
	for _, text := range []string{"", "0/1", "2/8", "8/8", "-1/8", "+1/08", "1/2/3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseShare(text)
		if err != nil {
			return
		}
		if again, err := ParseShare(s.String()); err != nil || again != s || s.Validate() != nil {
			t.Errorf("ParseShare(%q) = %v, %v, want %v, as %q", s.String(), again, err, s, text)
		}
	})
}

// FuzzMergingTwiceIsMergingOnce gives two shares the same files.
func FuzzMergingTwiceIsMergingOnce(f *testing.F) {
	one, err := json.Marshal(some()[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(one)+"\n"+string(one)+"\n", `{"shares":2,"runs":[{"run":"a","share":1},{"run":"a","share":0}]}`+"\n")
	f.Add("{}\n{\"config\":null,\"dataset\":\"..\"}\n", "{}\n")
	f.Add("null\n[]\n", "null\n{\"shares\":-1,\"runs\":[{}]}\n")
	f.Fuzz(func(t *testing.T, results, agendas string) {
		out := t.TempDir()
		for i := range 2 {
			folder := (Share{i, 2}).Folder(out)
			if err := os.Mkdir(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{"results.jsonl": results, agendaFile: agendas} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		first, err := Merge(out)
		if err != nil || first.Results == 0 {
			return
		}
		want := read(t, filepath.Join(out, "results.jsonl"))
		if again, err := Merge(out); err != nil || !reflect.DeepEqual(again, first) || read(t, filepath.Join(out, "results.jsonl")) != want {
			t.Errorf("Merge again = %+v, %v, want %+v and the same file", again, err, first)
		}
	})
}

func TestAWrongShareIsAnErrorBeforeAnythingIsTuned(t *testing.T) {
	lab := newLab(t, t.TempDir())
	lab.Share = Share{3, 3}
	if _, err := tiny().Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), "want an index from 0 to 2") {
		t.Errorf("Run of share 3 of 3 = %v", err)
	}
}
