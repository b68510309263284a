package experiment

import (
	"slices"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func TestEveryLearnerThatTrainsSomethingIsStudiedAloneAndWithDAPT(t *testing.T) {
	methods, said := Learners(prompt.All(), mask.Files{})
	var names []string
	for _, m := range methods {
		names = append(names, m.Name())
		if m.Decouples() && m.Loss.Mode != dapt.Joint {
			t.Errorf("%s switches its losses: mode %q, want %q", m.Name(), m.Loss.Mode, dapt.Joint)
		}
	}
	want := []string{"zero-shot"}
	for _, l := range prompt.All() {
		if l.Trains() != 0 {
			want = append(want, l.Name(), l.Name()+"+dapt-s", l.Name()+"+dapt-g")
		}
	}
	if !slices.Equal(names, want) || len(said) > 0 {
		t.Errorf("the study has %q and says %q, want %q", names, said, want)
	}
	if methods, _ := Learners([]prompt.Learner{prompt.MaPLe{}, prompt.Ensemble{}}, nil); len(methods) != 3 || methods[2].Name() != "maple+dapt-g" {
		t.Errorf("without masks the study has %d methods, want zero-shot, maple and maple+dapt-g", len(methods))
	}
}

func TestALearnerThatDAPTCannotReachIsStudiedAlone(t *testing.T) {
	methods, said := Learners([]prompt.Learner{unreached{}}, mask.Files{})
	if len(methods) != 2 || len(said) != 2 {
		t.Errorf("the study has %d methods and says %q, want zero-shot and the learner, and why both kinds of DAPT are left out", len(methods), said)
	}
}

// unreached trains something that no loss of DAPT depends on.
type unreached struct{ prompt.MaPLe }

func (unreached) Trains() prompt.Parts { return 1 << 7 }
