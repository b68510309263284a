package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Heat returns the Grad-CAM maps of some of d's images for their own classes, as [train.Engine.Heat] does, through the
// prompts that a finished run left in its folder. They are kept there, so that each is computed once.
func (l *Lab) Heat(ctx context.Context, r Result, d *dataset.Dataset, items []dataset.Item) ([][]float32, error) {
	var maps [][]float32
	path := filepath.Join(l.RunFolder(r), "maps-"+hash(fmt.Sprint(d.Hash(), d.Template, items))+".json")
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &maps) == nil {
		return maps, nil
	}
	engine, config, err := l.tuned(r)
	if err != nil {
		return nil, err
	}
	if maps, err = engine.Heat(ctx, d, items, nil, config); err != nil {
		return nil, err
	}
	return maps, keep(path, maps)
}

// keep writes a value as JSON, and makes its folder.
func keep(path string, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = renameio.WriteFile(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("experiment: keeping maps: %w; choose a results folder that can be written to", err)
	}
	return nil
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
