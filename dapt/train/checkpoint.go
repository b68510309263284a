package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/selection"
)

// Files of a run's folder. Both are safetensors; prompts are named as in the published checkpoints.
const (
	PromptsFile    = "prompts.safetensors"    // of a finished run: the prompts that it chose, and of a student what its teacher calls the classes
	checkpointFile = "checkpoint.safetensors" // written every epoch: all that a run needs to go on
)

// metadataKey is where a file says what it is, as JSON.
const metadataKey = "dapt"

// state is where a run is.
type state struct {
	Epoch   int               // at work, counted from 0
	Step    int               // steps done of it
	Sums    []float64         // of the losses of those steps
	Epochs  []Epoch           // done
	Best    int               // epoch of the best prompts; -1 before the first
	Seconds float64           // spent on all of it
	Feed    Feed              // of those
	Memory  *selection.Memory `json:",omitempty"` // of a run that counts what is forgotten
	Labels  []int             `json:",omitempty"` // of the training images by a teacher, where a run reads them

	parameters map[string][]float32            // as read from a file; the engine has the present ones
	memory     map[string]map[string][]float32 // likewise what the optimiser remembers, by scope
	best       map[string][]float32            // parameters after epoch Best
	mean       map[string][]float32            // of the parameters after the epochs done, as far as it is summed up; nil without
	heat       [][]float32                     // Grad-CAM maps of this epoch, by training image; nil without
}

func (s *state) add(losses []float32) {
	if s.Sums == nil {
		s.Sums = make([]float64, len(losses))
	}
	for i, loss := range losses {
		s.Sums[i] += float64(loss)
	}
}

// means are the losses of an epoch of so many steps, by name, of the terms that a phase computes.
func (s *state) means(steps int, m dapt.Method, phase dapt.Phase) map[string]float64 {
	means, terms := map[string]float64{}, m.Terms(phase)
	for i, name := range m.Names() {
		if slices.Contains(terms, name) {
			means[name] = s.Sums[i] / float64(steps)
		}
	}
	return means
}

// checkpointHeader is the metadata of a checkpoint.
type checkpointHeader struct {
	Key   string // of the run
	State *state
}

// key names all that a run's result depends on, so that a checkpoint is never taken up by another run.
func (t *tuning) key() string {
	list := []any{
		t.Engine.Learner.Name(), t.Engine.Learner, fmt.Sprintf("%T", t.Method.Masks), t.Method.Masks, t.Method.Loss, t.Config, t.Data.Name,
		t.Data.Hash(), t.Engine.Model.Fingerprint(),
	}
	if t.Weights != nil {
		list = append(list, t.Weights)
	}
	if t.lesson.key != "" {
		list = append(list, t.lesson.key)
	}
	if t.Forgetting {
		list = append(list, "forgetting")
	}
	return hashed(list...)
}

// hashed are the first 64 bits of SHA-256 over the JSON of plain data, in hex.
func hashed(list ...any) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Errorf("train: encoding the settings of a run: %w", err)) // plain data always encodes
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// clock adds the time since it was last called to the state.
func (t *tuning) clock() {
	now, fed := time.Now(), t.Engine.Images.Feed()
	t.state.Seconds += now.Sub(t.start).Seconds()
	t.state.Feed = t.state.Feed.Plus(fed.Since(t.fed))
	t.start, t.fed = now, fed
}

// save writes the checkpoint, so that either the old or the new one is there whenever the power fails. Prompts that are
// no longer finite numbers are an error instead.
func (t *tuning) save() error {
	scopes := map[string]map[string][]float32{}
	for _, scope := range append([]string{promptScope}, t.Config.scopes()...) {
		values, err := t.Engine.values(scope)
		if err != nil {
			return err
		}
		if err := t.finite(values); err != nil {
			return err
		}
		scopes[scope] = values
	}
	t.clock()
	if t.Folder == "" {
		return nil
	}
	s := t.state
	header, err := json.Marshal(checkpointHeader{t.key(), s})
	if err != nil {
		return fmt.Errorf("train: encoding the state of a run: %w", err)
	}
	file := safetensors.File{Metadata: map[string]string{metadataKey: string(header)}, Tensors: map[string]safetensors.Tensor{}}
	for scope, values := range scopes {
		t.Engine.put(&file, scope, values)
	}
	for scope, values := range map[string]map[string][]float32{bestScope: s.best, meanScope: s.mean} {
		if values != nil {
			t.Engine.put(&file, scope, values)
		}
	}
	if len(s.heat) > 0 {
		file.Tensors["heat"] = safetensors.Float32(slices.Concat(s.heat...), len(s.heat), len(s.heat[0]))
	}
	return write(&file, t.Folder, checkpointFile)
}

const (
	bestScope = "/best/"
	meanScope = "/mean/"
)

// scopes are those of what the optimiser remembers.
func (c Config) scopes() []string {
	if c.Optimizer == AdamW {
		return optimizerScopes
	}
	return []string{momentumScope}
}

// finite names the first parameter that became NaN or infinite, after a step whose loss was still finite.
func (t *tuning) finite(values map[string][]float32) error {
	for _, name := range t.Engine.names {
		for _, v := range values[name] {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("train: parameter %s, or its momentum, is %g on reaching epoch %d, step %d: lower Rate, now %g; "+
					"the last checkpoint is kept", name, v, t.state.Epoch, t.state.Step, t.Config.Rate)
			}
		}
	}
	return nil
}

// put adds values as "scope.name".
func (e *Engine) put(file *safetensors.File, scope string, values map[string][]float32) {
	for name, value := range values {
		dims := e.store.GetVariable(promptScope + name).Shape().Dimensions
		file.Tensors[prefix(scope)+name] = safetensors.Float32(value, dims...)
	}
}

// prefix turns a store's scope into the prefix of a file's names: "/prompt_learner/" into "prompt_learner.".
func prefix(scope string) string { return strings.Trim(scope, "/") + "." }

func write(file *safetensors.File, folder, name string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("train: making the folder for checkpoints: %w; choose one that can be written to", err)
	}
	if err := file.Write(filepath.Join(folder, name)); err != nil {
		return fmt.Errorf("train: saving checkpoint: %w; free some space or choose another folder, the last one saved is untouched", err)
	}
	return nil
}

// readState reads the checkpoint of the run named key. The error is os.ErrNotExist if there is none.
func readState(path, key string) (*state, error) {
	file, err := safetensors.Read(path)
	if unreadable := (*fs.PathError)(nil); errors.As(err, &unreadable) {
		return nil, fmt.Errorf("train: reading checkpoint: %w; choose a folder that can be read and written", err)
	}
	if err != nil {
		return nil, fmt.Errorf("train: reading checkpoint: %w; delete the file to start the run anew", err)
	}
	var header checkpointHeader
	if err := json.Unmarshal([]byte(file.Metadata[metadataKey]), &header); err != nil || header.State == nil {
		return nil, fmt.Errorf("train: %s is no checkpoint of a run: its metadata has no %q; delete the file to start anew", path, metadataKey)
	}
	if header.Key != key {
		return nil, fmt.Errorf("train: %s belongs to a run with other settings, data or backbone (%s, this one is %s): choose another folder "+
			"or delete it", path, header.Key, key)
	}
	s := header.State
	if s.parameters, err = scoped(file, promptScope); err != nil {
		return nil, err
	}
	s.memory = map[string]map[string][]float32{}
	for _, scope := range optimizerScopes {
		values, err := scoped(file, scope)
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			s.memory[scope] = values
		}
	}
	if s.mean, err = scoped(file, meanScope); err != nil {
		return nil, err
	}
	if len(s.mean) == 0 {
		s.mean = nil
	}
	if s.Best >= 0 {
		if s.best, err = scoped(file, bestScope); err != nil {
			return nil, err
		}
	}
	if heat, ok := file.Tensors["heat"]; ok && len(heat.Dims) == 2 {
		values, err := heat.Float32s()
		if err != nil {
			return nil, fmt.Errorf("train: checkpoint %s: %w", path, err)
		}
		s.heat = slices.Collect(slices.Chunk(values, max(heat.Dims[1], 1)))
	}
	return s, nil
}

// scoped returns the tensors of one scope of a file, by the name below it.
func scoped(file *safetensors.File, scope string) (map[string][]float32, error) {
	values := map[string][]float32{}
	for name, tensor := range file.Tensors {
		if below, ok := strings.CutPrefix(name, prefix(scope)); ok {
			value, err := tensor.Float32s()
			if err != nil {
				return nil, fmt.Errorf("train: tensor %s: %w", name, err)
			}
			values[below] = value
		}
	}
	return values, nil
}

// load puts the resumed state into the engine.
func (t *tuning) load() error {
	if err := t.Engine.SetParameters(t.state.parameters); err != nil {
		return err
	}
	t.Engine.tunes(t.Data.Name, t.Data.Classes)
	for scope, values := range t.state.memory {
		if err := t.Engine.setValues(scope, values); err != nil {
			return err
		}
	}
	return nil
}
