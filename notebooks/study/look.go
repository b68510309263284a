package study

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/session"
)

// Images are so many training images at even distances.
func (s *Study) Images(count int) []dataset.Item { return dataset.Spread(s.Benchmark.Train, count) }

// DAPT is the preset's DAPT-S: MaPLe with DAPT by given masks.
func (s *Study) DAPT() dapt.Method {
	m, ok := s.given()
	if !ok {
		check(fmt.Errorf("%s has no masks: put a mask for each image into the folder mask", s.Benchmark.Name))
	}
	return m
}

// given is DAPT-S, where there are masks.
func (s *Study) given() (dapt.Method, bool) {
	at := slices.IndexFunc(s.Methods, func(m dapt.Method) bool { return m.Decouples() && !m.Follows() })
	if at < 0 {
		return dapt.Method{}, false
	}
	return s.Methods[at], true
}

// mask is an image's mask; nil where there is none.
func (s *Study) mask(item dataset.Item, img image.Image) *image.Gray {
	m, ok := s.given()
	if !ok {
		return nil
	}
	found, err := mask.For(m.Masks, s.Benchmark.Dataset).Mask(s.ctx, item, img)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return Get(found, err)
}

// Views show images, their masks, and what DAPT makes of them. Where there are no masks, they are those that Grad-CAM makes
// with CLIP as it is, with which DAPT-G begins.
func (s *Study) Views(items []dataset.Item) report.ContactSheet {
	m, ok := s.given()
	if !ok {
		m.Masks = mask.GradCAM{}.Refresh(items, s.heat(items), s.Model.Config.Grid())
	}
	return Get(report.ViewSheet(s.ctx, s.Benchmark.Dataset, items, mask.For(m.Masks, s.Benchmark.Dataset)))
}

// zeroShot is the engine of CLIP as it is.
func (s *Study) zeroShot() *train.Engine { return Get(s.Engine(prompt.ZeroShot{}, s.Train.DType)) }

// heat are the Grad-CAM maps of CLIP as it is.
func (s *Study) heat(items []dataset.Item) [][]float32 {
	return remember(s, "looks", items, nil, func() [][]float32 {
		return Get(s.zeroShot().Heat(s.ctx, s.Benchmark.Dataset, items, nil, s.Train))
	})
}

// Looks show where CLIP as it is looks for the class of each image, over its mask's outline if it has one.
func (s *Study) Looks(items []dataset.Item) report.ContactSheet {
	heat := s.heat(items)
	var overlays []report.Overlay
	for i, item := range items {
		img := Get(transform.Open(s.Benchmark.FS, item.Path))
		overlays = append(overlays, report.Overlay{
			Title: item.Class, Image: img, Mask: s.mask(item, img),
			Heats: []report.Heat{{Label: "zero-shot", Values: heat[i], Grid: s.Model.Config.Grid()}},
		})
	}
	return Get(report.OverlaySheet("Grad-CAM of CLIP as it is", overlays))
}

// accuracies are those of one list of test images.
type accuracies struct {
	Name                          string
	Images                        int
	Whole, Foreground, Background float64 // percent; the latter two are -1 where there are no masks
}

// ViewAccuracy is the accuracy of CLIP as it is on whole images, on foregrounds and on backgrounds alone, of so many test
// images of the data set and of each further condition.
func (s *Study) ViewAccuracy(images int) report.List {
	l := report.List{
		Caption: "Zero-shot accuracy by view, percent", Labels: 2, Lines: [][]string{{"test images", "count", "whole", "foreground", "background"}},
		Notes: []string{fmt.Sprintf("Chance is %.1f %%.", 100/float64(len(s.Benchmark.Classes)))},
	}
	for _, test := range s.tests() {
		test.Items = dataset.Spread(test.Items, images)
		a := remember(s, "views", test.Items, nil, func() accuracies { return s.viewAccuracy(test) })
		l.Lines = append(l.Lines, []string{a.Name, fmt.Sprint(a.Images), percent(a.Whole), percent(a.Foreground), percent(a.Background)})
	}
	return l
}

// tests are the data set's own images and those of further conditions.
func (s *Study) tests() []experiment.Condition {
	return append([]experiment.Condition{{Name: s.Benchmark.Name, Items: s.Benchmark.Test}}, s.Benchmark.Conditions...)
}

// percent is how tables print a share, and what was not measured.
func percent(x float64) string {
	if x < 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", x)
}

func (s *Study) viewAccuracy(test experiment.Condition) accuracies {
	whole := Get(s.zeroShot().Evaluate(s.ctx, s.Benchmark.Dataset, test.Items, nil, s.Train))
	a := accuracies{test.Name, whole.Images, whole.Accuracy, -1, -1}
	if s.mask(test.Items[0], Get(transform.Open(s.Benchmark.FS, test.Items[0].Path))) == nil {
		return a // those of backgrounds have none
	}
	view := func(background bool) float64 {
		return Get(s.zeroShot().EvaluateView(s.ctx, s.Benchmark.Dataset, test.Items, train.View{Masks: s.DAPT().Masks, Background: background}, s.Train)).Accuracy
	}
	a.Foreground, a.Background = view(false), view(true)
	return a
}

// fresh is MaPLe's engine with the prompts that a run begins with.
func (s *Study) fresh() *train.Engine {
	engine := Get(s.Engine(s.DAPT().Learner, s.Train.DType))
	check(engine.Reset(1))
	return engine
}

// Decouple looks at images as DAPT's losses do, with the prompts that a run begins with.
func (s *Study) Decouple(items []dataset.Item) []train.Decoupled {
	return remember(s, "decouple", items, s.DAPT(), func() []train.Decoupled {
		return Get(s.fresh().Decouple(s.ctx, s.DAPT(), s.Benchmark.Dataset, items))
	})
}

// Tune makes so many steps on one batch, and returns the losses before each, in the order of [dapt.Names].
func (s *Study) Tune(items []dataset.Item, steps int) [][]float32 {
	return remember(s, "tune", items, []any{s.DAPT(), s.Train, steps}, func() [][]float32 { return s.tune(items, steps) })
}

func (s *Study) tune(items []dataset.Item, steps int) [][]float32 {
	engine, m := s.fresh(), s.DAPT()
	m.Loss.Background = dapt.Backgrounds(s.Benchmark.Dataset.Name)
	batch := Get(engine.Batch(s.ctx, m, s.Benchmark.Dataset, items))
	losses := make([][]float32, steps)
	for i := range losses {
		losses[i] = Get(engine.Step(m, s.Train, dapt.Both, s.Train.Rate, batch))
		check(s.ctx.Err())
	}
	return losses
}

// remember returns what compute returned when it was last asked for the same of the same images and masks, from a file beside
// the results.
func remember[T any](s *Study, name string, items []dataset.Item, settings any, compute func() T) T {
	b := s.Benchmark
	hash := sha256.New()
	hash.Write(Get(json.Marshal([]any{items, settings, s.Model.Fingerprint(), s.Info, s.Train.DType, b.Name, b.Classes, b.Template})))
	for _, item := range items {
		img := Get(transform.Open(b.FS, item.Path))
		hash.Write(img.Pix)
		if m := s.mask(item, img); m != nil {
			hash.Write(m.Pix)
		}
	}
	path := filepath.Join(s.Folder, "cache", fmt.Sprintf("%s-%x.json", name, hash.Sum(nil)[:16]))
	var value T
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &value) == nil {
		return value
	}
	value = compute()
	check(session.WriteFile(path, Get(json.Marshal(value))))
	return value
}
