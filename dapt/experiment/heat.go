package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Heat returns the Grad-CAM maps of some of d's images for their own classes, as [train.Engine.Heat] does, through the
// prompts that a finished run left in its folder.
func (l *Lab) Heat(ctx context.Context, r Result, d *dataset.Dataset, items []dataset.Item) ([][]float32, error) {
	engine, config, err := l.tuned(r)
	if err != nil {
		return nil, err
	}
	return engine.Heat(ctx, d, items, nil, config)
}

// Tuned returns the engine of a finished run's learner with the prompts that the run left in its folder. Whoever uses the
// same learner next changes them.
func (l *Lab) Tuned(r Result) (*train.Engine, error) {
	engine, _, err := l.tuned(r)
	return engine, err
}

func (l *Lab) tuned(r Result) (*train.Engine, train.Config, error) {
	var s struct {
		Learner string
		Options json.RawMessage
		Train   train.Config
	}
	if err := json.Unmarshal(r.Config, &s); err != nil {
		return nil, s.Train, fmt.Errorf("experiment: settings of %s: %w", r.Method, err)
	}
	learner, err := prompt.Find(s.Learner, s.Options)
	if err != nil {
		return nil, s.Train, err
	}
	engine, err := l.Engine(learner, s.Train.DType)
	if err == nil && len(r.Epochs) > 0 {
		_, err = engine.Load(filepath.Join(l.RunFolder(r), train.PromptsFile))
	}
	return engine, s.Train, err
}
