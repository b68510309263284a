package dapt

import (
	"fmt"
	"math"
)

// Config are the weights and the schedule of the losses. Start from [Paper] and change what you study.
type Config struct {
	V      float64 // weight of L_v
	F      float64 // weight of L_f
	B      float64 // weight of L_b
	Reo    float64 // weight of L_reo, phase 1 only; 0 leaves it out
	Margin float64 // of L_v
	Mode   Mode
	Switch int // first epoch of phase 2, counted from 0; read in mode Literal only
	// ForegroundGradient lets L_f reach the vision prompts; the published code detaches the foreground.
	ForegroundGradient bool
	// Watch computes the terms of both phases in every step, for the log, as the published code does. It costs time and
	// changes no prompt.
	Watch bool
	// Background are the background texts; one without Words stands for [Backgrounds] of the data set.
	Background Background
}

// Mode says when the two groups of losses are active.
type Mode string

const (
	// Literal starts phase 2 at epoch Switch, as published: runs of 5 epochs never reach it.
	Literal Mode = "official"
	// Scaled starts phase 2 after 7/10 of the epochs.
	Scaled Mode = "scaled"
	// Joint uses all terms in all epochs, as the paper's overview figure draws it.
	Joint Mode = "joint"
)

// Phase is which terms a step minimises.
type Phase int

const (
	// Both is every term at once: L_cls, L_v, L_f, L_b and L_reo.
	Both Phase = iota
	// First is L_cls, L_v and L_reo.
	First
	// Second is L_cls, L_f and L_b.
	Second
)

// Paper returns the published weights and schedule with our corrections (see the package comment).
func Paper() Config {
	return Config{V: 0.8, F: 0.1, B: 0.5, Margin: 1.5, Mode: Literal, Switch: 7}
}

// Official returns the compatibility switch: what the published code computes, its slice of the background texts
// included.
func Official() Config {
	c := Paper()
	c.Watch, c.Background = true, OfficialBackgrounds()
	return c
}

// Phase returns what epoch, counted from 0, of a run of so many epochs minimises.
func (c Config) Phase(epoch, epochs int) Phase {
	first := c.Switch
	switch c.Mode {
	case Joint:
		return Both
	case Scaled:
		first = int(math.Round(0.7 * float64(epochs)))
	}
	if epoch < first {
		return First
	}
	return Second
}

// Validate names the first field that cannot be, its value and what would do.
func (c Config) Validate() error {
	for _, weight := range []struct {
		name  string
		value float64
	}{{"V", c.V}, {"F", c.F}, {"B", c.B}, {"Reo", c.Reo}, {"Margin", c.Margin}} {
		if !(weight.value >= 0) || math.IsInf(weight.value, 1) {
			return fmt.Errorf("dapt: %s is %g, want a finite number of at least 0", weight.name, weight.value)
		}
	}
	if c.Mode != Literal && c.Mode != Scaled && c.Mode != Joint {
		return fmt.Errorf("dapt: Mode is %q, want %q, %q or %q", c.Mode, Literal, Scaled, Joint)
	}
	if c.Mode == Literal && c.Switch < 0 {
		return fmt.Errorf("dapt: Switch is %d, want an epoch counted from 0", c.Switch)
	}
	b := c.Background
	if n := len(b.Words); b.Negatives < 0 || b.Negatives > n || b.NewNegatives < 0 || b.NewNegatives > n || b.Skip < 0 || (n > 0 && b.Skip >= n) {
		return fmt.Errorf("dapt: Background has %d words, but Negatives %d, NewNegatives %d and Skip %d",
			n, b.Negatives, b.NewNegatives, b.Skip)
	}
	return nil
}
