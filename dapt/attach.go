package dapt

import (
	"errors"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// How DAPT attaches to a learner follows from what the learner's prompts change. Only MaPLe's attachment was published, for
// which nothing is changed; the rest is this project's:
//
//	L_v  pulls the image's feature: it needs prompts in the image tower.
//	L_f  detaches the foreground's feature, so that it trains the class texts. Where those are fixed, the foreground's
//	     feature is not detached.
//	L_b  trains the image tower by the background's feature, or the background texts by deep prompts. Where neither is
//	     prompted, the learner's context is put before the background words (Background.Learned).

// For returns the losses as they attach to a learner: a term that could train nothing is changed so that it can, or else
// left out, its weight 0. Each sentence says what differs from the published attachment.
func (c Config) For(l prompt.Learner) (Config, []string) {
	parts := l.Trains()
	images := parts.Has(prompt.Images)
	if !images {
		c.V, c.Reo = 0, 0
	}
	_, distilled := l.(prompt.Distilled)
	compared := c.Reo != 0 && distilled
	if compared {
		c.Reo = 0
	}
	switch {
	case c.F == 0 || parts.Has(prompt.Classes):
	case images:
		c.ForegroundGradient = true
	default:
		c.F = 0
	}
	switch {
	case c.B == 0 || images || parts.Has(prompt.Deep):
	case parts.Has(prompt.Words):
		c.Background.Learned = true
	default:
		c.B = 0
	}
	said := c.differs(l)
	if compared {
		said = append(said, "L_reo is left out: "+l.Name()+" puts images into its teacher's space, where CLIP's features are not")
	}
	return c, said
}

// differs says, a sentence each, how the losses attach to a learner otherwise than they were published to.
func (c Config) differs(l prompt.Learner) []string {
	parts, name := l.Trains(), l.Name()
	var said []string
	if c.V == 0 && !parts.Has(prompt.Images) {
		said = append(said, "L_v is left out: "+name+" has no prompts in the image tower")
	}
	switch fixed := !parts.Has(prompt.Classes); {
	case c.F == 0 && fixed:
		said = append(said, "L_f is left out: "+name+" has fixed class texts")
	case c.ForegroundGradient && fixed:
		said = append(said, "L_f trains the image tower: "+name+" has fixed class texts, so the foreground's feature is not detached")
	}
	switch {
	case c.B == 0 && !parts.Has(prompt.Images) && !parts.Has(prompt.Deep):
		said = append(said, "L_b is left out: nothing of "+name+" reaches backgrounds or their texts")
	case c.B != 0 && c.Background.Learned:
		said = append(said, "L_b trains the context of "+name+", which stands before the background words too: nothing else of it reaches them")
	}
	return said
}

// Remarks say how DAPT was attached to a learner to which it does not attach as published, and what a run of so many epochs
// leaves unused, a sentence each.
func (m Method) Remarks(epochs int) []string {
	if !m.Decouples() {
		return nil
	}
	said := m.Loss.differs(m.Learner)
	if _, distilled := m.Learner.(prompt.Distilled); distilled && m.Follows() {
		said = append(said, "the masks of the first epochs say little: "+m.Learner.Name()+" starts from a projection that is drawn at random")
	}
	used := m.active(epochs)
	for _, term := range []struct {
		name   string
		weight float64
		phase  Phase
	}{{"L_v", m.Loss.V, First}, {"L_f", m.Loss.F, Second}, {"L_b", m.Loss.B, Second}, {"L_reo", m.Loss.Reo, First}} {
		if term.weight != 0 && !used[term.phase] && !used[Both] {
			said = append(said, fmt.Sprintf("%s is never used: its phase %d is not reached in %d epochs; mode %q or %q would use it", term.name, term.phase, epochs, Scaled, Joint))
		}
	}
	return said
}

// active are the phases of a run of so many epochs.
func (m Method) active(epochs int) map[Phase]bool {
	phases := map[Phase]bool{}
	for epoch := range epochs {
		phases[m.Loss.Phase(epoch, epochs)] = true
	}
	return phases
}

// Check finds losses that could train nothing with the learner: terms with a weight, but without a path to a parameter. With
// epochs, it finds DAPT that would never act in a run of so many, which then would be the learner alone under another name.
func (m Method) Check(epochs int) error {
	if !m.Decouples() {
		return nil
	}
	if err := m.Loss.Validate(); err != nil {
		return err
	}
	c, parts, name := m.Loss, m.Learner.Trains(), m.Learner.Name()
	var wrong []error
	refuse := func(format string, with ...any) { wrong = append(wrong, fmt.Errorf("dapt: "+format, with...)) }
	images := parts.Has(prompt.Images)
	if parts == 0 && c.Background.Negatives > 0 {
		return nil // DAPT's background words stand beside the classes in evaluation
	}
	if parts == 0 {
		return fmt.Errorf("dapt: %s trains nothing that DAPT could change: put it over a learner", name)
	}
	if c.V != 0 && !images {
		refuse("V is %g, but L_v trains nothing of %s, which has no prompts in the image tower: set V to 0", c.V, name)
	}
	if c.Reo != 0 && !images {
		refuse("Reo is %g, but L_reo trains nothing of %s, which has no prompts in the image tower: set Reo to 0", c.Reo, name)
	}
	if c.F != 0 && !parts.Has(prompt.Classes) && !(c.ForegroundGradient && images) {
		refuse("F is %g, but L_f trains nothing of %s, whose class texts are fixed: set ForegroundGradient, or F to 0", c.F, name)
	}
	learned := c.Background.Learned
	if c.B != 0 && !images && !parts.Has(prompt.Deep) && !(learned && parts.Has(prompt.Words)) && c.Background.Negatives == 0 {
		refuse("B is %g, but L_b trains nothing of %s, which reaches neither backgrounds nor their texts: set Background.Learned if one context is for all classes, or B to 0", c.B, name)
	}
	if learned && !parts.Has(prompt.Words) {
		refuse("Background.Learned is set, but %s has no context that could stand before background words", name)
	}
	_, distilled := m.Learner.(prompt.Distilled)
	if c.Reo != 0 && distilled {
		refuse("Reo is %g, but L_reo compares with CLIP's features, and %s puts images into its teacher's space: set Reo to 0", c.Reo, name)
	}
	if n := max(c.Background.Negatives, c.Background.NewNegatives); n > 0 && !m.plain() {
		refuse("Background.Negatives or NewNegatives is %d: background texts beside the classes are what the published code does over MaPLe; over %s set it to 0", n, name)
	}
	if err := errors.Join(wrong...); err != nil || epochs == 0 {
		return err
	}
	used := m.active(epochs)
	if (used[First] || used[Both]) && (c.V != 0 || c.Reo != 0) || (used[Second] || used[Both]) && (c.F != 0 || c.B != 0) {
		return nil
	}
	return fmt.Errorf("dapt: of DAPT's losses none acts on %s in %d epochs, in mode %q that switches at epoch %d: choose mode %q or %q, or leave DAPT out",
		name, epochs, c.Mode, c.Switch, Scaled, Joint)
}

// plain tells whether a learner's loss is the cross-entropy of texts that are the same for all images, into which background
// texts may mix.
func (m Method) plain() bool {
	switch m.Learner.(type) {
	case prompt.Objective, prompt.Steered, prompt.Conditional:
		return false
	}
	return !m.Loss.Background.Learned
}
