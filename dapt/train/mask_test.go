package train

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/mask"
)

// TestMapsFollowThePrompts: the masks of an epoch come from the prompts at the end of the one before.
func TestMapsFollowThePrompts(t *testing.T) {
	e, folder := newEngine(t), t.TempDir()
	m := methods()["dapt-g"]
	var after map[string][]float32
	interrupted(t, e, m, folder, func(event string, count int) bool {
		if event == "step" && count == 3 { // the last of epoch 0
			after = parameters(t, e)
		}
		return event == "step" && count == 4
	})
	d, _ := newData()
	s, err := readState(filepath.Join(folder, checkpointFile), keyOf(t, Run{Engine: e, Method: m, Data: d, Config: quick()}))
	if err != nil || s.Epoch != 1 {
		t.Fatalf("the run stopped at %+v, %v, want epoch 1", s, err)
	}
	heat := func() [][]float32 {
		maps, err := e.Heat(context.Background(), d, d.Train, nil, quick())
		if err != nil {
			t.Fatal(err)
		}
		return maps
	}
	if now := heat(); reflect.DeepEqual(s.heat, now) {
		t.Error("the maps are those of the present step: the test shows nothing")
	}
	if err := e.SetParameters(after); err != nil {
		t.Fatal(err)
	}
	if want := heat(); !reflect.DeepEqual(s.heat, want) {
		t.Errorf("the maps of epoch 1 are %v, want those after epoch 0, %v", s.heat[0], want[0])
	}
}

// TestAnImageAndItsMaskAreCroppedAlike trains on pictures that are their own masks.
func TestAnImageAndItsMaskAreCroppedAlike(t *testing.T) {
	d, files := newData()
	for _, item := range d.Train {
		files[item.Path].Data = files["mask"+item.Path[len("images"):]].Data
	}
	e := newEngine(t)
	l := e.newLoader(d, d.Train)
	items := order(1, 0, len(d.Train))
	seen := 0
	for epoch := range uint64(8) {
		p, err := l.augmented(context.Background(), items, mask.For(mask.Files{}, d), 1, epoch)
		if err != nil {
			t.Fatal(err)
		}
		same := 0
		for i, m := range p.masks {
			if (p.images[3*i] > 0) == (m == 1) { // white is above the mean, black below
				same++
			}
			seen += int(m)
		}
		if same < len(p.masks)*95/100 {
			t.Errorf("epoch %d: image and mask agree in %d of %d pixels", epoch, same, len(p.masks))
		}
	}
	if seen == 0 {
		t.Error("no foreground was seen: the test shows nothing")
	}
}
