package experiment

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// some results, every field of which is set.
func some() []Result {
	first := Result{
		Protocol: "base_to_novel", Dataset: "Tiny", Method: "maple", Seed: 1, Shots: 16, Config: json.RawMessage(`{"learner":"maple"}`),
		SplitHash: "0123", Code: "v1", Backbone: "mini 4567", Backend: Backend{"go", "none", "0", 2},
		Tests:  []Test{{"base", 3, 100.0 / 3, 20.0 / 7, []string{"a", "b"}, []float64{1.0 / 3, -1}}},
		Epochs: []Epoch{{Epoch: 0, Phase: 1, Rate: 1e-5, Losses: map[string]float64{"total": 0.1 + 0.2}, Val: -1}},
		Final:  "last step", Focus: []Focus{{"base", 2, 1.0 / 3, 2.0 / 3, 30}},
	}
	second := first
	second.Seed, second.Focus = 2, nil
	return []Result{first, second}
}

// write puts results on file and returns its path.
func write(t *testing.T, results []Result) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "below", "results.jsonl")
	for _, r := range results {
		if err := appendLine(path, r); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestResultsAreReadAsTheyWereWritten(t *testing.T) {
	want := some()
	if got, err := ReadResults(write(t, want)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadResults = %+v, %v, want %+v", got, err, want)
	}
	if got, err := ReadResults(filepath.Join(t.TempDir(), "none")); err != nil || got != nil {
		t.Errorf("ReadResults of no file = %v, %v, want none", got, err)
	}
}

// TestALineCutShortIsLeftOut cuts the last line at every length.
func TestALineCutShortIsLeftOut(t *testing.T) {
	results := some()
	path := write(t, results)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for length := first; length < len(whole); length += 13 {
		if err := os.WriteFile(path, whole[:length], 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadResults(path); err != nil || !reflect.DeepEqual(got, results[:1]) {
			t.Fatalf("cut at byte %d: %d results, %v, want the first", length, len(got), err)
		}
		if err := appendLine(path, results[1]); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || string(again) != string(whole) {
			t.Fatalf("cut at byte %d and written again, the file is %q, want %q", length, again, whole)
		}
	}
}

func TestABadLineIsNamed(t *testing.T) {
	path := write(t, some())
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for number, content := range map[string]string{
		"line 2": lines[0] + "{\"protocol\": 3}\n" + lines[1],
		"line 1": "no JSON\n" + lines[1],
		"line 4": lines[0] + "\n" + lines[1] + lines[0][:20] + "\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() error{
			"ReadResults": func() error { _, err := ReadResults(path); return err },
			"Open": func() error {
				_, err := Open(golden.Backend(t), Backend{}, nil, filepath.Dir(path))
				return err
			},
		} {
			err := read()
			if err == nil || !strings.Contains(err.Error(), number+":") || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "mend or delete") {
				t.Errorf("%s = %v, want an error that names %s of the file", name, err, number)
			}
		}
	}
}

// TestAResultsFolderThatCannotBeWrittenIsAnError uses a folder below a file, which is closed to root too.
func TestAResultsFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(golden.Backend(t), Backend{}, nil, file)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "choose") {
		t.Errorf("Open = %v, want an error that names the folder and says what to do", err)
	}
	if err := appendLine(filepath.Join(file, "results.jsonl"), some()[0]); err == nil || !strings.Contains(err.Error(), "choose one that can be written") {
		t.Errorf("appendLine = %v, want an error that says what to do", err)
	}
	lab := newLab(t, t.TempDir())
	lab.Folder = file // closed after it was opened
	b := small()
	b.Methods = b.Methods[1:2]
	if _, err := b.Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "choose") {
		t.Errorf("Run = %v, want an error that names the folder and says what to do", err)
	}
}

func TestLinesOfTwoProcessesStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	var group sync.WaitGroup
	for seed := range 2 {
		group.Go(func() {
			for shots := range 50 {
				if err := appendLine(path, Result{Seed: seed, Shots: shots}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if results, err := ReadResults(path); err != nil || len(results) != 100 {
		t.Errorf("%d results, %v, want 100", len(results), err)
	}
}
