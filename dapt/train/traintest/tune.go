package traintest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// run is one of the engine's, in a folder of the kit's.
func (k *kit) run(e *train.Engine, m dapt.Method, seed uint64, folder string) train.Run {
	c := config()
	c.Seed = seed
	return train.Run{Engine: e, Method: m, Data: k.data, Config: c, Folder: filepath.Join(k.folder, folder), Teacher: k.teacher}
}

// tuned are the parameters after a run.
func tuned(r train.Run) (map[string][]float32, error) {
	if _, err := r.Tune(context.Background()); err != nil {
		return nil, err
	}
	return r.Engine.Parameters()
}

// following is the method with masks that follow the prompts.
func (k *kit) following() dapt.Method {
	m := k.method
	m.Masks = mask.GradCAM{}
	return m
}

// checkSeeds tunes twice with one seed and once with another.
func checkSeeds(k *kit) error {
	for _, m := range []dapt.Method{k.alone(), k.following()} {
		var all []map[string][]float32
		for i, seed := range []uint64{7, 7, 8} {
			values, err := tuned(k.run(k.engine, m, seed, fmt.Sprint(m.Name(), i)))
			if err != nil {
				return fmt.Errorf("%s: %w", m.Name(), err)
			}
			all = append(all, values)
		}
		if !equal(all[0], all[1]) {
			return fmt.Errorf("%s: two runs with one seed end in other parameters", m.Name())
		}
		if equal(all[0], all[2]) {
			return fmt.Errorf("%s: two seeds end in the same parameters", m.Name())
		}
		if err := k.engine.Reset(7); err != nil {
			return err
		}
		start, err := k.engine.Parameters()
		if err != nil {
			return err
		}
		for name, value := range all[0] {
			if slices.Equal(value, start[name]) {
				return fmt.Errorf("%s: parameter %s stays as it is drawn", m.Name(), name)
			}
			if slices.ContainsFunc(value, notFinite) {
				return fmt.Errorf("%s: parameter %s becomes no finite number", m.Name(), name)
			}
		}
	}
	return nil
}

// checkResume stops a run in its second epoch, and lets another engine go on.
func checkResume(k *kit) error {
	for _, m := range []dapt.Method{k.alone(), k.following()} {
		want, err := tuned(k.run(k.engine, m, 9, m.Name()+" in one go"))
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		ctx, stop := context.WithCancel(context.Background())
		first := k.run(k.engine, m, 9, m.Name()+" in two")
		first.Report = func(p train.Progress) {
			if p.Step == 4 {
				stop()
			}
		}
		_, err = first.Tune(ctx)
		stop()
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s: a run that is stopped ends with %v, want an error that wraps context.Canceled", m.Name(), err)
		}
		got, err := tuned(k.run(k.other, m, 9, m.Name()+" in two"))
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		if !equal(got, want) {
			return fmt.Errorf("%s: a run that goes on after 4 of 6 steps ends in other parameters than one in one go", m.Name())
		}
	}
	return nil
}

// prompts tunes the engine and returns its file.
func (k *kit) prompts() (string, error) {
	r := k.run(k.engine, k.alone(), 10, "prompts")
	_, err := tuned(r)
	return filepath.Join(r.Folder, train.PromptsFile), err
}

// checkSaved compares what the tuned engine and one that loads its file make of images.
func checkSaved(k *kit) error {
	path, err := k.prompts()
	if err != nil {
		return err
	}
	if _, err := k.other.Load(path); err != nil {
		return err
	}
	ctx := context.Background()
	want, err := k.engine.Scores(ctx, k.data, k.data.Test, config())
	if err != nil {
		return err
	}
	got, err := k.other.Scores(ctx, k.data, k.data.Test, config())
	if err == nil && !reflect.DeepEqual(got, want) {
		err = errors.New("another engine that loads its prompts gives other features, texts or logits")
	}
	return err
}

// checkExport writes the prompts for other programs, and reads them back as what they are.
func checkExport(k *kit) error {
	path, err := k.prompts()
	if err != nil {
		return err
	}
	settings, err := json.Marshal(k.learner)
	if err != nil {
		return err
	}
	return k.compareImport(path, train.As{Learner: k.learner.Name(), Settings: settings}, true)
}

// checkRecognized reads prompts of other programs back where it must not be said what they are: where their tensors tell.
func checkRecognized(k *kit) error {
	r, ok := k.learner.(prompt.Recognizer)
	if !ok {
		return nil
	}
	shapes := map[string][]int{}
	for _, p := range k.list {
		shapes[p.Name] = p.Dims
	}
	own, ok := r.Recognize(shapes)
	if !ok || own.Learner.Name() != k.learner.Name() {
		return fmt.Errorf("its own parameters are not known to its Recognize: %+v, %t", own, ok)
	}
	found, err := prompt.Recognize(shapes)
	if err != nil {
		return err
	}
	if other := found.Learner.Name(); other != k.learner.Name() {
		if found.Tensors > own.Tensors {
			return fmt.Errorf("its parameters are taken for %s's, which knows %d of them, and its own Recognize %d", other, found.Tensors, own.Tensors)
		}
		return nil // they are as well those of another, before it in the list
	}
	path, err := k.prompts()
	if err != nil {
		return err
	}
	return k.compareImport(path, train.As{}, false)
}

// compareImport exports the engine's prompts at path, imports them, and exports them again. whole compares the settings too.
func (k *kit) compareImport(path string, as train.As, whole bool) error {
	theirs, ours, again := path+".theirs", path+".ours", path+".again"
	if err := train.Export(path, theirs); err != nil {
		return err
	}
	imported, err := train.Import(theirs, k.model, as)
	if err != nil {
		return err
	}
	if whole && !reflect.DeepEqual(imported.Learner, k.learner) || imported.Learner.Name() != k.learner.Name() {
		return fmt.Errorf("imported as %+v, it is %s %+v, want %s %+v", as, imported.Learner.Name(), imported.Learner, k.learner.Name(), k.learner)
	}
	if err := errors.Join(imported.Save(ours), train.Export(ours, again)); err != nil {
		return err
	}
	first, err := os.ReadFile(theirs)
	if err != nil {
		return err
	}
	second, err := os.ReadFile(again)
	if err == nil && !bytes.Equal(first, second) {
		err = fmt.Errorf("imported as %+v and exported again, it has other tensors", as)
	}
	return err
}

func equal(a, b map[string][]float32) bool {
	return maps.EqualFunc(a, b, func(x, y []float32) bool { return slices.Equal(x, y) })
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
