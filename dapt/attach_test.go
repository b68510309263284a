package dapt

import (
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func find(t *testing.T, name, settings string) prompt.Learner {
	t.Helper()
	l, err := prompt.Find(name, []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDAPTAttachesToWhatALearnerTrains(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		v, f, b        float64
		foreground     bool // L_f is not detached
		learned        bool // background words have the learner's context
		said           int
	}{
		{"maple", ``, 0.8, 0.1, 0.5, false, false, 0},
		{"maple", `{"Depth": 1}`, 0.8, 0.1, 0.5, false, false, 0},
		{"promptsrc", ``, 0.8, 0.1, 0.5, false, false, 0},
		{"ivlp", ``, 0.8, 0.1, 0.5, false, false, 0},
		{"ivlp", `{"TextOnly": true}`, 0, 0.1, 0.5, false, false, 1},
		{"ivlp", `{"TextOnly": true, "TextDepth": 1}`, 0, 0.1, 0.5, false, true, 2},
		{"coop", ``, 0, 0.1, 0.5, false, true, 2},
		{"coop", `{"PerClass": true}`, 0, 0.1, 0, false, false, 2},
		{"kgcoop", ``, 0, 0.1, 0.5, false, true, 2},
		{"prograd", ``, 0, 0.1, 0.5, false, true, 2},
		{"cocoop", ``, 0, 0.1, 0.5, false, true, 2},
		{"vpt", ``, 0.8, 0.1, 0.5, true, false, 1},
		{"vpt", `{"Depth": 1}`, 0.8, 0.1, 0.5, true, false, 1},
		{"promptkd", ``, 0.8, 0.1, 0.5, true, false, 1},
	} {
		m := Over(find(t, test.name, test.settings), mask.Files{})
		c := m.Loss
		if c.V != test.v || c.F != test.f || c.B != test.b || c.ForegroundGradient != test.foreground || c.Background.Learned != test.learned {
			t.Errorf("over %s %s: %+v", test.name, test.settings, c)
		}
		if _, said := Paper().For(m.Learner); len(said) != test.said {
			t.Errorf("over %s %s it is said %q, want %d sentences", test.name, test.settings, said, test.said)
		}
		if err := m.Check(10); err != nil {
			t.Errorf("over %s %s: %v", test.name, test.settings, err)
		}
		if again, _ := c.For(m.Learner); again.V != c.V || again.B != c.B || again.ForegroundGradient != c.ForegroundGradient {
			t.Errorf("over %s %s, what is attached changes when attached again: %+v", test.name, test.settings, again)
		}
	}
}

func TestDAPTOverAStudentLeavesOutWhatIsInAnotherSpace(t *testing.T) {
	loss := Paper()
	loss.Reo = 1
	if got, said := loss.For(find(t, "promptkd", "")); got.Reo != 0 || len(said) != 2 || !strings.Contains(said[1], "its teacher's space") {
		t.Errorf("over promptkd: %+v, %q, want no L_reo, and a sentence of it", got, said)
	}
}

func TestTermsThatCouldTrainNothingAreRefused(t *testing.T) {
	coop, vpt, maple := find(t, "coop", ""), find(t, "vpt", ""), find(t, "maple", "")
	with := func(l prompt.Learner, change func(*Config)) Method {
		m := Over(l, mask.Files{})
		change(&m.Loss)
		return m
	}
	for want, m := range map[string]Method{
		"V is 0.8, but L_v trains nothing of coop":                with(coop, func(c *Config) { c.V = 0.8 }),
		"Reo is 1, but L_reo trains nothing of coop":              with(coop, func(c *Config) { c.Reo = 1 }),
		"B is 0.5, but L_b trains nothing of coop":                with(coop, func(c *Config) { c.Background.Learned = false }),
		"Reo is 1, but L_reo compares with CLIP's features":       with(find(t, "promptkd", ""), func(c *Config) { c.Reo = 1 }),
		"F is 0.1, but L_f trains nothing of vpt":                 with(vpt, func(c *Config) { c.ForegroundGradient = false }),
		"Background.Learned is set, but vpt has no context":       with(vpt, func(c *Config) { c.Background.Learned = true }),
		"Background.Negatives or NewNegatives is 32":              with(coop, func(c *Config) { c.Background = OfficialBackgrounds(); c.Background.Learned = true }),
		"zero-shot trains nothing that DAPT could change":         with(prompt.ZeroShot{}, func(*Config) {}),
		"of DAPT's losses none acts on coop in 7 epochs":          with(coop, func(*Config) {}),
		"of DAPT's losses none acts on maple in 5 epochs":         with(maple, func(c *Config) { c.V = 0 }),
		"of DAPT's losses none acts on maple in 3 epochs":         with(maple, func(c *Config) { c.V, c.F, c.B, c.Mode = 0, 0, 0, Joint }),
		"Background has 25 words, but Negatives 26":               with(maple, func(c *Config) { c.Background = Backgrounds(""); c.Background.Negatives = 26 }),
		"mode \"official\" that switches at epoch 7: choose mode": with(coop, func(*Config) {}),
	} {
		epochs := 7
		if m.Learner == maple {
			epochs = 5
		}
		if m.Loss.Mode == Joint {
			epochs = 3
		}
		if err := m.Check(epochs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of %s: %v, want an error with %q", m.Name(), err, want)
		}
	}
	if err := with(coop, func(c *Config) { c.Mode = Joint }).Check(1); err != nil {
		t.Errorf("joint losses over coop in an epoch: %v", err)
	}
}

func TestWhatIsLeftUnusedIsSaid(t *testing.T) {
	m := Over(find(t, "maple", ""), mask.Files{})
	said := strings.Join(m.Remarks(5), "\n")
	for _, want := range []string{"L_f is never used: its phase 2 is not reached in 5 epochs", "L_b is never used"} {
		if !strings.Contains(said, want) {
			t.Errorf("of 5 epochs it is said %q, want %q in it", said, want)
		}
	}
	if said := m.Remarks(10); len(said) > 0 {
		t.Errorf("of 10 epochs over MaPLe it is said %q, want nothing", said)
	}
	coop := Over(find(t, "coop", ""), mask.Files{})
	if said := strings.Join(coop.Remarks(50), "\n"); !strings.Contains(said, "L_v is left out: coop has no prompts in the image tower") {
		t.Errorf("over coop it is said %q", said)
	}
	if said := (Method{Learner: coop.Learner}).Remarks(5); said != nil {
		t.Errorf("of coop alone it is said %q", said)
	}
}
