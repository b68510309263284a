package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// As says what a checkpoint may not tell of itself.
type As struct {
	Learner  string // its name, or "dapt", whose prompts are MaPLe's; "" takes what the tensors tell
	Settings []byte // fields of the learner as JSON, such as {"Position": "middle"}; the others are what the tensors tell
	// Dataset and Classes are what the prompts were tuned on; "" and nil if that is not known. Without them, a learner with a
	// second feature, such as MMRL, tells all classes as those that it was not tuned on.
	Dataset string
	Classes []string
}

// Imported are prompts that another program tuned.
type Imported struct {
	Learner prompt.Learner
	Prompts Prompts // with the data set and the classes of [As]

	model *clip.Model
	list  []prompt.Parameter
}

// Import reads a checkpoint of the published code (KaiyangZhou/Dassl.pytorch dassl/utils/torchtools.py save_checkpoint), or a
// file of [Export], for use in m. The learner, its number of tokens and its depth are read off the names and shapes of the
// tensors, which must be those of m; not the initial phrase, taken to be the published one, and not where class names stand.
// Nothing in a file is run. Of a whole CLIP beside the prompts, some weights are compared with m's.
func Import(path string, m *clip.Model, as As) (*Imported, error) {
	f, err := readPrompts(path)
	if err != nil {
		return nil, err
	}
	if !f.foreign {
		return nil, fmt.Errorf("train: importing %s: it is a file of this program already", path)
	}
	return importFile(path, f, m, as)
}

func importFile(path string, f promptsFile, m *clip.Model, as As) (*Imported, error) {
	r, err := recognize(f, as)
	if err != nil {
		return nil, fmt.Errorf("train: importing %s: %w", path, err)
	}
	i := &Imported{Learner: r.learner, model: m}
	if i.list, err = r.parameters(m); err != nil {
		return nil, fmt.Errorf("train: importing %s: %w", path, err)
	}
	if i.Prompts, err = r.about(); err != nil {
		return nil, err
	}
	i.Prompts.Dataset, i.Prompts.Classes, i.Prompts.Notes = as.Dataset, as.Classes, r.compare(m)
	i.Prompts.Final = strings.TrimPrefix(i.Prompts.Final+" of "+filepath.Base(path), " of ")
	return i, nil
}

// Save writes the prompts as [Engine.Save] does.
func (i *Imported) Save(path string) error {
	return writePrompts(path, i.Learner, i.model, i.Prompts, i.list)
}

func (i *Imported) values() map[string][]float32 {
	values := map[string][]float32{}
	for _, p := range i.list {
		values[p.Name] = p.Value
	}
	return values
}

// recognized is a foreign file whose learner is known.
type recognized struct {
	learner prompt.Learner
	prompts map[string]stored // by the names of parameters
	rest    map[string]stored // CLIP, by OpenAI's names, and what else there is
	epoch   int
}

// recognize finds the learner of a foreign file.
func recognize(f promptsFile, as As) (recognized, error) {
	r := recognized{prompts: map[string]stored{}, rest: map[string]stored{}, epoch: f.epoch}
	shapes := map[string][]int{}
	for name, t := range f.tensors {
		own, _ := parameterName(name)
		shapes[own] = t.dims
	}
	found, err := recognition(shapes, as)
	if err != nil {
		return r, fmt.Errorf("%w; the file has %s", err, few(slices.Sorted(maps.Keys(f.tensors))))
	}
	clips := strings.NewReplacer("image_encoder.", "visual.", "text_encoder.", "")
	for name, t := range f.tensors {
		own, ok := parameterName(name)
		switch {
		case begins(own, found.Unread):
		case ok || begins(own, found.Beside):
			r.prompts[own] = t
		default:
			r.rest[clips.Replace(own)] = t
		}
	}
	r.learner, err = prompt.With(found.Learner, as.Settings)
	return r, err
}

// begins tells whether name begins with one of prefixes.
func begins(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// parameterName tells whether a tensor is a prompt, and its name as a parameter. Trainers that save prompt_learner alone,
// such as CoOp's, leave that out of the names.
func parameterName(name string) (string, bool) {
	name = strings.TrimPrefix(name, "module.")
	own, inside := strings.CutPrefix(name, prefix(promptScope))
	first, _, _ := strings.Cut(own, ".")
	switch {
	case first == "token_prefix" || first == "token_suffix" || first == "bias_vectors": // the sentences; KgCoOp's, which nothing reads
		return own, false
	case strings.HasSuffix(own, ".VPT") || strings.HasSuffix(own, ".VPT_shallow"):
		return own, true
	}
	return own, inside || own == "ctx" || first == "meta_net"
}

// recognition finds the learner that shapes tell, or the one that was asked for, if they may be its.
func recognition(shapes map[string][]int, as As) (prompt.Recognition, error) {
	if as.Learner == "" || as.Learner == "dapt" {
		found, err := prompt.Recognize(shapes)
		if want := (prompt.MaPLe{}).Name(); err == nil && as.Learner == "dapt" && found.Learner.Name() != want {
			err = fmt.Errorf("it holds the prompts of %s, not of dapt, which are %s's", found.Learner.Name(), want)
		}
		return found, err
	}
	l, err := prompt.Find(as.Learner, nil)
	if err == nil && l.Trains() == 0 {
		err = fmt.Errorf("%s has no prompts to import", as.Learner)
	}
	if err != nil {
		return prompt.Recognition{}, err
	}
	r, ok := l.(prompt.Recognizer)
	if !ok {
		return prompt.Recognition{Learner: l}, nil // as its settings say, which are checked against the tensors
	}
	if found, ok := r.Recognize(shapes); ok {
		return found, nil
	}
	it := "it does not hold the prompts of " + as.Learner
	if other, err := prompt.Recognize(shapes); err == nil {
		it = fmt.Sprintf("it holds the prompts of %s, not of %s", other.Learner.Name(), as.Learner)
	}
	return prompt.Recognition{}, errors.New(it)
}

// about says what the prompts are, as far as it is known.
func (r recognized) about() (Prompts, error) {
	settings, err := json.Marshal(r.learner)
	if err != nil {
		return Prompts{}, fmt.Errorf("train: encoding the learner: %w", err)
	}
	about := Prompts{Learner: r.learner.Name(), Settings: settings}
	switch {
	case r.epoch == 1:
		about.Final = "after 1 epoch"
	case r.epoch > 1:
		about.Final = fmt.Sprintf("after %d epochs", r.epoch)
	}
	return about, nil
}

// parameters reads the prompts, which must be all that the learner has in m, and nothing more.
func (r recognized) parameters(m *clip.Model) ([]prompt.Parameter, error) {
	wrong := r.misfits(m.Config)
	if len(wrong) > 0 {
		return nil, r.unlike(m.Config, wrong)
	}
	values, err := r.values() // a tensor whose values the file lacks ends here, before parameters of its shape are made
	if err != nil {
		return nil, err
	}
	list, err := r.learner.Parameters(m, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return nil, err
	}
	left := maps.Clone(r.prompts)
	for _, p := range list {
		if t, ok := left[p.Name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s %v is missing", p.Name, p.Dims))
		} else if !slices.Equal(t.dims, p.Dims) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", p.Name, t.dims, p.Dims))
		}
		delete(left, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		wrong = append(wrong, fmt.Sprintf("%s %v is unknown", name, left[name].dims))
	}
	if len(wrong) > 0 {
		return nil, r.unlike(m.Config, wrong)
	}
	for i, p := range list {
		list[i].Value = values[p.Name]
	}
	return list, nil
}

// values reads the prompts.
func (r recognized) values() (map[string][]float32, error) {
	all := map[string][]float32{}
	for _, name := range slices.Sorted(maps.Keys(r.prompts)) {
		values, err := r.prompts[name].read()
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", name, err)
		}
		if at := slices.IndexFunc(values, notFinite); at >= 0 {
			return nil, fmt.Errorf("tensor %s has %g at place %d: the run that wrote it had failed, take another", name, values[at], at)
		}
		all[name] = slices.Clone(values)
	}
	return all, nil
}

func (r recognized) unlike(c clip.Config, wrong []string) error {
	return fmt.Errorf("it holds no prompts of %s for %s: %s; give the CLIP that they were tuned in, and settings if the trainer had others",
		r.learner.Name(), c, few(wrong))
}

// misfits lists what tells, before parameters of these sizes are made, that they are of another CLIP, or of none.
func (r recognized) misfits(c clip.Config) []string {
	var list []string
	for name, width := range map[string]int{"ctx": c.Text.Width, "image_encoder.VPT": c.Vision.Width} {
		t, ok := r.prompts[name]
		if !ok {
			continue
		}
		if len(t.dims) == 0 {
			list = append(list, name+" is one number")
			continue
		}
		want := append(slices.Clone(t.dims[:len(t.dims)-1]), width)
		if !slices.Equal(t.dims, want) || slices.Contains(t.dims, 0) {
			list = append(list, fmt.Sprintf("%s is %v, want %v", name, t.dims, want))
		}
	}
	slices.Sort(list)
	if most := 4 * (2 + c.Text.Layers + c.Vision.Layers); len(r.prompts) > most {
		list = append(list, fmt.Sprintf("there are %d tensors of prompts, want at most %d", len(r.prompts), most))
	}
	return list
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// ofBlock finds the number of a block, or of the prompt before the next block.
var ofBlock = regexp.MustCompile(`(resblocks|compound_prompts_text)\.(\d+)(\.|$)`)

// deeper lists prompts of blocks that the towers do not have, which nothing reads: a learner of 9 blocks has them in a CLIP of 6.
func (r recognized) deeper(c clip.Config) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(r.prompts)) {
		match := ofBlock.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		block, err := strconv.Atoi(match[2])
		if match[1] != "resblocks" {
			block++
		}
		layers := c.Text.Layers
		if strings.HasPrefix(name, "image_encoder.") {
			layers = c.Vision.Layers
		}
		if err != nil || block >= layers {
			list = append(list, fmt.Sprintf("%s is for block %s of a tower that has %d", name, strconv.Itoa(block), layers))
		}
	}
	return list
}
