package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// started leaves the checkpoint of a run of method name in the middle of its second epoch, and returns the run.
func started(t *testing.T, name string) Run {
	t.Helper()
	d, _ := newData()
	r := Run{Engine: newEngine(t), Method: methods()[name], Data: d, Config: quick(), Folder: t.TempDir()}
	interrupted(t, r.Engine, r.Method, r.Folder, func(event string, count int) bool { return event == "step" && count == 5 })
	return r
}

func (r Run) checkpoint() string { return filepath.Join(r.Folder, checkpointFile) }

func TestATruncatedCheckpointIsAnErrorThatSaysToDeleteIt(t *testing.T) {
	r := started(t, "maple")
	whole := readFile(t, r.checkpoint())
	for _, length := range []int{0, 7, 8, 100, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(r.checkpoint(), whole[:length], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := r.Tune(context.Background())
		wantError(t, fmt.Sprintf("%d of %d bytes", length, len(whole)), err, r.checkpoint(), "delete the file to start")
	}
	if err := os.Remove(r.checkpoint()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Tune(context.Background()); err != nil {
		t.Errorf("after deleting the checkpoint, as told: %v", err)
	}
}

func TestACheckpointOfAnotherRunIsNotTakenUp(t *testing.T) {
	other := ownEngine(t, newModel(2), learner)
	defer other.Close()
	run := started(t, "dapt-s")
	before := readFile(t, run.checkpoint())
	for name, change := range map[string]func(*Run){
		"another rate": func(r *Run) { r.Config.Rate = 0.01 },
		"another seed": func(r *Run) { r.Config.Seed++ },
		"another loss": func(r *Run) { r.Method.Loss.V = 0.3 },
		"another learner": func(r *Run) {
			r.Method.Learner = prompt.MaPLe{Depth: 1}
			r.Engine = ownEngine(t, newModel(1), r.Method.Learner)
		},
		"other data":       func(r *Run) { r.Data.Train = r.Data.Train[1:] },
		"another backbone": func(r *Run) { r.Engine = other },
		"plain MaPLe":      func(r *Run) { r.Method = dapt.Method{Learner: learner} },
	} {
		r := run
		r.Data, _ = newData()
		change(&r)
		_, err := r.Tune(context.Background())
		wantError(t, name, err, r.checkpoint(), "other settings, data or backbone", "choose another folder or delete it")
		if !bytes.Equal(before, readFile(t, r.checkpoint())) {
			t.Errorf("%s: the checkpoint of the other run was changed", name)
		}
	}
}

// TestACheckpointThatWasChangedIsAnError edits what the header says, which no truncation shows.
func TestACheckpointThatWasChangedIsAnError(t *testing.T) {
	r := started(t, "dapt-g")
	whole := readFile(t, r.checkpoint())
	for name, edit := range map[string]func(file *safetensors.File, s *state){
		"epoch past the end": func(_ *safetensors.File, s *state) { s.Epoch = 9 },
		"epoch below 0":      func(_ *safetensors.File, s *state) { s.Epoch = -1 },
		"step past the end":  func(_ *safetensors.File, s *state) { s.Step = 99 },
		"too few sums":       func(_ *safetensors.File, s *state) { s.Sums = s.Sums[:2] },
		"best epoch to come": func(_ *safetensors.File, s *state) { s.Best = 7 },
		"an epoch is lost":   func(_ *safetensors.File, s *state) { s.Epochs = nil },
		"no maps":            func(file *safetensors.File, _ *state) { delete(file.Tensors, "heat") },
		"maps of fewer images": func(file *safetensors.File, _ *state) {
			file.Tensors["heat"] = safetensors.Float32(make([]float32, 8), 2, 4)
		},
		"no parameters": func(file *safetensors.File, _ *state) { delete(file.Tensors, "prompt_learner.ctx") },
		"no momentum":   func(file *safetensors.File, _ *state) { delete(file.Tensors, "momentum.ctx") },
		"no state":      func(file *safetensors.File, _ *state) { file.Metadata[metadataKey] = "{}" },
		"no metadata":   func(file *safetensors.File, _ *state) { file.Metadata = nil },
	} {
		file, err := safetensors.Decode(whole)
		if err != nil {
			t.Fatal(err)
		}
		var header checkpointHeader
		if err := json.Unmarshal([]byte(file.Metadata[metadataKey]), &header); err != nil {
			t.Fatal(err)
		}
		edit(file, header.State)
		if file.Metadata[metadataKey] != "{}" && file.Metadata != nil {
			text, err := json.Marshal(header)
			if err != nil {
				t.Fatal(err)
			}
			file.Metadata[metadataKey] = string(text)
		}
		if err := file.Write(r.checkpoint()); err != nil {
			t.Fatal(err)
		}
		_, err = r.Tune(context.Background())
		wantError(t, name, err, "train:")
	}
}

func TestPromptsAreLoadedOnlyWhereTheyMeanSomething(t *testing.T) {
	e, folder := newEngine(t), t.TempDir()
	_, values, _ := tune(t, e, dapt.Method{Learner: learner}, quick(), folder)
	path := filepath.Join(folder, PromptsFile)
	about, err := ReadPrompts(path)
	if err != nil || about.Learner != "maple" || about.Dataset != "Tiny" || len(about.Classes) != 3 || about.Weights != e.Model.Fingerprint() {
		t.Errorf("ReadPrompts = %+v, %v", about, err)
	}
	if found, err := prompt.Find(about.Learner, about.Settings); err != nil || found != prompt.Learner(learner) {
		t.Errorf("the file's learner is %#v, %v, want %#v", found, err, learner)
	}
	for name, test := range map[string]struct {
		engine *Engine
		want   string
	}{
		"another backbone":  {ownEngine(t, newModel(2), learner), "load that backbone"},
		"another learner":   {ownEngine(t, newModel(1), zeroShot), "are maple's, not zero-shot's"},
		"another depth":     {ownEngine(t, newModel(1), prompt.MaPLe{Depth: 1}), "is not one of maple"},
		"more tokens":       {ownEngine(t, newModel(1), prompt.MaPLe{Depth: 2, Context: 3}), "parameter ctx has 128 numbers, want 192 [3 64]"},
		"the same settings": {ownEngine(t, newModel(1), learner), ""},
	} {
		_, err := test.engine.Load(path)
		if test.want != "" {
			wantError(t, name, err, path, test.want)
		} else if err != nil || !equalParameters(parameters(t, test.engine), values) {
			t.Errorf("%s: %v, or other prompts", name, err)
		}
		test.engine.Close()
	}
	_, err = e.Load(filepath.Join(folder, checkpointFile))
	wantError(t, "a checkpoint instead of prompts", err, "holds no prompts", PromptsFile)
	if _, err := e.Load(filepath.Join(folder, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of no file: %v", err)
	}
}

// TestAFolderThatCannotBeWrittenIsFoundOutAtOnce uses a folder below a file, which is closed to root too.
func TestAFolderThatCannotBeWrittenIsFoundOutAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d, _ := newData()
	for _, folder := range []string{file, filepath.Join(file, "below")} {
		_, err := Run{
			Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: quick(), Folder: folder,
			Report: func(Progress) { t.Fatal("a step was made") },
		}.Tune(context.Background())
		wantError(t, folder, err, folder, "choose a folder that can be read and written")
	}
	wantError(t, "Save", newEngine(t).Save(filepath.Join(file, PromptsFile), Prompts{}), file, "choose one that can be written to")
}

// TestALossThatIsNoNumberNamesItsPlace lets the rate explode after the first epoch, whose checkpoint must stay.
func TestALossThatIsNoNumberNamesItsPlace(t *testing.T) {
	d, _ := newData()
	r := Run{Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: quick(), Folder: t.TempDir()}
	r.Config.Rate = 1e38
	var saved []byte
	r.Report = func(p Progress) {
		if p.Epoch == 1 {
			saved = readFile(t, r.checkpoint())
		}
	}
	_, err := r.Tune(context.Background())
	wantError(t, "a huge rate", err, "epoch 1, step ", "NaN", "images/", "lower Rate", "checkpoint of the last epoch is kept")
	if len(saved) == 0 || !bytes.Equal(saved, readFile(t, r.checkpoint())) {
		t.Error("the checkpoint of the epoch before was changed")
	}
	if s, err := readState(r.checkpoint(), keyOf(t, r)); err != nil || s.Epoch != 1 || s.Step != 0 {
		t.Errorf("the checkpoint is %+v, %v, want that of the first epoch", s, err)
	}
}

func keyOf(t *testing.T, r Run) string {
	t.Helper()
	run := &tuning{Run: r}
	if err := run.tokenize(); err != nil {
		t.Fatal(err)
	}
	return run.key()
}

// TestPromptsThatAreNoNumbersAreNeverSaved makes one step an epoch: its loss is finite, and what it leaves is not.
func TestPromptsThatAreNoNumbersAreNeverSaved(t *testing.T) {
	for name, folder := range map[string]string{"with a folder": t.TempDir(), "without": ""} {
		d, _ := newData()
		r := Run{Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: quick(), Folder: folder}
		r.Config.Batch, r.Config.Epochs, r.Config.Warmup = 12, 1, math.MaxFloat64
		_, err := r.Tune(context.Background())
		wantError(t, name, err, "epoch 1", "lower Rate", "the last checkpoint is kept")
		if folder == "" {
			continue
		}
		if s, err := readState(r.checkpoint(), keyOf(t, r)); err != nil || s.Epoch != 0 {
			t.Errorf("the checkpoint is %+v, %v, want that of the start", s, err)
		}
		if _, err := os.Stat(filepath.Join(folder, PromptsFile)); !errors.Is(err, fs.ErrNotExist) {
			t.Error("prompts were written")
		}
	}
}

// TestAnErrorIsNotTakenForACancelledRun: what fails while a run is cancelled is told, and nothing is saved over the
// last checkpoint.
func TestAnErrorIsNotTakenForACancelledRun(t *testing.T) {
	r := started(t, "maple")
	before := readFile(t, r.checkpoint())
	ctx, stop := context.WithCancel(context.Background())
	stop()
	failure := errors.New("the loss is NaN")
	if err := (&tuning{Run: r, state: &state{}}).stopped(ctx, failure); !errors.Is(err, failure) || errors.Is(err, context.Canceled) {
		t.Errorf("stopped = %v, want the failure", err)
	}
	if !bytes.Equal(before, readFile(t, r.checkpoint())) {
		t.Error("the checkpoint was changed")
	}
}
