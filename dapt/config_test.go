package dapt

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

func TestPhasesFollowTheMode(t *testing.T) {
	for _, test := range []struct {
		mode   Mode
		epochs int
		want   []Phase
	}{
		{Literal, 5, []Phase{First, First, First, First, First}},
		{Literal, 10, []Phase{First, First, First, First, First, First, First, Second, Second, Second}},
		{Scaled, 5, []Phase{First, First, First, First, Second}},
		{Scaled, 2, []Phase{First, Second}},
		{Joint, 3, []Phase{Both, Both, Both}},
	} {
		c := Paper()
		c.Mode = test.mode
		var got []Phase
		for epoch := range test.epochs {
			got = append(got, c.Phase(epoch, test.epochs))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("phases of %d epochs in mode %q = %v, want %v", test.epochs, test.mode, got, test.want)
		}
	}
}

func TestValidateNamesTheFieldAndTheValue(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*Config)
	}{
		{"V is -1", func(c *Config) { c.V = -1 }},
		{"F is NaN", func(c *Config) { c.F = math.NaN() }},
		{"B is +Inf", func(c *Config) { c.B = math.Inf(1) }},
		{"Reo is -0.5", func(c *Config) { c.Reo = -0.5 }},
		{"Margin is -2", func(c *Config) { c.Margin = -2 }},
		{`Mode is "sometimes", want "official", "scaled" or "joint"`, func(c *Config) { c.Mode = "sometimes" }},
		{"Switch is -1", func(c *Config) { c.Switch = -1 }},
		{"Negatives 26", func(c *Config) { c.Background = Backgrounds("Mini"); c.Background.Negatives = 26 }},
		{"NewNegatives -1", func(c *Config) { c.Background = Backgrounds("Mini"); c.Background.NewNegatives = -1 }},
		{"25 words", func(c *Config) { c.Background = Backgrounds("Mini"); c.Background.Skip = 25 }},
	} {
		c := Paper()
		test.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Validate() = %v, want an error with %q", err, test.want)
		}
	}
	for name, c := range map[string]Config{"Paper()": Paper(), "Official()": Official()} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s is not valid: %v", name, err)
		}
	}
}

func TestFoodWordsAreForFood(t *testing.T) {
	if got := Backgrounds("OxfordPets"); len(got.Words) != 25 || got.Negatives+got.NewNegatives+got.Skip != 0 {
		t.Errorf("Backgrounds(OxfordPets) = %+v, want the 25 general words, none of them a class", got)
	}
	if got := Backgrounds("Food101").Words; len(got) != 32 || got[25] != "table" {
		t.Errorf("Backgrounds(Food101) has %q, want the general and then the food words", got)
	}
	if b := OfficialBackgrounds(); len(b.Words) != 32 || b.Negatives != 7 || b.NewNegatives != 32 || b.Skip != 7 || b.Words[b.Skip] != "lake" {
		t.Errorf("OfficialBackgrounds() = %+v, want the published slice of 32 words", b)
	}
	if General()[0] = "changed"; General()[0] != "ground" {
		t.Error("General() hands out its own list")
	}
}

func TestSentencesReplaceUnderscores(t *testing.T) {
	got := Sentences("a photo of a {}.", []string{"tree_house", "cat"})
	if want := []string{"a photo of a tree house.", "a photo of a cat."}; !slices.Equal(got, want) {
		t.Errorf("Sentences = %q, want %q", got, want)
	}
}

func TestMethodsAreNamedByTheirMasks(t *testing.T) {
	for want, m := range map[string]Method{
		"zero-shot":    {Learner: prompt.ZeroShot{}},
		"maple":        {Learner: prompt.MaPLe{}},
		"maple+dapt-s": Over(prompt.MaPLe{}, mask.Files{}),
		"maple+dapt-g": Over(prompt.MaPLe{}, mask.GradCAM{}),
		"mine":         {Learner: prompt.MaPLe{}, Masks: mask.Whole{}, Label: "mine"},
	} {
		if got := m.Name(); got != want {
			t.Errorf("Name() = %q, want %q", got, want)
		}
	}
}
