package train

import (
	"fmt"
)

// choosesOnVal tells whether validation images choose the epoch.
func (t *tuning) choosesOnVal() bool { return t.Config.Final == BestOnVal && len(t.Data.Val) > 0 }

// average adds the prompts after an epoch to their mean, in float32 and in the order of epochs.
func (t *tuning) average() error {
	if t.Config.Final != MeanOfEpochs {
		return nil
	}
	values, err := t.Engine.Parameters()
	if err != nil {
		return err
	}
	s, weight := t.state, float32(t.Config.Weights()[t.state.Epoch])
	if s.mean == nil {
		s.mean = map[string][]float32{}
	}
	for name, value := range values {
		if s.mean[name] == nil {
			s.mean[name] = make([]float32, len(value))
		}
		for i, v := range value {
			s.mean[name][i] += weight * v
		}
	}
	return nil
}

// finish puts the chosen prompts into the engine and writes them.
func (t *tuning) finish() (Outcome, error) {
	out := Outcome{Epochs: t.state.Epochs, Final: string(LastStep), Seconds: t.state.Seconds, Feed: t.state.Feed}
	if t.Forgetting {
		out.Forgotten = t.state.Memory.Events
	}
	if t.Config.Final == BestOnVal && len(t.Data.Val) == 0 {
		out.Final += " (no validation images)"
	}
	if t.state.Best >= 0 {
		out.Final = fmt.Sprintf("%s (epoch %d)", BestOnVal, t.state.Best)
		if err := t.Engine.SetParameters(t.state.best); err != nil {
			return out, err
		}
	}
	if t.state.mean != nil {
		out.Final = string(MeanOfEpochs)
		if err := t.Engine.SetParameters(t.state.mean); err != nil {
			return out, err
		}
	}
	if t.Folder == "" {
		return out, nil
	}
	path := t.Folder + "/" + PromptsFile
	if old, err := readPrompts(path); err == nil { // of this run, perhaps with other tests
		t.Engine.teacher.keep(old.about.Teacher)
	}
	return out, t.Engine.Save(path, Prompts{Classes: t.Data.Classes, Dataset: t.Data.Name, Final: out.Final})
}
