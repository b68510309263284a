package parity

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// recorded is a learner that starts with the parameters of the set. Without any it is CLIP as it is.
type recorded struct {
	prompt.Learner
	list []prompt.Parameter
}

// Parameters returns those of the set.
func (r recorded) Parameters(*clip.Model, *rand.Rand) ([]prompt.Parameter, error) { return r.list, nil }

// published are the names of deep prompts in the set, which are CLIP's own.
var published = strings.NewReplacer("image_encoder.", "visual.", "text_encoder.", "")

// shapes are those of the parameters ‹group›/param/…, by the names of checkpoints.
func (s *Set) shapes(group string) map[string][]int {
	dims := map[string][]int{}
	for name, t := range s.cases.Tensors {
		if own, ok := strings.CutPrefix(name, group+"/param/"); ok {
			own = strings.Replace(own, "visual.", "image_encoder.", 1)
			if strings.HasPrefix(own, "transformer.") {
				own = "text_encoder." + own
			}
			dims[own] = t.Dims
		}
	}
	return dims
}

// learner recognizes the one whose parameters are ‹group›/param/….
func (s *Set) learner(group string) (recorded, error) {
	found, err := prompt.Recognize(s.shapes(group))
	if err != nil {
		return recorded{}, fmt.Errorf("parity: %s/param: %w", group, err)
	}
	return s.record(group, found.Learner)
}

// learnerNamed is the learner of that name with the parameters ‹group›/param/… and further settings.
func (s *Set) learnerNamed(name, group, settings string) (recorded, error) {
	l, err := prompt.Find(name, nil)
	if err != nil {
		return recorded{}, err
	}
	r, ok := l.(prompt.Recognizer)
	if !ok {
		return recorded{}, fmt.Errorf("parity: %s recognizes no parameters", name)
	}
	found, ok := r.Recognize(s.shapes(group))
	if !ok {
		return recorded{}, fmt.Errorf("parity: %s/param are no parameters of %s", group, name)
	}
	if l, err = prompt.With(found.Learner, []byte(settings)); err != nil {
		return recorded{}, err
	}
	return s.record(group, l)
}

// phrased are the learners whose class sentences begin with the set's phrase, of which the context may cover a part only.
var phrased = []string{"maple", "ivlp", "promptsrc"}

// record takes a learner's parameters from the set.
func (s *Set) record(group string, l prompt.Learner) (recorded, error) {
	shapes := l
	if slices.Contains(phrased, l.Name()) {
		phrase := s.manifest.Config.Phrase
		var err error
		if l, err = prompt.With(l, fmt.Appendf(nil, `{"Phrase": %q, "Random": %t}`, phrase, phrase == "")); err != nil {
			return recorded{}, err
		}
		// The phrase may be too short to begin a context with, which is given here.
		if shapes, err = prompt.With(l, []byte(`{"Random": true}`)); err != nil {
			return recorded{}, err
		}
	}
	list, err := shapes.Parameters(s.model, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return recorded{}, err
	}
	for i, p := range list {
		name := group + "/param/" + published.Replace(p.Name)
		if list[i].Value, err = s.floats(name); err != nil {
			return recorded{}, err
		}
		if dims := s.cases.Tensors[name].Dims; !slices.Equal(dims, p.Dims) {
			return recorded{}, fmt.Errorf("parity: %s is %v, want %v", name, dims, p.Dims)
		}
	}
	return recorded{l, list}, nil
}

// variants are the groups of MaPLe beside "maple", such as "maple_depth1".
func (s *Set) variants() []string {
	var names []string
	for name := range s.cases.Tensors {
		if group, ok := strings.CutSuffix(name, "/param/ctx"); ok && strings.HasPrefix(group, "maple_") {
			names = append(names, group)
		}
	}
	slices.Sort(names)
	return names
}

// sentences are a learner's class sentences and the published background sentences.
func (s *Set) sentences(learner recorded) (classes, words []string) {
	b := dapt.OfficialBackgrounds()
	return dapt.Sentences(learner.Template(""), s.manifest.Config.Classes), dapt.Sentences(b.Template, b.Words)
}

// method is DAPT as published, over a learner.
func method(learner recorded, reo float64) dapt.Method {
	loss := dapt.Official()
	loss.Reo = reo
	return dapt.Method{Learner: learner, Masks: given{}, Loss: loss}
}

// given stands for masks that a set gives as tensors.
type given struct{}

func (given) Name() string { return "given" }
func (given) Mask(context.Context, dataset.Item, image.Image) (*image.Gray, error) {
	return nil, errors.New("parity: masks are given as tensors")
}
