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

// recorded is MaPLe that starts with the parameters of the set. Without any it is CLIP as it is.
type recorded struct {
	prompt.MaPLe
	list []prompt.Parameter
}

// Parameters returns those of the set.
func (r recorded) Parameters(*clip.Model, *rand.Rand) ([]prompt.Parameter, error) { return r.list, nil }

// learner is MaPLe with the parameters ‹group›/param/…, whose names and shapes tell its depth and its tokens.
func (s *Set) learner(group string) (recorded, error) {
	ctx, ok := s.cases.Tensors[group+"/param/ctx"]
	if !ok || len(ctx.Dims) != 2 {
		return recorded{}, fmt.Errorf("parity: %s/param/ctx is not there, or not [context, width]", group)
	}
	phrase := s.manifest.Config.Phrase
	r := recorded{MaPLe: prompt.MaPLe{Context: ctx.Dims[0], Depth: 1, Phrase: phrase, Random: phrase == ""}}
	for name := range s.cases.Tensors {
		if strings.HasPrefix(name, group+"/param/compound_prompts_text.") {
			r.Depth++
		}
	}
	shapes := r.MaPLe
	shapes.Random = true // the phrase may be too short to begin a context with, which is given here
	list, err := shapes.Parameters(s.model, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return recorded{}, err
	}
	for _, p := range list {
		name := group + "/param/" + p.Name
		if p.Value, err = s.floats(name); err != nil {
			return recorded{}, err
		}
		if dims := s.cases.Tensors[name].Dims; !slices.Equal(dims, p.Dims) {
			return recorded{}, fmt.Errorf("parity: %s is %v, want %v", name, dims, p.Dims)
		}
		r.list = append(r.list, p)
	}
	return r, nil
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
