package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/logistic"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// features are those of some images of a list, as [train.Engine.Features] makes them, kept in a folder of the lab: each is
// computed once for a CLIP and a backend, whatever asks for it. The folder has files of two tensors, "index" [images], places
// in the list, and "features" [images, embed]. A file is written whenever enough are computed, so that little is lost on the
// way.
type features struct {
	data   *dataset.Dataset
	items  []dataset.Item
	folder string
	embed  int
	rows   map[int][]float32 // by place in items
}

// fileOf is how many images a file of features holds at least, but for the last.
const fileOf = 256

// features reads what is on file of a list's.
func (l *Lab) features(d *dataset.Dataset, items []dataset.Item, dtype dtypes.DType) (*features, error) {
	list := dataset.Dataset{Content: d.Content, Test: items}
	key := hash(fmt.Sprint(list.Hash(), l.Model.Fingerprint(), dtype, l.Info))
	f := &features{
		data: d, items: items, folder: filepath.Join(l.Folder, "features", d.Name, key), embed: l.Model.Config.Embed, rows: map[int][]float32{},
	}
	files, err := os.ReadDir(f.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("experiment: looking for features: %w; choose a results folder that can be read and written", err)
	}
	for _, file := range files {
		if filepath.Ext(file.Name()) != ".safetensors" {
			continue
		}
		path := filepath.Join(f.folder, file.Name())
		if err := f.read(path); err != nil {
			return nil, fmt.Errorf("experiment: features on file: %w; delete %s, and its images are encoded again", err, path)
		}
	}
	return f, nil
}

// read adds the features of a file.
func (f *features) read(path string) error {
	file, err := safetensors.Read(path)
	if err != nil {
		return err
	}
	places, err := file.Tensors["index"].Int64s()
	if err != nil {
		return err
	}
	values, err := file.Tensors["features"].Float32s()
	if err != nil {
		return err
	}
	if len(values) != len(places)*f.embed {
		return fmt.Errorf("%d numbers for %d images, want %d each", len(values), len(places), f.embed)
	}
	for i, place := range places {
		row := values[i*f.embed : (i+1)*f.embed]
		if place < 0 || place >= int64(len(f.items)) || !finite(row) {
			return fmt.Errorf("image %d of %d is no image of the list, or has features that are not finite numbers", place, len(f.items))
		}
		f.rows[int(place)] = row
	}
	return nil
}

// write keeps features in a file that is named after their places.
func (f *features) write(places []int, values []float32) error {
	if err := os.MkdirAll(f.folder, 0o755); err != nil {
		return fmt.Errorf("experiment: keeping features: %w; choose a results folder that can be written to", err)
	}
	index := make([]int32, len(places))
	for i, place := range places {
		index[i] = int32(place)
	}
	file := safetensors.File{Tensors: map[string]safetensors.Tensor{
		"index": safetensors.Int32(index, len(index)), "features": safetensors.Float32(values, len(index), f.embed),
	}}
	if err := file.Write(filepath.Join(f.folder, hash(fmt.Sprint(places))+".safetensors")); err != nil {
		return fmt.Errorf("experiment: keeping features: %w; free some space, what was kept before stays", err)
	}
	return nil
}

// missing are the places of those wanted that are not known, ascending.
func (f *features) missing(wanted []bool) []int {
	var places []int
	for place, wanted := range wanted {
		if wanted && f.rows[place] == nil {
			places = append(places, place)
		}
	}
	return places
}

// fill computes and keeps what is missing. When ctx is cancelled or an image fails, whole batches before stay.
func (f *features) fill(ctx context.Context, engine *train.Engine, missing []int) error {
	if len(missing) == 0 {
		return nil
	}
	var values []float32
	kept := 0 // of missing
	keep := func(least int) error {
		count := len(values) / f.embed
		if count == 0 || count < least {
			return nil
		}
		places := missing[kept : kept+count]
		if err := f.write(places, values); err != nil {
			return err
		}
		for i, place := range places {
			f.rows[place] = values[i*f.embed : (i+1)*f.embed]
		}
		values, kept = nil, kept+count
		return nil
	}
	err := engine.Features(ctx, f.data, choose(f.items, missing), train.Config{}, func(batch selection.Matrix) error {
		for i := range len(batch.Values) / f.embed {
			if !finite(batch.Row(i)) {
				item := f.items[missing[kept+len(values)/f.embed+i]]
				return fmt.Errorf("experiment: the features of %s are not finite numbers: the weights are damaged, or have to be computed in float32", item.Path)
			}
		}
		values = append(values, batch.Values...)
		return keep(fileOf)
	})
	return errors.Join(err, keep(1))
}

// set are the labelled features of places.
func (f *features) set(places []int) logistic.Set {
	s := logistic.Set{Width: f.embed, Features: make([]float32, 0, len(places)*f.embed)}
	for _, place := range places {
		s.Features = append(s.Features, f.rows[place]...)
		s.Labels = append(s.Labels, f.items[place].Label)
	}
	return s
}

// all are the features of the whole list, [items, embed].
func (f *features) all() []float32 {
	values := make([]float32, 0, len(f.items)*f.embed)
	for place := range f.items {
		values = append(values, f.rows[place]...)
	}
	return values
}

func finite(row []float32) bool {
	return !slices.ContainsFunc(row, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}

func choose[T any](all []T, places []int) []T {
	chosen := make([]T, len(places))
	for i, place := range places {
		chosen[i] = all[place]
	}
	return chosen
}
