// Package dapt is the method: decouple before align (T-PAMI 2025). Each training image is split by a mask into a
// foreground and a background view; the foreground is aligned with class texts, the background with background texts,
// and the image feature is pulled towards the foreground and away from the background.
//
// The method knows no prompt learner and no learner knows the method. They meet in a [Method].
//
// It differs from the published code (Ferenas/DAPT e556f17) where that is wrong; [Official] brings its behaviour back:
//   - Seven background words acted as classes, in training and in evaluation: here they do not ([Background]).
//   - New classes were scored against 32 more columns, base classes against seven: here against none.
//   - Food words were appended for every data set: here for Food101.
//   - Grad-CAM masks were computed and never read: here they are the masks of DAPT-G (package mask).
//   - L_reo was left out, and would have compared with a network of random weights: here, if asked for, with CLIP.
package dapt

import (
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Method is what a run tunes: a prompt learner, with or without DAPT's losses over it.
type Method struct {
	Learner prompt.Learner
	Masks   mask.Source // nil means the learner alone
	Loss    Config      // read only with Masks
	Label   string      // name in tables; "" means the learner's with "+dapt-s" or "+dapt-g"
}

// Over puts DAPT with its published weights over a learner, as it attaches to that: see [Config.For].
func Over(learner prompt.Learner, masks mask.Source) Method {
	loss, _ := Paper().For(learner)
	return Method{Learner: learner, Masks: masks, Loss: loss}
}

// Name names the method in tables: the learner, and "+dapt-g" over it where the masks follow the prompts (Grad-CAM),
// "+dapt-s" where they are given.
func (m Method) Name() string {
	switch {
	case m.Label != "":
		return m.Label
	case m.Masks == nil:
		return m.Learner.Name()
	case m.Follows():
		return m.Learner.Name() + "+dapt-g"
	default:
		return m.Learner.Name() + "+dapt-s"
	}
}

// Terms are the names, among [Method.Names], of the losses that a step of phase computes.
func (m Method) Terms(phase Phase) []string {
	terms := []string{"total"}
	for _, term := range m.terms() {
		if term.Weight != 0 {
			terms = append(terms, term.Name)
		}
	}
	if !m.Decouples() {
		return terms
	}
	for _, name := range []string{"v", "f", "b", "reo"} {
		if m.Loss.computes(name, phase) {
			terms = append(terms, name)
		}
	}
	return terms
}

// computes tells whether a step of phase computes a term: those that it minimises, and with Watch L_v, L_f and L_b in any.
func (c Config) computes(term string, phase Phase) bool {
	switch term {
	case "v":
		return c.Watch || c.V != 0 && phase != Second
	case "f":
		return c.Watch || c.F != 0 && phase != First
	case "b":
		return c.Watch || c.B != 0 && phase != First
	default:
		return c.Reo != 0 && phase != Second
	}
}

// Follows reports whether the masks follow the prompts, as DAPT-G's do.
func (m Method) Follows() bool {
	_, follows := m.Masks.(mask.Refresher)
	return follows
}

// Decouples reports whether steps need masks.
func (m Method) Decouples() bool { return m.Masks != nil }
