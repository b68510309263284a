package experiment

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Learners are the methods of the study of learners: zero-shot CLIP, then each learner that trains something, alone, with DAPT
// by given masks, if they are not nil, and with DAPT by Grad-CAM. DAPT's losses act all in all epochs ([dapt.Joint]): the
// published switch after seven of ten epochs fits no learner that is tuned for another number. Where DAPT cannot be attached
// to a learner, a sentence says so.
func Learners(learners []prompt.Learner, given mask.Source) (methods []dapt.Method, said []string) {
	methods = []dapt.Method{{Learner: prompt.ZeroShot{}}}
	for _, l := range learners {
		if l.Trains() == 0 {
			continue
		}
		methods = append(methods, dapt.Method{Learner: l})
		for _, masks := range []mask.Source{given, mask.GradCAM{}} {
			if masks == nil {
				continue
			}
			m := dapt.Over(l, masks)
			m.Loss.Mode = dapt.Joint
			if err := m.Check(1); err != nil {
				said = append(said, fmt.Sprintf("%s is left out: %v", m.Name(), err))
				continue
			}
			methods = append(methods, m)
		}
	}
	return methods, said
}
