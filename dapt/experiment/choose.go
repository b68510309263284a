package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"gonum.org/v1/gonum/floats"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// share is which part of the training images a run is tuned on, as its settings say.
type share struct {
	Method  string           `json:"method"`
	Options selection.Method `json:"options"`
	selection.Keep
	Warmup   int  `json:"warmup"`             // epochs before the images are scored
	Weighted bool `json:"weighted,omitempty"` // weighs images in L_cls as the method does
}

// selectionFile is where a run's folder keeps what was selected.
const selectionFile = "selection.json"

// selected is that file: what a selection was made of, so that it can be used again.
type selected struct {
	Selection
	Seed   int       `json:"seed"`
	Order  []int     `json:"order"`            // the kept images, best first
	Paths  []string  `json:"paths"`            // of the kept images
	Scores []float64 `json:"scores,omitempty"` // of all images of the pool, where the method scores them
}

// choose returns the pool cut to what is kept. An interrupted run goes on with what it had chosen.
func (r *run) choose(ctx context.Context, lab *Lab) (*dataset.Dataset, *Selection, error) {
	path := filepath.Join(lab.RunFolder(r.result), selectionFile)
	pool := r.data
	chosen, err := readSelected(path, pool)
	if err != nil {
		return nil, nil, err
	}
	if chosen == nil {
		if chosen, err = r.selectFrom(ctx, lab); err == nil {
			err = chosen.write(path)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	kept := *pool
	kept.Train = chosen.items(pool)
	return &kept, &chosen.Selection, nil
}

// selectFrom chooses from the pool anew.
func (r *run) selectFrom(ctx context.Context, lab *Lab) (*selected, error) {
	pool := r.data
	lab.meter.doing("choosing images by " + r.share.Method)
	images, err := lab.pool(r)
	if err != nil {
		return nil, err
	}
	pick, err := r.share.Keep.Select(ctx, images, r.share.Options)
	if err != nil {
		return nil, err
	}
	if len(pick.Items) == 0 {
		return nil, fmt.Errorf("experiment: %s keeps no image of %s, seed %d: choose a larger ratio or another method", r.share.Method, pool.Name, r.result.Seed)
	}
	chosen := &selected{
		Selection: Selection{
			Method: r.share.Method, Ratio: r.share.Ratio, Pool: pool.Hash(), Images: len(pool.Train), Kept: pick.Items, Weights: pick.Weights,
		},
		Seed: r.result.Seed, Order: pick.Order, Scores: pick.Scores,
	}
	for _, item := range chosen.items(pool) {
		chosen.Paths = append(chosen.Paths, item.Path)
	}
	return chosen, nil
}

// readSelected returns what a run chose before; nil if it did not.
func readSelected(path string, pool *dataset.Dataset) (*selected, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("experiment: reading a selection: %w", err)
	}
	var s selected
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("experiment: selection %s: %w; delete the file to select again", path, err)
	}
	outside := func(i int) bool { return i < 0 || i >= len(pool.Train) }
	if s.Pool != pool.Hash() || len(s.Kept) == 0 || s.Weights != nil && len(s.Weights) != len(s.Kept) || slices.ContainsFunc(s.Kept, outside) {
		return nil, fmt.Errorf("experiment: selection %s is not of these images; delete the file to select again", path)
	}
	return &s, nil
}

func (s *selected) write(path string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("experiment: encoding a selection: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("experiment: making a run's folder: %w; choose a folder that can be written to", err)
	}
	if err := renameio.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("experiment: writing a selection: %w", err)
	}
	return nil
}

// pool returns the training images of a run with what its learner's prompts make of them, computed when a method asks, and
// once for all runs on the same images.
func (l *Lab) pool(r *run) (selection.Pool, error) {
	learner, err := learnerKey(r.method.Learner)
	if err != nil {
		return selection.Pool{}, err
	}
	config := r.config
	config.Epochs, config.Final = r.share.Warmup, train.LastStep
	key := fmt.Sprint(r.data.Name, r.data.Template, r.data.Hash(), learner, config, l.Model.Fingerprint(), l.Info)
	if known, ok := l.pools[key]; ok {
		return known, nil
	}
	scorer := &scorer{lab: l, learner: dapt.Method{Learner: r.method.Learner}, data: r.data, config: config}
	scorer.folder = filepath.Join(l.Folder, "runs", r.result.Protocol, r.data.Name, "warmup", fmt.Sprintf("seed%d-%s", r.result.Seed, hash(key)))
	pool := selection.Pool{Classes: len(r.data.Classes), Seed: uint32(r.result.Seed)}
	for _, item := range r.data.Train {
		pool.Labels = append(pool.Labels, item.Label)
	}
	score := func(items []dataset.Item) func(context.Context) (*selection.Scores, error) {
		return selection.Once(func(ctx context.Context) (*selection.Scores, error) { return scorer.scores(ctx, items) })
	}
	pool.Train = score(r.data.Train)
	if len(r.data.Val) > 0 {
		pool.Val = score(r.data.Val)
	}
	pool.Robustness = selection.Once(scorer.robustness)
	if r.share.Warmup > 0 {
		pool.Forgotten = selection.Once(scorer.forgotten)
	}
	l.pools[key] = pool
	return pool, nil
}

// scorer looks at images with the prompts of a learner, untuned or warmed up.
type scorer struct {
	lab     *Lab
	learner dapt.Method
	data    *dataset.Dataset
	config  train.Config // of the warm-up, which has as many epochs
	folder  string
}

// engine puts the prompts into the engine: those that tuning starts from, after the warm-up if there is one. It returns
// what the warm-up left.
func (s *scorer) engine(ctx context.Context) (*train.Engine, train.Outcome, error) {
	engine, err := s.lab.Engine(s.learner.Learner, s.config.DType)
	if err != nil {
		return nil, train.Outcome{}, err
	}
	if s.config.Epochs == 0 {
		return engine, train.Outcome{}, engine.Reset(s.config.Seed)
	}
	outcome, err := train.Run{
		Engine: engine, Method: s.learner, Data: s.data, Config: s.config, Folder: s.folder, Forgetting: true,
		Report: func(p train.Progress) {
			s.lab.meter.doing(fmt.Sprintf("warming up, epoch %d of %d", p.Epoch+1, p.Epochs))
		},
	}.Tune(ctx)
	return engine, outcome, err
}

func (s *scorer) scores(ctx context.Context, items []dataset.Item) (*selection.Scores, error) {
	engine, _, err := s.engine(ctx)
	if err != nil {
		return nil, err
	}
	return engine.Scores(ctx, s.data, items, s.config)
}

func (s *scorer) forgotten(ctx context.Context) ([]int, error) {
	_, outcome, err := s.engine(ctx)
	return outcome.Forgotten, err
}

func (s *scorer) robustness(ctx context.Context) ([]float64, error) {
	engine, _, err := s.engine(ctx)
	if err != nil {
		return nil, err
	}
	return engine.Robustness(ctx, s.data, s.data.Train, train.DeepFool{Overshoot: 0.02}, s.config)
}

// Kept returns the images that r was tuned on, in the order of its selection; nil if it selected none. b is the benchmark
// that r ran on, without which the draw cannot be made again.
func (r Result) Kept(b Benchmark) ([]dataset.Item, error) {
	if r.Selection == nil {
		return nil, nil
	}
	pool, err := b.pool(r.Shots, r.Seed)
	if err != nil {
		return nil, err
	}
	if pool.Hash() != r.Selection.Pool {
		return nil, fmt.Errorf("experiment: %s of %s, seed %d, selected from other images than %s has now", r.Selection.Method, r.Dataset, r.Seed, b.Name)
	}
	return r.Selection.items(pool), nil
}

// items are the kept images of the pool.
func (s *Selection) items(pool *dataset.Dataset) []dataset.Item {
	items := make([]dataset.Item, len(s.Kept))
	for i, index := range s.Kept {
		items[i] = pool.Train[index]
	}
	return items
}

// weights are those of L_cls, of mean 1; nil where the method has none, or they are not asked for.
func (s *share) weights(kept *Selection) []float64 {
	if s == nil || !s.Weighted || kept.Weights == nil {
		return nil
	}
	weights := slices.Clone(kept.Weights)
	floats.Scale(float64(len(weights))/floats.Sum(weights), weights)
	return weights
}
