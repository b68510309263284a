package dapt

import "github.com/dapt-go/dapt-go/dapt/clip"

// General are the 25 scene words whose sentences describe backgrounds (Ferenas/DAPT trainers/maple.py).
func General() []string {
	return []string{
		"ground", "land", "grass", "tree", "building", "wall", "sky", "lake", "water", "river", "sea", "railway", "railroad",
		"keyboard", "helmet", "cloud", "house", "mountain", "ocean", "road", "rock", "street", "valley", "bridge", "sign",
	}
}

// Food are the seven words of the table around a dish. The published code appends them for every data set, this one for
// Food101 only.
func Food() []string {
	return []string{"table", "forks", "tablecloth", "hands", "spoon", "glasses", "dishes"}
}

// Background are the texts that background views are aligned with.
type Background struct {
	Words    []string // one text each
	Template string   // sentence around a word, with one {}
	// Negatives is how many of Words, from the first, also stand as columns beside the classes, in training and in the
	// evaluation of the classes that were trained on. 0 is right; 7 is what the published slice does.
	Negatives int
	// NewNegatives is Negatives for the evaluation of new classes: 0, or 32 in the published code.
	NewNegatives int
	// Learned puts the learner's context before the words, in the sentence of its class names, instead of Template: for
	// learners whose prompts reach no other text.
	Learned bool `json:",omitempty"`
	// Skip is how many of Words, from the first, are left out of the background loss: 0, or 7 in the published code.
	Skip int
}

// Of returns the texts with the default words and sentence of a data set where they have none of their own.
func (b Background) Of(dataset string) Background {
	if len(b.Words) > 0 {
		return b
	}
	usual := Backgrounds(dataset)
	usual.Learned = b.Learned
	return usual
}

// Sentences puts each name into the template's {}; underscores in names become spaces.
func Sentences(template string, names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = clip.Prompt(template, name)
	}
	return list
}

// Backgrounds returns the default background texts of a data set.
func Backgrounds(dataset string) Background {
	words := General()
	if dataset == "Food101" {
		words = append(words, Food()...)
	}
	return Background{Words: words, Template: "a clean origami {}."}
}

// OfficialBackgrounds returns what the published code does for every data set: 32 words, but a slice of 25, so that the
// first seven act as classes, also in evaluation, and new classes compete with all 32.
func OfficialBackgrounds() Background {
	words := append(General(), Food()...)
	extra := len(words) - len(General())
	return Background{
		Words: words, Template: "a clean origami {}.", Negatives: extra, NewNegatives: len(words), Skip: extra,
	}
}
