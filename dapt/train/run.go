package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Run is one tuning run.
type Run struct {
	Engine *Engine
	Method dapt.Method      // its Learner is the engine's
	Data   *dataset.Dataset // Train is tuned on, Val chooses the epoch
	Config Config
	Folder string         // for checkpoints; "" keeps none, and the run cannot be resumed
	Report func(Progress) // called after each step; nil reports nothing
	// Weights weigh each of Data.Train in L_cls; their mean should be 1. nil weighs all alike.
	Weights []float64
	// Teacher holds the tuned prompts of whoever teaches a [prompt.Distilled] learner, in its own CLIP. Such a learner reads no
	// label and no Data.Val. Tested are the further data sets whose classes the prompts will be tested on: the teacher is asked for
	// their texts now, of which Name, Classes and Template are read. Others leave both nil.
	Teacher *Engine
	Tested  []*dataset.Dataset
	// Forgetting counts how often training goes from right to wrong with an image, as the augmented batches show it.
	Forgetting bool
}

// Tune tunes the engine's prompts from their seed, or goes on from the checkpoint in Folder if an interrupted run with
// the same settings left one; either way the same prompts come out, bit for bit. At the end the engine holds the prompts
// that Config.Final asks for, and Folder has them as prompts.safetensors.
//
// Bad images, masks and settings are errors before the first step. A cancelled ctx stops after the step at work, saves,
// and returns an error that wraps ctx's.
func (r Run) Tune(ctx context.Context) (Outcome, error) {
	if err := r.Config.Validate(); err != nil {
		return Outcome{}, err
	}
	if len(r.Engine.names) == 0 {
		return Outcome{Final: "nothing is trained"}, nil
	}
	t, err := r.prepare(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer t.drop()
	for t.state.Epoch < r.Config.Epochs {
		if err := t.epoch(ctx); err != nil {
			return Outcome{}, err
		}
	}
	return t.finish()
}

// tuning is a Run at work.
type tuning struct {
	Run
	loader     *loader
	classes    clip.Packed
	background clip.Packed
	anchors    []float32   // of an anchored learner
	lesson     lesson      // of a distilled learner's teacher
	negatives  []string    // sentences that stand beside the classes in evaluation and Grad-CAM
	source     mask.Source // Method.Masks, which knows the data set now
	state      *state
	next       *ahead[*pixels] // batches of the epoch to come, or at work; nil if none is read yet
	start      time.Time       // of what state.Seconds lacks
	fed        Feed            // of the engine's images, without what state.Feed lacks
}

// prepare checks everything that can be checked before the first step, and finds the state to start from.
func (r Run) prepare(ctx context.Context) (*tuning, error) {
	if len(r.Data.Train) == 0 {
		return nil, fmt.Errorf("train: %s has no training images", r.Data.Name)
	}
	if err := r.weighed(); err != nil {
		return nil, err
	}
	if r.Engine.distilled() {
		var err error
		if r, err = r.unlabelled(); err != nil {
			return nil, err
		}
	}
	t := &tuning{
		Run: r, loader: r.Engine.newLoader(r.Data, r.Data.Train), source: mask.For(r.Method.Masks, r.Data), start: time.Now(), fed: r.Engine.Images.Feed(),
	}
	t.loader.crop = r.Config.Crop
	if err := t.tokenize(); err != nil {
		return nil, err
	}
	if err := t.Method.Check(t.Config.Epochs); err != nil {
		return nil, err
	}
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	var err error
	if t.anchors, err = r.Engine.Anchors(t.Data); err != nil {
		return nil, err
	}
	if err := t.ask(); err != nil {
		return nil, err
	}
	if t.state, err = t.resume(); err != nil {
		return nil, err
	}
	if t.state != nil {
		return t, errors.Join(t.load(), t.label(ctx))
	}
	t.state = &state{Best: -1}
	if err := r.Engine.Reset(r.Config.Seed); err != nil {
		return nil, err
	}
	r.Engine.tunes(t.Data.Name, t.Data.Classes)
	if err := errors.Join(t.label(ctx), t.remember(ctx)); err != nil {
		return nil, err
	}
	if err := t.refresh(ctx); err != nil {
		return nil, err
	}
	return t, t.save() // now, so that a folder that cannot be written to is found out before an epoch is lost
}

// tokenize packs the sentences of the classes and of the background words.
func (t *tuning) tokenize() error {
	var lists [2]clip.Packed
	var err error
	if t.Method, lists, err = t.Engine.tokenize(t.Method, t.Data); err != nil {
		return err
	}
	background := t.Method.Loss.Background
	t.negatives = dapt.Sentences(background.Template, background.Words[:background.Negatives])
	t.classes, t.background = lists[0], lists[1]
	return nil
}

// tokenize packs the sentences of the classes and of the background words; the method gets the words of the data set if it
// has none of its own.
func (e *Engine) tokenize(m dapt.Method, data *dataset.Dataset) (dapt.Method, [2]clip.Packed, error) {
	if m.Decouples() {
		m.Loss.Background = m.Loss.Background.Of(data.Name)
		if err := m.Loss.Validate(); err != nil {
			return m, [2]clip.Packed{}, err
		}
	}
	template := e.Learner.Template(data.Template)
	around := m.Loss.Background.Template
	if m.Loss.Background.Learned {
		around = template
	}
	lists, err := e.pack(dapt.Sentences(template, data.Classes), dapt.Sentences(around, m.Loss.Background.Words))
	return m, lists, err
}

// check reads every image, and every mask that does not depend on the prompts, once. The device waits for it.
func (t *tuning) check(ctx context.Context) error {
	defer func(start time.Time) {
		seconds := time.Since(start).Seconds()
		t.Engine.Images.add(Feed{seconds, seconds})
	}(time.Now())
	if err := t.loader.labelled(); err != nil {
		return err
	}
	if t.choosesOnVal() {
		val := t.Engine.newLoader(t.Data, t.Data.Val)
		if err := errors.Join(val.labelled(), val.check(ctx, nil)); err != nil {
			return err
		}
	}
	masks := t.source
	if checker, ok := masks.(mask.Checker); ok {
		if err := checker.Check(ctx, t.Data.Train); err != nil {
			return err
		}
	}
	if _, follows := masks.(mask.Refresher); follows {
		masks = nil
	}
	return t.loader.check(ctx, masks)
}

// refresh maps the training images anew for masks that follow the prompts.
func (t *tuning) refresh(ctx context.Context) error {
	if _, follows := t.source.(mask.Refresher); !follows {
		return nil
	}
	heat, err := t.Engine.heatOf(ctx, t.loader, t.negatives, t.Config, squash)
	if err == nil {
		t.state.heat = heat
	}
	return err
}

// masks are where this epoch's masks come from.
func (t *tuning) masks() mask.Source {
	if source, follows := t.source.(mask.Refresher); follows {
		return source.Refresh(t.Data.Train, t.state.heat, t.Engine.Model.Config.Grid())
	}
	return t.source
}

// epoch tunes from where the state is to the end of its epoch.
func (t *tuning) epoch(ctx context.Context) error {
	if t.next == nil {
		t.read(ctx, t.state.Epoch, t.state.Step)
	}
	steps := t.steps()
	err := t.next.each(ctx, t.Engine.Images.add, func(p *pixels) error { return t.step(p, steps) })
	if err != nil {
		return t.stopped(ctx, err)
	}
	return t.endEpoch(ctx, steps)
}

// read begins to read the batches of an epoch, from a step on. Masks are those of this moment.
func (t *tuning) read(ctx context.Context, epoch, step int) {
	masks, all := t.masks(), batches(order(t.Config.Seed, uint64(epoch), len(t.Data.Train)), t.Config.Batch)
	fill := func(ctx context.Context, items []int) (*pixels, error) {
		return t.loader.augmented(ctx, items, masks, t.Config.Seed, uint64(epoch))
	}
	t.next = begin(ctx, all[step:], fill)
}

// drop ends all reading, and frees what a teacher gave.
func (t *tuning) drop() {
	if t.next != nil {
		t.next.end()
	}
	if t.lesson.classes != nil {
		t.lesson.classes.MustFinalizeAll()
	}
}

// steps are those of one epoch.
func (t *tuning) steps() int { return max(len(t.Data.Train)/t.Config.Batch, 1) }

// step makes one step of so many in an epoch.
func (t *tuning) step(p *pixels, steps int) error {
	s, side := t.state, t.Engine.Model.Config.Side
	in := Input{
		Images: p.images, Labels: p.labels, Masks: p.masks, Classes: t.classes, Background: t.background, Anchors: t.anchors,
		Update: s.Epoch*steps + s.Step + 1,
	}
	if t.Weights != nil {
		for _, item := range p.items {
			in.Weights = append(in.Weights, float32(t.Weights[item]))
		}
	}
	if t.Method.Loss.Reo != 0 {
		grid := mask.RandomGrid(transform.Stream(t.Config.Seed, "reo", uint64(s.Epoch), uint64(s.Step)), side, side)
		in.Grid = make([]float32, side*side)
		transform.Foreground(in.Grid, grid)
	}
	if err := errors.Join(t.visit(p), t.teach(&in, p)); err != nil {
		return err
	}
	losses, err := t.Engine.Step(t.Method, t.Config, t.phase(), t.Config.At(s.Epoch), in)
	if err != nil {
		return err
	}
	if total := float64(losses[0]); math.IsNaN(total) || math.IsInf(total, 0) {
		return t.diverged(losses, p)
	}
	s.add(losses)
	s.Step++
	if t.Report != nil {
		t.Report(Progress{
			Epoch: s.Epoch, Epochs: t.Config.Epochs, Step: s.Epoch*steps + s.Step, Steps: t.Config.Epochs * steps,
			Images: len(p.items), Loss: float64(losses[0]),
		})
	}
	return nil
}

func (t *tuning) phase() dapt.Phase {
	if !t.Method.Decouples() {
		return dapt.Both
	}
	return t.Method.Loss.Phase(t.state.Epoch, t.Config.Epochs)
}

// diverged tells where a loss became NaN or infinite, and how far the prompts have gone.
func (t *tuning) diverged(losses []float32, p *pixels) error {
	var images []string
	for _, item := range p.items {
		images = append(images, t.Data.Train[item].Path)
	}
	largest := 0.0
	if values, err := t.Engine.Parameters(); err == nil {
		for _, value := range values {
			for _, v := range value {
				largest = max(largest, math.Abs(float64(v)))
			}
		}
	}
	return fmt.Errorf("train: the loss is %g at epoch %d, step %d (terms %v %v; largest prompt value %g; images %q): lower Rate, now %g, "+
		"or look at these images and their masks; the checkpoint of the last epoch is kept",
		losses[0], t.state.Epoch, t.state.Step, t.Method.Names(), losses, largest, images, t.Config.At(t.state.Epoch))
}

// endEpoch measures, maps the masks of the next epoch, remembers the best, and saves. Cut short, it is done again.
func (t *tuning) endEpoch(ctx context.Context, steps int) error {
	s := t.state
	done := Epoch{Epoch: s.Epoch, Phase: int(t.phase()), Rate: t.Config.At(s.Epoch), Val: -1}
	done.Losses = s.means(steps, t.Method, t.phase())
	if t.choosesOnVal() {
		score, err := t.Engine.Evaluate(ctx, t.Data, t.Data.Val, t.negatives, t.Config)
		if err != nil {
			return t.stopped(ctx, err)
		}
		done.Val = score.Accuracy
	}
	if s.Epoch+1 < t.Config.Epochs {
		if err := t.refresh(ctx); err != nil {
			return t.stopped(ctx, err)
		}
		t.read(ctx, s.Epoch+1, 0)
	}
	if t.choosesOnVal() && (s.Best < 0 || done.Val > s.Epochs[s.Best].Val) {
		best, err := t.Engine.Parameters()
		if err != nil {
			return err
		}
		s.Best, s.best = s.Epoch, best
	}
	if err := t.average(); err != nil {
		return err
	}
	s.Epochs = append(s.Epochs, done)
	s.Epoch, s.Step, s.Sums = s.Epoch+1, 0, nil
	return t.save()
}

// stopped saves what a cancelled run has done, and passes any other error on.
func (t *tuning) stopped(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) || t.Folder == "" {
		return err
	}
	if err := t.save(); err != nil {
		return err
	}
	return fmt.Errorf("train: stopped in epoch %d after %d steps and saved in %s; the same run goes on from there: %w",
		t.state.Epoch, t.state.Step, t.Folder, context.Cause(ctx))
}

// resume reads the checkpoint of an interrupted run; nil if there is none.
func (t *tuning) resume() (*state, error) {
	if t.Folder == "" {
		return nil, nil
	}
	s, err := readState(t.Folder+"/"+checkpointFile, t.key())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !t.fits(s) {
		return nil, fmt.Errorf("train: the checkpoint in %s was changed by hand or damaged: epoch %d, step %d is no place of this run; "+
			"delete it to start the run anew", t.Folder, s.Epoch, s.Step)
	}
	return s, err
}

// fits tells whether s is a place that this run can be at.
func (t *tuning) fits(s *state) bool {
	epochs, items := t.Config.Epochs, len(t.Data.Train)
	if s.Epoch < 0 || s.Epoch > epochs || len(s.Epochs) != s.Epoch || s.Best < -1 || s.Best >= s.Epoch {
		return false
	}
	if s.Step < 0 || s.Step > t.steps() || s.Step > 0 && len(s.Sums) != len(t.Method.Names()) {
		return false
	}
	if t.Forgetting && !s.Memory.Of(items) || !t.labelled(s) {
		return false
	}
	if (s.mean != nil) != (t.Config.Final == MeanOfEpochs && s.Epoch > 0) || len(s.memory) != len(t.Config.scopes()) {
		return false
	}
	if _, follows := t.source.(mask.Refresher); !follows {
		return true
	}
	return len(s.heat) == items && len(s.heat[0]) == t.Engine.Model.Config.Patches()
}
