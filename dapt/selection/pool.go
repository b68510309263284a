package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// Pool is the images to choose from, and what a model made of them. Methods ask for what they need. The functions are
// called once or more: wrap what is slow in [Once]. Those that no method in use needs may be nil.
type Pool struct {
	Labels  []int  // the class of each image, from 0
	Classes int    // how many there are
	Seed    uint32 // of NumPy's random numbers
	// Train are the scores of the images, Val those of validation images; nil means there are none of these.
	Train, Val func(context.Context) (*Scores, error)
	// Forgotten counts for each image how often it went from right to wrong in training (see [Forgetting]).
	Forgotten func(context.Context) ([]int, error)
	// Robustness is the squared length of the smallest change that was found to alter an image's class (see [DeepFool]).
	Robustness func(context.Context) ([]float64, error)

	random *pyrand.NumPy // NumPy's global state, which goes on from class to class
	images *Scores       // of Train, once they were checked
	others *Scores       // of Val
}

// Scores are what a model makes of a list of images.
type Scores struct {
	Labels   []int  // from 0
	Logits   Matrix // [images, classes]
	Features Matrix // [images, embed], unit length
	Texts    Matrix // [classes, embed], of the class texts
}

// Matrix is a table of numbers, row-major.
type Matrix struct {
	Columns int
	Values  []float32
}

// Row returns row i, not a copy.
func (m Matrix) Row(i int) []float32 { return m.Values[i*m.Columns : (i+1)*m.Columns] }

// Best returns the first column of row i's highest number.
func (m Matrix) Best(i int) int {
	row := m.Row(i)
	return slices.Index(row, slices.Max(row))
}

// Once returns a function that computes when it is first called, and again only after an error. It may be called by
// several goroutines.
func Once[T any](compute func(context.Context) (T, error)) func(context.Context) (T, error) {
	var lock sync.Mutex
	var value T
	done := false
	return func(ctx context.Context) (T, error) {
		lock.Lock()
		defer lock.Unlock()
		if done {
			return value, nil
		}
		v, err := compute(ctx)
		if err == nil {
			value, done = v, true
		}
		return v, err
	}
}

// numpy is NumPy's global generator, seeded when it is first drawn from.
func (p *Pool) numpy() pyrand.NumPy {
	if p.random == nil {
		random := pyrand.NewNumPy(p.Seed)
		p.random = &random
	}
	return *p.random
}

// check finds what is wrong with the pool itself.
func (p *Pool) check() error {
	if len(p.Labels) == 0 {
		return errors.New("selection: the pool has no images: nothing can be kept of it")
	}
	return within("image", p.Labels, p.Classes)
}

func within(what string, labels []int, classes int) error {
	for i, label := range labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("selection: %s %d has label %d, but there are %d classes, counted from 0", what, i, label, classes)
		}
	}
	return nil
}

// scores returns the checked scores of the pool's images.
func (p *Pool) scores(ctx context.Context, m Method) (*Scores, error) {
	if p.images != nil {
		return p.images, nil
	}
	if p.Train == nil {
		return nil, fmt.Errorf("selection: %s needs what a model makes of the images, and the pool has no Train", m.Name())
	}
	s, err := p.Train(ctx)
	if err != nil {
		return nil, fmt.Errorf("selection: scoring the pool for %s: %w", m.Name(), err)
	}
	if s == nil {
		return nil, fmt.Errorf("selection: %s is given no scores of the pool", m.Name())
	}
	if err := s.check(len(p.Labels), p.Classes); err != nil {
		return nil, fmt.Errorf("%w, of the pool", err)
	}
	for i, label := range s.Labels {
		if label != p.Labels[i] {
			return nil, fmt.Errorf("selection: the scores of image %d have label %d, want %d: score the pool's images in their order", i, label, p.Labels[i])
		}
	}
	p.images = s
	return s, nil
}

// validation returns the checked scores of validation images; nil if there are none.
func (p *Pool) validation(ctx context.Context, m Method) (*Scores, error) {
	if p.Val == nil || p.others != nil {
		return p.others, nil
	}
	s, err := p.Val(ctx)
	if err != nil {
		return nil, fmt.Errorf("selection: scoring validation images for %s: %w", m.Name(), err)
	}
	if s == nil || len(s.Labels) == 0 {
		return nil, nil
	}
	if err := s.check(len(s.Labels), p.Classes); err != nil {
		return nil, fmt.Errorf("%w, of the validation images", err)
	}
	p.others = s
	return s, nil
}

// aims are the validation images of the items' class, places in the scores; the items themselves where it has none.
func (p *Pool) aims(ctx context.Context, m Method, s *Scores, items []int) (*Scores, []int, error) {
	val, err := p.validation(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	if val != nil {
		if places := labelled(val.Labels, s.Labels, items); len(places) > 0 {
			return val, places, nil
		}
	}
	return s, items, nil
}

// labelled returns the places in all whose label is that of one of the items.
func labelled(all, labels, items []int) []int {
	wanted := map[int]bool{}
	for _, item := range items {
		wanted[labels[item]] = true
	}
	var places []int
	for i, label := range all {
		if wanted[label] {
			places = append(places, i)
		}
	}
	return places
}

// check finds wrong sizes, and numbers that are none.
func (s *Scores) check(images, classes int) error {
	if len(s.Labels) != images {
		return fmt.Errorf("selection: there are scores of %d images, want %d", len(s.Labels), images)
	}
	if err := within("image", s.Labels, classes); err != nil {
		return err
	}
	for _, table := range []struct {
		name          string
		m             Matrix
		rows, columns int
	}{
		{"logits", s.Logits, images, classes},
		{"features", s.Features, images, s.Features.Columns},
		{"texts", s.Texts, classes, s.Features.Columns},
	} {
		m := table.m
		if m.Columns != table.columns || m.Columns < 1 || len(m.Values) != table.rows*m.Columns {
			return fmt.Errorf("selection: %s are %d numbers in rows of %d, want %d rows of %d", table.name, len(m.Values), m.Columns, table.rows, table.columns)
		}
		for i, v := range m.Values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("selection: %s of row %d have %g, want finite numbers", table.name, i/m.Columns, v)
			}
		}
	}
	return nil
}

// probabilities is the softmax of each item's logits.
func (s *Scores) probabilities(items []int) [][]float64 {
	rows := make([][]float64, len(items))
	for i, item := range items {
		rows[i] = softmax(widen(s.Logits.Row(item)))
	}
	return rows
}

// mixed are the features that Herding and CAL compare: half image, half text of the image's class, both of unit length.
func (s *Scores) mixed(items []int) [][]float64 {
	rows := make([][]float64, len(items))
	for i, item := range items {
		rows[i] = unit(widen(s.Features.Row(item)))
		for j, v := range unit(widen(s.Texts.Row(s.Labels[item]))) {
			rows[i][j] = 0.5*rows[i][j] + 0.5*v
		}
	}
	return rows
}
