package experiment

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// featuresOf opens those of a list in a folder.
func featuresOf(t *testing.T, folder string, items []dataset.Item) (*features, *train.Engine) {
	t.Helper()
	lab := newLab(t, folder)
	f, err := lab.features(newBenchmark().Dataset, items, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := lab.Engine(prompt.ZeroShot{}, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	return f, engine
}

// places are 0 to count-1.
func places(count int) []int {
	list := make([]int, count)
	for i := range list {
		list[i] = i
	}
	return list
}

// TestInterruptedFeaturesGoOn: whole files stay, and the rest is what it would have been.
func TestInterruptedFeaturesGoOn(t *testing.T) {
	items := slices.Repeat(newBenchmark().Train, 25) // 500
	whole, engine := featuresOf(t, t.TempDir(), items)
	if err := whole.fill(context.Background(), engine, places(len(items))); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	part, engine := featuresOf(t, folder, items)
	ctx, stop := context.WithCancel(context.Background())
	seen := 0
	engine.Seen = func(images int) {
		if seen += images; seen > 300 {
			stop()
		}
	}
	err := part.fill(ctx, engine, places(len(items)))
	engine.Seen = nil
	if !errors.Is(err, context.Canceled) || len(part.rows) < 300 || len(part.rows) == len(items) {
		t.Fatalf("fill = %v with %d of %d features, want an interrupt after 300", err, len(part.rows), len(items))
	}
	rest, engine := featuresOf(t, folder, items)
	if !reflect.DeepEqual(rest.rows, part.rows) {
		t.Errorf("on file are %d features, want the %d that were encoded", len(rest.rows), len(part.rows))
	}
	wanted := make([]bool, len(items))
	wanted[0], wanted[len(items)-1] = true, true
	if got := rest.missing(wanted); !slices.Equal(got, []int{len(items) - 1}) {
		t.Errorf("missing = %v, want the last", got)
	}
	if err := rest.fill(context.Background(), engine, places(len(items))[len(rest.rows):]); err != nil || !slices.Equal(rest.all(), whole.all()) {
		t.Errorf("fill = %v, with features other than in one go", err)
	}
	if set := rest.set([]int{1, 5}); !slices.Equal(set.Labels, []int{0, 1}) || !slices.Equal(set.Features[set.Width:], whole.rows[5]) {
		t.Errorf("set of images 1 and 5 is %+v", set)
	}
}

func TestFeaturesOfOtherListsAreNotTaken(t *testing.T) {
	folder, items := t.TempDir(), newBenchmark().Train
	f, engine := featuresOf(t, folder, items)
	if err := f.fill(context.Background(), engine, []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if other, _ := featuresOf(t, folder, items[1:]); len(other.rows) != 0 {
		t.Errorf("another list has %d features, want none", len(other.rows))
	}
	lab := newLab(t, folder)
	lab.Info.Name = "other"
	for what, open := range map[string]func() (*features, error){
		"backend": func() (*features, error) { return lab.features(f.data, items, dtypes.Float32) },
		"type":    func() (*features, error) { return newLab(t, folder).features(f.data, items, dtypes.BFloat16) },
	} {
		if other, err := open(); err != nil || len(other.rows) != 0 {
			t.Errorf("another %s has features %v, %v, want none", what, other, err)
		}
	}
}

func TestBadFilesOfFeaturesAreNamed(t *testing.T) {
	nan := slices.Repeat([]float32{float32(math.NaN())}, 32)
	for want, spoil := range map[string]func(f *features) error{
		"cut short": func(f *features) error {
			return os.WriteFile(filepath.Join(f.folder, "x.safetensors"), []byte("short"), 0o644)
		},
		"holds no inte": func(f *features) error {
			return os.WriteFile(filepath.Join(f.folder, "x.safetensors"), []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), 0o644)
		},
		"is no image of": func(f *features) error { return f.write([]int{20}, make([]float32, 32)) },
		"finite numbers": func(f *features) error { return f.write([]int{3}, nan) },
		"want 32 each":   func(f *features) error { f.embed = 16; return f.write([]int{3}, nan[:16]) },
	} {
		folder := t.TempDir()
		f, engine := featuresOf(t, folder, newBenchmark().Train)
		if err := f.fill(context.Background(), engine, []int{0, 1}); err != nil {
			t.Fatal(err)
		}
		if err := spoil(f); err != nil {
			t.Fatal(err)
		}
		if _, err := newLab(t, folder).features(f.data, f.items, dtypes.Float32); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "; delete "+f.folder) {
			t.Errorf("features = %v, want an error with %q and the file to delete", err, want)
		}
	}
}

// TestFeaturesThatAreNotFiniteNameTheImage, and nothing of them is kept.
func TestFeaturesThatAreNotFiniteNameTheImage(t *testing.T) {
	m := newModel()
	for i := range m.Values["visual.proj"] {
		m.Values["visual.proj"][i] = math.MaxFloat32
	}
	folder := t.TempDir()
	lab, err := Open(golden.Backend(t), Backend{}, m, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	p := probes()
	if _, err := p.Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), "features of images/train/cat/") || !strings.Contains(err.Error(), "float32") {
		t.Errorf("Run = %v, want an error that names the first image", err)
	}
	if left, err := os.ReadDir(filepath.Join(folder, "features")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("on file are %v, %v, want nothing", left, err)
	}
}

// FuzzFeatureFiles: whatever is in a file, it is read as features of the list or refused.
func FuzzFeatureFiles(f *testing.F) {
	good := safetensors.File{Tensors: map[string]safetensors.Tensor{
		"index": safetensors.Int32([]int32{2, 0}, 2), "features": safetensors.Float32([]float32{1, 2, 3, 4}, 2, 2),
	}}
	f.Add(good.Encode())
	for name, tensor := range map[string]safetensors.Tensor{
		"index": safetensors.Int32([]int32{-1, 9}, 2), "features": safetensors.Float32([]float32{1}, 1),
	} {
		bad := safetensors.File{Tensors: maps.Clone(good.Tensors)}
		bad.Tensors[name] = tensor
		f.Add(bad.Encode())
	}
	path := filepath.Join(f.TempDir(), "x.safetensors")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		read := features{items: make([]dataset.Item, 3), embed: 2, rows: map[int][]float32{}}
		if read.read(path) != nil {
			return
		}
		for place, row := range read.rows {
			if place < 0 || place > 2 || len(row) != 2 || !finite(row) {
				t.Errorf("place %d of 3 has features %v, want 2 finite numbers", place, row)
			}
		}
	})
}
