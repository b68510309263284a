package parity

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// trajectory trains as the set did, batch by batch, and compares losses, rates and the prompts at the end.
func (c *checker) trajectory() error {
	learner, err := c.learner("maple")
	if err != nil {
		return err
	}
	engine, err := train.NewEngine(c.backend, c.model, learner, dtypes.Float32)
	if err != nil {
		return err
	}
	defer engine.Close()
	initial := map[string][]float32{}
	for _, p := range learner.list {
		initial[p.Name] = p.Value
	}
	if err := engine.SetParameters(initial); err != nil {
		return err
	}
	batches, err := c.batches(learner)
	if err != nil {
		return err
	}
	config := train.Paper()
	config.Epochs = c.manifest.Config.Epochs
	var rates []float64
	var losses, parts []float32
	for epoch := range config.Epochs {
		phase := dapt.First
		if epoch >= c.manifest.Config.Switch {
			phase = dapt.Second
		}
		rates = append(rates, config.At(epoch))
		for _, batch := range batches {
			terms, err := engine.Step(method(learner, 0), config, phase, config.At(epoch), batch)
			if err != nil {
				return err
			}
			losses = append(losses, terms[0])
			parts = append(parts, terms[2:5]...)
		}
	}
	final, err := engine.Parameters()
	if err != nil {
		return err
	}
	failed := []error{tensor(c, "traj/lr", rates), tensor(c, "traj/loss", losses), tensor(c, "traj/parts", parts)}
	for _, name := range slices.Sorted(maps.Keys(final)) {
		failed = append(failed, tensor(c, "traj/final/"+name, final[name]))
	}
	return errors.Join(failed...)
}

// batches reads traj/batch0, traj/batch1 and so on.
func (c *checker) batches(learner recorded) ([]train.Input, error) {
	classes, words := c.sentences(learner)
	lists, err := c.packed(classes, words)
	if err != nil {
		return nil, err
	}
	var batches []train.Input
	for {
		at := fmt.Sprintf("traj/batch%d/", len(batches))
		if !c.has(at + "images") {
			return batches, nil
		}
		in := train.Input{Classes: lists[0], Background: lists[1]}
		if in.Images, _, err = c.images(at + "images"); err != nil {
			return nil, err
		}
		if in.Masks, err = c.floats(at + "mask"); err != nil {
			return nil, err
		}
		if in.Labels, err = c.integers(at + "labels"); err != nil {
			return nil, err
		}
		batches = append(batches, in)
	}
}
