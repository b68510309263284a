package train

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Teacher is what the prompts of a [prompt.Distilled] learner are compared with: the texts of whoever taught it. A file of
// such prompts holds them, so that nobody else is needed to test them.
type Teacher struct {
	Learner   string          // its name
	Settings  json.RawMessage // its own fields
	Backbone  string          // name of its CLIP
	Weights   string          // fingerprint of those weights
	Classes   []string        // that it was asked for, those that were tuned on first
	Sentences []string        // around them, by its template; where data sets have sentences of their own, a class may be there twice

	texts []float32 // [classes, embed], of unit length
}

// teacherTexts is the tensor of a file that has them.
const teacherTexts = "teacher.texts"

// embed is the size of the teacher's joint embedding.
func (t *Teacher) embed() int { return len(t.texts) / len(t.Classes) }

// place finds the text of a class in a sentence, else in that of the data set that was asked for first; -1 if there is none.
func (t *Teacher) place(class, sentence string) int {
	first := -1
	for i, known := range t.Classes {
		switch {
		case known != class:
		case t.Sentences[i] == sentence:
			return i
		case first < 0:
			first = i
		}
	}
	return first
}

// put adds the texts to a file.
func (t *Teacher) put(file *safetensors.File) {
	file.Tensors[teacherTexts] = safetensors.Float32(t.texts, len(t.Classes), t.embed())
}

// take reads the texts from a file's tensors, and removes them there.
func (t *Teacher) take(list map[string]stored) error {
	texts, ok := list[teacherTexts]
	delete(list, teacherTexts)
	classes := len(t.Classes)
	if !ok || len(texts.dims) != 2 || texts.dims[0] != classes || classes == 0 || texts.dims[1] == 0 || len(t.Sentences) != classes {
		return fmt.Errorf("%s is %v, want a row for each of %d classes with a sentence each: the file was changed or damaged, take another",
			teacherTexts, texts.dims, classes)
	}
	var err error
	t.texts, err = texts.read()
	return err
}

// distilled tells whether the texts are a teacher's.
func (e *Engine) distilled() bool {
	_, ok := e.Learner.(prompt.Distilled)
	return ok
}

// embed is the size of the joint embedding that images and texts are compared in.
func (e *Engine) embed() int {
	if e.teacher != nil {
		return e.teacher.embed()
	}
	return e.Model.Config.Embed
}

// teacherTexts are the texts of data's classes that the engine has of its teacher, [classes, embed].
func (e *Engine) teacherTexts(data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	name := e.Learner.Name()
	if len(words) > 0 {
		return nil, fmt.Errorf("train: %d background texts stand beside the classes, which %s does not do: set Background.Negatives to 0", len(words), name)
	}
	if e.teacher == nil {
		return nil, fmt.Errorf("train: these prompts of %s come without the texts of their teacher, with which alone they mean something: tune them here, or load %s of a finished run", name, PromptsFile)
	}
	embed := e.teacher.embed()
	texts := make([]float32, 0, len(data.Classes)*embed)
	template := e.Learner.Template(data.Template)
	for _, class := range data.Classes {
		at := e.teacher.place(class, clip.Prompt(template, class))
		if at < 0 {
			return nil, fmt.Errorf("train: the teacher of these prompts of %s was not asked for class %q of %s, and knows the %d that they were tuned and tested on: "+
				"tune them with that data set among the tested ones", name, class, data.Name, len(e.teacher.Classes))
		}
		texts = append(texts, e.teacher.texts[at*embed:][:embed]...)
	}
	return tensors.FromFlatDataAndDimensions(texts, len(data.Classes), embed), nil
}

// lesson is what a teacher gives to a run.
type lesson struct {
	classes *tensors.Tensor // unit texts of Data's classes, [classes, embed], for its own programs
	given   []float32       // those and its texts of background words, [classes+words, embed]
	key     string          // the same for teachers that teach the same
}

// unlabelled checks a run of a [prompt.Distilled] learner, and takes from it what it must not see: labels, and with them the
// images that would choose an epoch.
func (r Run) unlabelled() (Run, error) {
	name, teacher := r.Engine.Learner.Name(), r.Teacher
	if teacher == nil {
		return r, fmt.Errorf("train: %s learns from a teacher: set Run.Teacher to an engine with its tuned prompts", name)
	}
	if teacher == r.Engine || teacher.distilled() || teacher.conditional() {
		return r, fmt.Errorf("train: %s cannot teach %s: want a learner of its own, with one text for each class", teacher.Learner.Name(), name)
	}
	if own, its := r.Engine.Model.Config.Side, teacher.Model.Config.Side; own != its {
		return r, fmt.Errorf("train: images are of %d pixels a side for %s and of %d for its teacher, but both look at the same ones: take two CLIPs of one image size",
			own, name, its)
	}
	if r.Forgetting || r.Weights != nil {
		return r, fmt.Errorf("train: %s has no labels by which images could be weighed or forgotten: leave out Weights and Forgetting", name)
	}
	if batch := min(r.Config.Batch, len(r.Data.Train)); batch < 2 {
		return r, fmt.Errorf("train: a step of %s has %d image, want at least 2, over which it normalises", name, batch)
	}
	data := *r.Data
	data.Train, data.Val = slices.Clone(data.Train), nil
	for i := range data.Train {
		data.Train[i].Label, data.Train[i].Class = 0, ""
	}
	r.Data = &data
	return r, nil
}

// ask gets all texts from the teacher: of what is tuned on, of what is tested, and of the background words.
func (t *tuning) ask() error {
	if !t.Engine.distilled() {
		return nil
	}
	e := t.Teacher
	settings, err := json.Marshal(e.Learner)
	if err != nil {
		return fmt.Errorf("train: encoding the teacher: %w", err)
	}
	about := &Teacher{Learner: e.Learner.Name(), Settings: settings, Backbone: e.Model.Name, Weights: e.Model.Fingerprint()}
	if t.lesson.classes, err = e.encodeTexts(t.Data, nil); err != nil {
		return err
	}
	if t.lesson.given, err = tensors.CopyFlatData[float32](t.lesson.classes); err != nil {
		return err
	}
	for _, data := range append([]*dataset.Dataset{t.Data}, t.Tested...) {
		if err := about.learn(e, data); err != nil {
			return err
		}
	}
	t.Engine.teacher = about
	if err := t.askWords(); err != nil {
		return err
	}
	prompts, err := e.Parameters()
	if err != nil {
		return err
	}
	prompts["given texts"] = t.lesson.given
	t.lesson.key = hashed(about.Learner, e.Learner, about.Weights, e.tuned.Name, e.tuned.Classes, fingerprint(prompts))
	return nil
}

// fingerprint is the same for equal numbers.
func fingerprint(values map[string][]float32) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(sum, "%s %d\n", name, len(values[name]))
		_ = binary.Write(sum, binary.LittleEndian, values[name]) // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// askWords gets the teacher's texts of the background words, if there are some.
func (t *tuning) askWords() error {
	background, e := t.Method.Loss.Background, t.Teacher
	if len(background.Words) == 0 {
		return nil
	}
	// As in its own tuning: its deep prompts reach the words, its context the classes.
	all, err := e.sentenceTexts(e.Learner.Template(t.Data.Template), t.Data.Classes, dapt.Sentences(background.Template, background.Words))
	if err != nil {
		return err
	}
	defer all.MustFinalizeAll()
	return tensors.ConstFlatData(all, func(flat []float32) {
		t.lesson.given = append(t.lesson.given, flat[len(t.lesson.given):]...)
	})
}

// keep adds the texts that a file of the same run has beside these; nil has none.
func (t *Teacher) keep(old *Teacher) {
	if t == nil || old == nil || old.Weights != t.Weights || old.Learner != t.Learner || string(old.Settings) != string(t.Settings) || old.embed() != t.embed() {
		return
	}
	embed := t.embed()
	for i, class := range old.Classes {
		if at := t.place(class, old.Sentences[i]); at < 0 || t.Sentences[at] != old.Sentences[i] {
			t.Classes, t.Sentences = append(t.Classes, class), append(t.Sentences, old.Sentences[i])
			t.texts = append(t.texts, old.texts[i*embed:][:embed]...)
		}
	}
}

// learn adds the texts of data's classes that are not known yet.
func (t *Teacher) learn(e *Engine, data *dataset.Dataset) error {
	further := *data
	further.Classes = nil
	template := e.Learner.Template(data.Template)
	for _, class := range data.Classes {
		sentence := clip.Prompt(template, class)
		if at := t.place(class, sentence); at < 0 || t.Sentences[at] != sentence {
			further.Classes = append(further.Classes, class)
			t.Classes, t.Sentences = append(t.Classes, class), append(t.Sentences, sentence)
		}
	}
	if len(further.Classes) == 0 {
		return nil
	}
	texts, err := e.encodeTexts(&further, nil)
	if err != nil {
		return err
	}
	defer texts.MustFinalizeAll()
	return tensors.ConstFlatData(texts, func(flat []float32) { t.texts = append(t.texts, flat...) })
}

// label takes the teacher's predictions for the labels of the training images, where DAPT's losses or Grad-CAM read labels.
// They are the state's, made once.
func (t *tuning) label(ctx context.Context) error {
	if !t.Engine.distilled() || !t.Method.Decouples() {
		return nil
	}
	if t.state.Labels == nil {
		var err error
		if t.state.Labels, err = t.Teacher.nearest(ctx, t.Teacher.newLoader(t.Data, t.Data.Train), nil, t.Config); err != nil {
			return fmt.Errorf("train: asking the teacher for the classes of the training images: %w", err)
		}
	}
	t.loader.items = slices.Clone(t.loader.items)
	for i, label := range t.state.Labels {
		t.loader.items[i].Label = label
	}
	return nil
}

// labelled tells whether the state has the labels that the run needs, and none that is no class.
func (t *tuning) labelled(s *state) bool {
	if !t.Engine.distilled() || !t.Method.Decouples() {
		return s.Labels == nil
	}
	outside := func(label int) bool { return label < 0 || label >= len(t.Data.Classes) }
	return len(s.Labels) == len(t.Data.Train) && !slices.ContainsFunc(s.Labels, outside)
}

// teach adds to a step what the teacher makes of its images, which are those that the student sees.
func (t *tuning) teach(in *Input, p *pixels) error {
	if !t.Engine.distilled() {
		return nil
	}
	in.Given = t.lesson.given
	var err error
	_, in.Teacher, err = t.Teacher.score(p, t.lesson.classes, t.Data)
	return err
}
