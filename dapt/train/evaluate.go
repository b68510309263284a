package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Score is the evaluation of one list of images.
type Score struct {
	Images   int
	Accuracy float64   // percent
	MacroF1  float64   // percent, over the classes that the list has
	PerClass []float64 // percent, by class; -1 where the list has no image of it
}

// Evaluate classifies items of data with the engine's present prompts: the texts are encoded once, the images in
// batches. words are background texts that stand as columns beside the classes; choosing one is an error (see
// [dapt.Background]). No mask is used.
func (e *Engine) Evaluate(ctx context.Context, data *dataset.Dataset, items []dataset.Item, words []string, c Config) (Score, error) {
	return e.evaluate(ctx, e.newLoader(data, items), words, c)
}

// View is what of an image is seen: the foreground of its mask, or the background. As in training, hidden pixels take
// CLIP's mean colour.
type View struct {
	Masks      mask.Source // not such as follow the prompts: see [mask.Refresher]
	Background bool
}

// EvaluateView is Evaluate on views of the images.
func (e *Engine) EvaluateView(ctx context.Context, data *dataset.Dataset, items []dataset.Item, v View, c Config) (Score, error) {
	l := e.newLoader(data, items)
	l.View = v
	l.Masks = mask.For(v.Masks, data)
	return e.evaluate(ctx, l, nil, c)
}

func (e *Engine) evaluate(ctx context.Context, l *loader, words []string, c Config) (Score, error) {
	if len(l.items) == 0 {
		return Score{}, errors.New("train: nothing to evaluate: the list of images is empty")
	}
	predicted, err := e.nearest(ctx, l, words, c)
	if err != nil {
		return Score{}, err
	}
	return NewScore(l.items, predicted, len(l.data.Classes)), nil
}

// nearest are the classes that the loader's images are taken for.
func (e *Engine) nearest(ctx context.Context, l *loader, words []string, c Config) ([]int, error) {
	predicted := make([]int, len(l.items))
	return predicted, e.stream(ctx, l, words, c, transform.Eval, func(p *pixels, texts *tensors.Tensor) error {
		classes, err := e.classes.Call1(e.imageTensor(p), texts, e.tunedOn(l.data))
		if err != nil {
			return fmt.Errorf("train: classifying: %w", err)
		}
		defer classes.MustFinalizeAll()
		e.seen(len(p.items))
		return tensors.ConstFlatData(classes, func(flat []int32) {
			for i, item := range p.items {
				predicted[item] = int(flat[i])
			}
		})
	})
}

// stream encodes the texts of the loader's classes, and words, once, and hands them on with each batch of images.
func (e *Engine) stream(ctx context.Context, l *loader, words []string, c Config, view func(*image.NRGBA, int) *image.NRGBA, work func(*pixels, *tensors.Tensor) error) error {
	if err := l.labelled(); err != nil {
		return err
	}
	texts, err := e.encodeTexts(l.data, words)
	if err != nil {
		return err
	}
	defer texts.MustFinalizeAll()
	return l.stream(ctx, e.BatchSize(c, len(l.data.Classes)), view, func(p *pixels) error { return work(p, texts) })
}

// encodeTexts returns what images are compared with: the unit features of the classes' sentences and then of words,
// [classes+words, embed]. Of a learner whose texts depend on the image, that are the tokens of the sentences, and there may
// be no words.
func (e *Engine) encodeTexts(data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	if e.conditional() {
		return e.sentences(data, words)
	}
	if e.distilled() {
		return e.teacherTexts(data, words)
	}
	if l, ok := e.Learner.(prompt.Ensembler); ok {
		return e.meanTexts(l, data, words)
	}
	return e.plainTexts(data, words)
}

// plainTexts are the unit features of texts that no image changes.
func (e *Engine) plainTexts(data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	return e.sentenceTexts(e.Learner.Template(data.Template), data.Classes, words)
}

// sentenceTexts are the unit features of a sentence around class names, and of words.
func (e *Engine) sentenceTexts(template string, classes, words []string) (*tensors.Tensor, error) {
	lists, err := e.pack(dapt.Sentences(template, classes), words)
	if err != nil {
		return nil, err
	}
	exec, err := e.texts(lists)
	if err != nil {
		return nil, err
	}
	inputs := []any{lists[0].Tokens}
	if len(words) > 0 {
		inputs = append(inputs, lists[1].Tokens)
	}
	texts, err := exec.Call1(inputs...)
	if err != nil {
		return nil, fmt.Errorf("train: encoding the texts: %w", err)
	}
	return texts, nil
}

// stream hands on all items in batches of one size, the next made while the present one is worked on. The last batch is
// filled up with blank images, so that one program does for lists of any length; items holds the real ones only. No more
// than three batches are in memory.
func (l *loader) stream(ctx context.Context, size int, view func(*image.NRGBA, int) *image.NRGBA, work func(*pixels) error) error {
	all := make([]int, len(l.items))
	for i := range all {
		all[i] = i
	}
	fill := func(ctx context.Context, items []int) (*pixels, error) { return l.plain(ctx, items, size, view) }
	return begin(ctx, slices.Collect(slices.Chunk(all, size)), fill).each(ctx, l.images.add, work)
}

// Batches are sized by the values that enter a block of the image tower, tokens times width: too few leave cores idle, too
// many fall out of their caches. On two cores of XLA's CPU plugin the mini CLIP is within 5 % of its best from 50 to 100
// images, ViT-B/16 from 6 to 16.
const (
	valuesOfCore = 620_000
	valuesOfGPU  = 32 * valuesOfCore
	largestBatch = 100 // images
)

// BatchSize is how many images Evaluate and Heat work on at once, with so many classes.
func (e *Engine) BatchSize(c Config, classes int) int {
	if e.conditional() {
		return max(1, min(cmp.Or(c.Test, largestBatch), rowsAtOnce/classes))
	}
	if c.Test > 0 {
		return c.Test
	}
	values := valuesOfCore * runtime.GOMAXPROCS(0)
	if strings.Contains(e.backend.Description(), "cuda") {
		values = valuesOfGPU
	}
	image := (1 + e.Model.Config.Patches()) * e.Model.Config.Vision.Width
	return min(max(values/image, 1), largestBatch)
}

// score compares predictions with labels of so many classes. A prediction past the classes is an error.
func score(labels, predicted []int, classes int) Score {
	right, of, said := make([]int, classes), make([]int, classes), make([]int, classes)
	total := 0
	for i, label := range labels {
		of[label]++
		if p := predicted[i]; p < classes {
			said[p]++
		}
		if predicted[i] == label {
			right[label]++
			total++
		}
	}
	s := Score{Images: len(labels), Accuracy: 100 * float64(total) / float64(len(labels)), PerClass: make([]float64, classes)}
	present := 0
	for class := range classes {
		s.PerClass[class] = -1
		if of[class] > 0 {
			present++
			s.PerClass[class] = 100 * float64(right[class]) / float64(of[class])
			s.MacroF1 += 100 * 2 * float64(right[class]) / float64(of[class]+said[class])
		}
	}
	s.MacroF1 /= float64(present)
	return s
}

// seen reports images that were encoded.
func (e *Engine) seen(images int) {
	if e.Seen != nil {
		e.Seen(images)
	}
}

func (e *Engine) imageTensor(p *pixels) *tensors.Tensor {
	side := e.Model.Config.Side
	return tensors.FromFlatDataAndDimensions(p.images, len(p.labels), side, side, 3)
}
