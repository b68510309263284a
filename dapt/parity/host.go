package parity

import (
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"os"
	"path"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// tokenizer compares the ids of texts, one case each.
func (c *checker) tokenizer() error {
	var texts []struct {
		Text      string  `json:"text"`
		IDs       []int32 `json:"ids"`
		TooLong   bool    `json:"too_long"`
		Truncated []int32 `json:"truncated"`
	}
	if err := c.read("tokenizer.json", &texts); err != nil {
		return err
	}
	places := c.model.Config.Context
	for i, t := range texts {
		name := fmt.Sprintf("tokenizer/%d", i)
		got, want := c.model.Tokenizer.Encode(t.Text), t.IDs
		_, err := c.model.Tokenizer.Tokenize([]string{t.Text}, places)
		if tooLong := new(clip.TooLongError); errors.As(err, &tooLong) != t.TooLong {
			c.report(Line{Name: name, Verdict: Fail, Note: fmt.Sprintf("too long: %v, want %v", err, t.TooLong)})
			continue
		}
		if t.TooLong && len(t.Truncated) > 0 {
			got = append(slices.Clone(got), c.model.Tokenizer.Truncate([]string{t.Text}, len(t.Truncated))[0]...)
			want = append(slices.Clone(want), t.Truncated...)
		}
		exact(c, name, got, want)
	}
	return nil
}

// draws compares few-shot draws, halves of the classes, and the random numbers under them.
func (c *checker) draws() error {
	var f struct {
		Train  []int `json:"train_labels"`
		Val    []int `json:"val_labels"`
		Splits []struct {
			Seed       uint64
			Shots      int
			Train, Val []int
		}
		Subsample []struct {
			Labels    []int
			Base, New [][2]any
		}
		NumPy []struct {
			Seed    uint32
			N, K    int
			Out     []int
			Randint []int     `json:"then_randint_0_1000"`
			Random  []float64 `json:"then_random"`
		} `json:"numpy_choice"`
		Python []pythonDraws `json:"python_rng"`
	}
	if err := c.read("fewshot.json", &f); err != nil {
		return err
	}
	for _, s := range f.Splits {
		train, val := dataset.FewShotIndices(f.Train, f.Val, s.Shots, s.Seed)
		exact(c, fmt.Sprintf("fewshot/seed%d/shots%d", s.Seed, s.Shots), slices.Concat(train, []int{-1}, val), slices.Concat(s.Train, []int{-1}, s.Val))
	}
	for i, s := range f.Subsample {
		d := halvable(s.Labels)
		exact(c, fmt.Sprintf("subsample/%d/base", i), pairs(d.Base()), want(s.Base))
		exact(c, fmt.Sprintf("subsample/%d/new", i), pairs(d.Novel()), want(s.New))
	}
	for i, s := range f.NumPy {
		random := pyrand.NewNumPy(s.Seed)
		got := random.Choice(s.N, s.K)
		for range s.Randint {
			got = append(got, random.Randint(0, 1000))
		}
		exact(c, fmt.Sprintf("numpy/%d", i), got, slices.Concat(s.Out, s.Randint))
		var reals []float64
		for range s.Random {
			reals = append(reals, random.Float64())
		}
		exact(c, fmt.Sprintf("numpy/%d/random", i), reals, s.Random)
	}
	for _, p := range f.Python {
		p.compare(c)
	}
	return nil
}

// pythonDraws are numbers of Python's random module after one seed, in this order.
type pythonDraws struct {
	Seed   uint64
	Words  []uint32  `json:"getrandbits32"`
	Random []float64 `json:"random"`
	Sample []struct {
		N, K int
		Out  []int
	}
	Shuffled []int
}

func (p pythonDraws) compare(c *checker) {
	name := fmt.Sprintf("python_rng/seed%d/", p.Seed)
	random := pyrand.NewPython(p.Seed)
	var words []uint32
	for range p.Words {
		words = append(words, random.Uint32())
	}
	exact(c, name+"getrandbits", words, p.Words)
	var reals []float64
	for range p.Random {
		reals = append(reals, random.Float64())
	}
	exact(c, name+"random", reals, p.Random)
	for i, s := range p.Sample {
		exact(c, fmt.Sprintf("%ssample%d", name, i), random.Sample(s.N, s.K), s.Out)
	}
	shuffled := make([]int, len(p.Shuffled))
	for i := range shuffled {
		shuffled[i] = i
	}
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	exact(c, name+"shuffle", shuffled, p.Shuffled)
}

// halvable is a data set with one training item a label, of the class "class ‹label›".
func halvable(labels []int) *dataset.Dataset {
	d := &dataset.Dataset{}
	for _, label := range labels {
		for len(d.Classes) <= label {
			d.Classes = append(d.Classes, fmt.Sprintf("class %d", len(d.Classes)))
		}
		d.Train = append(d.Train, dataset.Item{Label: label, Class: d.Classes[label]})
	}
	return d
}

func pairs(d *dataset.Dataset) []string {
	var list []string
	for _, item := range d.Train {
		list = append(list, fmt.Sprint(item.Class, " ", item.Label))
	}
	return list
}

func want(items [][2]any) []string {
	var list []string
	for _, item := range items {
		list = append(list, fmt.Sprint(item[0], " ", item[1]))
	}
	return list
}

// schedules compares the learning rate of each epoch.
func (c *checker) schedules() error {
	var s struct {
		Rates   map[string][]float64 `json:"learning_rate"`
		Weights map[string][]float64 `json:"promptsrc_epoch_weights"`
	}
	if err := c.read("schedules.json", &s); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Rates)) {
		config := train.Paper()
		if _, err := fmt.Sscanf(name, "lr=%g,max_epoch=%d", &config.Rate, &config.Epochs); err != nil {
			c.report(Line{Name: "schedule/" + name, Verdict: Todo, Note: "not lr=…,max_epoch=…"})
			continue
		}
		var got []float64
		for epoch := range s.Rates[name] {
			got = append(got, config.At(epoch))
		}
		c.close("schedule/"+name, got, s.Rates[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Weights)) {
		config := train.Paper()
		if _, err := fmt.Sscanf(name, "mean=%g,std=%g,epochs=%d", &config.Average.Mean, &config.Average.Deviation, &config.Epochs); err != nil {
			c.report(Line{Name: "schedule/promptsrc/" + name, Verdict: Todo, Note: "not mean=…,std=…,epochs=…"})
			continue
		}
		c.close("schedule/promptsrc/"+name, config.Weights(), s.Weights[name])
	}
	return nil
}

// close reports a case of which got must be want but for rounding.
func (c *checker) close(name string, got, want []float64) {
	line := Line{Name: name, Tolerance: 1e-12, Verdict: Pass}
	if len(got) != len(want) {
		line.Error = math.Inf(1)
	} else {
		for i := range got {
			line.Error = worse(line.Error, math.Abs(got[i]-want[i]))
		}
	}
	if !(line.Error <= line.Tolerance) {
		line.Verdict = Fail
	}
	c.report(line)
}

// preprocessing compares the evaluation transform and the joint crops of image and mask.
func (c *checker) preprocessing() error {
	side := c.model.Config.Side
	for i, p := range c.manifest.Preprocessing {
		name := fmt.Sprintf("preproc/%d/", i)
		img, err := transform.Open(os.DirFS(c.folder), p.Image)
		if err != nil {
			return fmt.Errorf("parity: %w", err)
		}
		files := mask.Files{FS: os.DirFS(c.folder), Folder: path.Dir(p.Mask), Decode: mask.Official, AllowEmpty: true}
		labels, err := files.Mask(context.Background(), dataset.Item{Path: path.Base(p.Mask)}, img)
		if err != nil {
			return fmt.Errorf("parity: %w", err)
		}
		plain := transform.Eval(img, side)
		compared := []error{
			tensor(c, name+"eval_u8", colours(plain)), tensor(c, name+"eval", normalised(plain)), tensor(c, name+"mask_resized_u8", labels.Pix),
		}
		for j, crop := range p.Crops {
			window := transform.Crop{Top: crop.I, Left: crop.J, Height: crop.H, Width: crop.W, Flip: crop.Flip}
			foreground := make([]float32, side*side)
			transform.Foreground(foreground, files.Crop(labels, window, side))
			compared = append(compared,
				tensor(c, fmt.Sprintf("%scrop%d/image", name, j), normalised(window.Image(img, side))),
				tensor(c, fmt.Sprintf("%scrop%d/mask", name, j), foreground))
		}
		if err := errors.Join(compared...); err != nil {
			return err
		}
	}
	return nil
}

// colours drops the fourth channel.
func colours(img *image.NRGBA) []uint8 {
	var bytes []uint8
	for i := 0; i < len(img.Pix); i += 4 {
		bytes = append(bytes, img.Pix[i:i+3]...)
	}
	return bytes
}

// normalised returns channel planes.
func normalised(img *image.NRGBA) []float32 {
	size := img.Bounds().Size()
	pixels := make([]float32, 3*size.X*size.Y)
	transform.Normalize(pixels, img)
	planes := make([]float32, len(pixels))
	area := size.X * size.Y
	for i, v := range pixels {
		planes[i%3*area+i/3] = v
	}
	return planes
}
