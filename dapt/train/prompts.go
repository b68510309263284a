package train

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/internal/torch"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Prompts say what a file of tuned prompts is.
type Prompts struct {
	Learner  string          // its name
	Settings json.RawMessage // the learner's own fields
	Backbone string          // name of the CLIP that the prompts were tuned in; "" in a checkpoint of another program
	Weights  string          // fingerprint of its weights; "" in a checkpoint of another program
	Dataset  string          // "" if it is not known
	Classes  []string        // that the prompts were tuned on; nil if they are not known
	Final    string          // which prompts of the run these are
	// Teacher is of a [prompt.Distilled] learner's; nil of others', and in a checkpoint of another program.
	Teacher *Teacher `json:",omitempty"`
	// Notes are what speaks against prompts of another program, such as that they seem to belong to another CLIP.
	Notes []string `json:",omitempty"`
}

// stored is a tensor of a file that is not read yet.
type stored struct {
	dims []int
	read func() ([]float32, error)
}

// promptsFile is a file of prompts: of this program, or, with foreign, of another.
type promptsFile struct {
	about   Prompts
	tensors map[string]stored // ours by the names of parameters, others' by those of the file
	foreign bool
	epoch   int // that a foreign file tells; 0 if none
}

// readPrompts reads a file in any format. What a foreign file is, only its tensors tell.
func readPrompts(path string) (promptsFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return promptsFile{}, fmt.Errorf("train: reading prompts: %w", err)
	}
	return decodePrompts(data, path)
}

// decodePrompts reads the bytes of a file.
func decodePrompts(data []byte, path string) (promptsFile, error) {
	f := promptsFile{tensors: map[string]stored{}, foreign: true}
	if torch.Is(data) {
		file, err := torch.Decode(data)
		if err != nil {
			return f, fmt.Errorf("train: reading prompts from a PyTorch file: %w (in %s)", err, path)
		}
		for name, t := range file.Tensors {
			f.tensors[name] = stored{t.Dims, t.Float32s}
		}
		f.epoch = file.Epoch
		return f, nil
	}
	file, err := safetensors.Decode(data)
	if err != nil {
		return f, fmt.Errorf("train: %s holds no prompts: want %s of a finished run, or a checkpoint of PyTorch: %w", path, PromptsFile, err)
	}
	about, ours := file.Metadata[metadataKey]
	if err := json.Unmarshal([]byte(about), &f.about); ours && (err != nil || f.about.Learner == "") {
		return f, fmt.Errorf("train: %s holds no prompts, but something else of this program: want %s of a finished run", path, PromptsFile)
	}
	f.foreign = !ours
	for name, t := range file.Tensors {
		if ours {
			name = strings.TrimPrefix(name, prefix(promptScope))
		}
		f.tensors[name] = stored{t.Dims, t.Float32s}
	}
	if f.about.Teacher != nil {
		if err := f.about.Teacher.take(f.tensors); err != nil {
			return f, fmt.Errorf("train: reading prompts: %w (in %s)", err, path)
		}
	}
	return f, nil
}

// ReadPrompts reads what a file of prompts is, without its prompts. Of a checkpoint of another program, it tells what the
// tensors' names and shapes do: see [Import].
func ReadPrompts(path string) (Prompts, error) {
	f, err := readPrompts(path)
	if err != nil || !f.foreign {
		return f.about, err
	}
	r, err := recognize(f, As{})
	if err != nil {
		return Prompts{}, fmt.Errorf("train: %s: %w", path, err)
	}
	return r.about()
}

// Save writes the engine's prompts with what they are; the learner and the backbone are filled in.
func (e *Engine) Save(path string, about Prompts) error {
	values, err := e.Parameters()
	if err != nil {
		return err
	}
	var list []prompt.Parameter
	for name, value := range values {
		list = append(list, prompt.Parameter{Name: name, Dims: e.store.GetVariable(promptScope + name).Shape().Dimensions, Value: value})
	}
	about.Teacher = e.teacher
	return writePrompts(path, e.Learner, e.Model, about, list)
}

// writePrompts writes a learner's parameters, which were tuned in m.
func writePrompts(path string, l prompt.Learner, m *clip.Model, about Prompts, list []prompt.Parameter) error {
	settings, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("train: encoding the learner: %w", err)
	}
	about.Learner, about.Settings = l.Name(), settings
	about.Backbone, about.Weights = m.Name, m.Fingerprint()
	header, err := json.Marshal(about)
	if err != nil {
		return fmt.Errorf("train: encoding what the prompts are: %w", err)
	}
	file := safetensors.File{Metadata: map[string]string{metadataKey: string(header)}, Tensors: map[string]safetensors.Tensor{}}
	for _, p := range list {
		file.Tensors[prefix(promptScope)+p.Name] = safetensors.Float32(p.Value, p.Dims...)
	}
	if about.Teacher != nil {
		about.Teacher.put(&file)
	}
	return write(&file, filepath.Dir(path), filepath.Base(path))
}

// Load reads prompts into the engine, of this program or, as [Import] does, of another. Those of another backbone or learner
// are an error.
func (e *Engine) Load(path string) (Prompts, error) {
	f, err := readPrompts(path)
	if err != nil {
		return f.about, err
	}
	if f.foreign {
		imported, err := importFile(path, f, e.Model, As{Learner: e.Learner.Name()})
		if err != nil {
			return f.about, err
		}
		return imported.Prompts, e.set(path, imported.Prompts, imported.values())
	}
	if f.about.Weights != e.Model.Fingerprint() {
		return f.about, fmt.Errorf("train: the prompts in %s were tuned in %s (weights %s) and mean nothing in %s (weights %s): load that backbone",
			path, f.about.Backbone, f.about.Weights, e.Model.Name, e.Model.Fingerprint())
	}
	values := map[string][]float32{}
	for name, t := range f.tensors {
		if values[name], err = t.read(); err != nil {
			return f.about, fmt.Errorf("train: tensor %s: %w (in %s)", name, err, path)
		}
	}
	return f.about, e.set(path, f.about, values)
}

// set writes what a file holds into the engine.
func (e *Engine) set(path string, about Prompts, values map[string][]float32) error {
	if about.Learner != e.Learner.Name() {
		return fmt.Errorf("train: the prompts in %s are %s's, not %s's", path, about.Learner, e.Learner.Name())
	}
	if err := e.SetParameters(values); err != nil {
		return fmt.Errorf("%w (from %s)", err, path)
	}
	e.tunes(about.Dataset, about.Classes)
	e.teacher = about.Teacher
	return nil
}

// Export writes the prompts of a file as safetensors with the names that the published code has for them in the state
// dictionary of its model, so that there model.load_state_dict(safetensors.torch.load_file(to), strict=False) takes them.
// from is a file of [Engine.Save] or [Import].
func Export(from, to string) error {
	f, err := readPrompts(from)
	if err != nil {
		return err
	}
	if f.foreign {
		return fmt.Errorf("train: exporting %s: it is not a file of this program; import it first", from)
	}
	if filepath.Clean(from) == filepath.Clean(to) {
		return fmt.Errorf("train: exporting %s onto itself would lose what it says of the prompts: choose another file", from)
	}
	file := safetensors.File{Metadata: map[string]string{"format": "pt"}, Tensors: map[string]safetensors.Tensor{}}
	beside := f.beside()
	for name, t := range f.tensors {
		values, err := t.read()
		if err != nil {
			return fmt.Errorf("train: exporting %s: tensor %s: %w", from, name, err)
		}
		file.Tensors[published(name, beside)] = safetensors.Float32(values, t.dims...)
	}
	return write(&file, filepath.Dir(to), filepath.Base(to))
}

// beside are the beginnings of names that stand beside prompt_learner in the published code, of the learner of a file.
func (f promptsFile) beside() []string {
	shapes := map[string][]int{}
	for name, t := range f.tensors {
		shapes[name] = t.dims
	}
	r, _ := recognition(shapes, As{Learner: f.about.Learner}) // a learner that is not recognized has none
	return r.Beside
}

// published is the name of a parameter in the state dictionary of the published code: in prompt_learner, but for deep
// prompts among CLIP's own weights, and what is beside them.
func published(name string, beside []string) string {
	if begins(name, beside) || strings.HasPrefix(name, "image_encoder.") || strings.HasPrefix(name, "text_encoder.") {
		return name
	}
	return prefix(promptScope) + name
}
