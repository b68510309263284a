package train

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train/worldtest"
)

// TestBadInputIsAnErrorBeforeTheFirstStep spoils one thing of the data at a time. Each error must say what is wrong,
// where, and what to do.
func TestBadInputIsAnErrorBeforeTheFirstStep(t *testing.T) {
	const img, msk, val = "images/lake boat/4-2.png", "mask/lake boat/4-2.png", "images/cat/2-1.png"
	for _, test := range []struct {
		name  string
		spoil func(d *dataset.Dataset, files fstest.MapFS)
		want  []string
	}{
		{"missing mask", func(_ *dataset.Dataset, files fstest.MapFS) { delete(files, msk) }, []string{"1 of 12", img, "Fallback"}},
		{"corrupt mask", func(_ *dataset.Dataset, files fstest.MapFS) { files[msk].Data = []byte("no picture") }, []string{msk, "PNG"}},
		{"truncated mask", func(_ *dataset.Dataset, files fstest.MapFS) { cut(files, msk) }, []string{msk, "truncated"}},
		{
			"mask of another size", func(_ *dataset.Dataset, files fstest.MapFS) { files[msk].Data = white(8, 9) },
			[]string{msk, "8 x 9", img, "20 x 18", "make the mask anew"},
		},
		{
			"empty mask", func(_ *dataset.Dataset, files fstest.MapFS) {
				files[msk].Data = worldtest.PNG(image.NewGray(image.Rect(0, 0, 20, 18)))
			},
			[]string{"1 of 12 masks have no foreground", msk, "AllowEmpty"},
		},
		{"missing image", func(_ *dataset.Dataset, files fstest.MapFS) { delete(files, img) }, []string{img, `class "lake boat"`, "split"}},
		{"corrupt image", func(_ *dataset.Dataset, files fstest.MapFS) { files[img].Data = bytes.Repeat([]byte{7}, 90) }, []string{img, "PNG"}},
		{"truncated image", func(_ *dataset.Dataset, files fstest.MapFS) { cut(files, img) }, []string{img, "truncated", "replace the file"}},
		{"truncated validation image", func(_ *dataset.Dataset, files fstest.MapFS) { cut(files, val) }, []string{val, "truncated"}},
		{"label past the classes", func(d *dataset.Dataset, _ fstest.MapFS) { d.Train[5].Label = 3 }, []string{"label 3", "3 classes", "correct"}},
		{"label below 0", func(d *dataset.Dataset, _ fstest.MapFS) { d.Train[5].Label = -1 }, []string{"label -1", "3 classes"}},
		{"validation label past the classes", func(d *dataset.Dataset, _ fstest.MapFS) { d.Val[1].Label = 9 }, []string{"label 9", "3 classes"}},
		{
			"class name past the places", func(d *dataset.Dataset, _ fstest.MapFS) { d.Classes[1] = strings.Repeat("very long ", 30) + "boat" },
			[]string{"very long boat", "16 places", "shorten the class name"},
		},
		{"no training images", func(d *dataset.Dataset, _ fstest.MapFS) { d.Train = nil }, []string{"Tiny has no training images"}},
	} {
		d, files := newData()
		d.Classes = append([]string(nil), d.Classes...)
		test.spoil(d, files)
		run := Run{Engine: newEngine(t), Method: methods()["dapt-s"], Data: d, Config: quick(), Report: func(Progress) {
			t.Fatalf("%s: a step was made", test.name)
		}}
		_, err := run.Tune(context.Background())
		wantError(t, test.name, err, test.want...)
	}
}

// wantError fails t where err does not have every part of want.
func wantError(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one with %q", name, want)
		return
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %q, want it to have %q", name, err, part)
		}
	}
}

// cut leaves the first half of a file.
func cut(files fstest.MapFS, name string) {
	files[name].Data = files[name].Data[:len(files[name].Data)/2]
}

// white is a full mask.
func white(width, height int) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return worldtest.PNG(img)
}

func TestAClassNamePastThePlacesIsNamed(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	d.Classes = []string{"cat", "lake boat", strings.Repeat("tree ", 20) + "house"}
	_, err := e.Evaluate(context.Background(), d, d.Test, nil, quick())
	var long *clip.TooLongError
	if !errors.As(err, &long) || !strings.Contains(long.Text, "tree house") || long.Places != 16 {
		t.Errorf("Evaluate = %v, want a TooLongError that has the class's name", err)
	}
}

func TestEmptyMasksAreLegalWhereAllowed(t *testing.T) {
	d, files := newData()
	empty, full := worldtest.PNG(image.NewGray(image.Rect(0, 0, 20, 18))), white(20, 18)
	for name, file := range files {
		if strings.HasPrefix(name, "mask/cat") {
			file.Data = empty
		} else if strings.HasPrefix(name, "mask/lake") {
			file.Data = full
		}
	}
	m := methods()["dapt-s"]
	m.Masks = mask.Files{AllowEmpty: true}
	out, err := Run{Engine: newEngine(t), Method: m, Data: d, Config: quick()}.Tune(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, loss := range out.Epochs[2].Losses {
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			t.Errorf("%s is %g with empty and full masks", name, loss)
		}
	}
}

func TestValidateNamesTheFieldAndTheValue(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"Epochs is 0, want at least 1": func(c *Config) { c.Epochs = 0 },
		"Batch is -1":                  func(c *Config) { c.Batch = -1 },
		"Test is -1":                   func(c *Config) { c.Test = -1 },
		"Rate is NaN":                  func(c *Config) { c.Rate = math.NaN() },
		"Warmup is +Inf":               func(c *Config) { c.Warmup = math.Inf(1) },
		"Momentum is -0.9":             func(c *Config) { c.Momentum = -0.9 },
		"Decay is -1":                  func(c *Config) { c.Decay = -1 },
		`Final is "", want "last step", "best on val" or`: func(c *Config) { c.Final = "" },
		"Average is {Mean:3 Deviation:0}":                 func(c *Config) { c.Final, c.Average.Mean = MeanOfEpochs, 3 },
		"with which 10 epochs have no mean":               func(c *Config) { c.Final, c.Average = MeanOfEpochs, prompt.Gaussian{Mean: 1e9, Deviation: 1} },
		`Optimizer is "adam"`:                             func(c *Config) { c.Optimizer = "adam" },
		"Crop is 1.5":                                     func(c *Config) { c.Crop = 1.5 },
		"want Float32, BFloat16 or Float16":               func(c *Config) { c.DType = dtypes.Int8 },
	} {
		c := Paper()
		change(&c)
		wantError(t, want, c.Validate(), want)
		d, _ := newData()
		_, err := Run{Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: c}.Tune(context.Background())
		wantError(t, "Tune with "+want, err, want)
	}
}

func TestBadLossSettingsAreErrors(t *testing.T) {
	m := methods()["dapt-s"]
	m.Loss.Mode = "now and then"
	d, _ := newData()
	_, err := Run{Engine: newEngine(t), Method: m, Data: d, Config: quick()}.Tune(context.Background())
	wantError(t, "unknown mode", err, "Mode", "now and then", "joint")
}
