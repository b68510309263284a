// Package session opens what programs and notebooks work on: a CLIP, a data set, a backend and a folder of results.
package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/tools/backend"
)

// Mini names the embedded CLIP and the embedded benchmark.
const Mini = "mini"

// Setup is what a session works on.
type Setup struct {
	CLIP string // "mini", "ViT-B/16", "ViT-B/32", "ViT-L/14", or a file of weights (.safetensors, .pt)
	// TeacherCLIP is where the teachers of distilled learners, such as PromptKD, are tuned, as CLIP; "" means CLIP itself.
	TeacherCLIP string
	// Data are "mini", a benchmark's name such as "OxfordPets", or one's own: a folder of images (see [dataset.OpenFolder]), a
	// list of them, which ends in .csv ([dataset.OpenList]), or a split file, which ends in .json ([dataset.OpenSplit]).
	Data     string
	Template string // sentence around class names, with one {}, such as "a photo of a {}."; "" takes the data set's own
	Root     string // folder that holds the benchmarks' folders; "~" is the home folder
	Out      string // folder for results, checkpoints and reports
	Backend  string // "go", "xla:cpu", "xla:cuda", "xla:/path/to/plugin.so"; "" picks the fastest
	DType    string // what the towers compute in: "float32", "bfloat16", "float16"; "" means float32
	// Draws is a folder of few-shot draws to take, as shot_16-seed_1.pkl, instead of drawing; a name without slashes is a folder
	// in the data set's own, such as split_fewshot. "" draws.
	Draws string
	// Share is the part of an experiment's runs to do, in a folder of its own below Out; zero means all.
	Share experiment.Share
	// MaskRoot is the folder of a collection of masks, of DAPT's archive, FVG-PT's or masks made here, whatever the data sets'
	// folders in it are called; "" means that each data set's own folder holds its masks.
	MaskRoot string
	// EmptyMasks lets masks in files have no foreground, WholeMasks takes the whole image for the foreground where there is no file.
	EmptyMasks, WholeMasks bool
}

// Teller hears what a user should know while a session opens. Nil fields are not called.
type Teller struct {
	Notice   func(line string)
	Download func(what string) func(done, total int64) // begins to show a download; total is 0 if it is unknown
}

func (t Teller) notice(line string) {
	if t.Notice != nil {
		t.Notice(line)
	}
}

func (t Teller) download(what string) func(done, total int64) {
	if t.Download == nil {
		return nil
	}
	return t.Download(what)
}

// Benchmark opens the data set, and checks that its images are there.
func (s Setup) Benchmark(ctx context.Context) (b experiment.Benchmark, err error) {
	if s.Template != "" && strings.Count(s.Template, "{}") != 1 {
		return b, fmt.Errorf("the template is %q, want a sentence with one {} where the class name goes, such as \"a photo of a {}.\"", s.Template)
	}
	if s.Data == Mini {
		b, err = experiment.Mini()
	} else if b.Dataset, err = s.open(); err == nil {
		err = b.Check(ctx)
	}
	if err != nil {
		return b, err
	}
	b.Template = cmp.Or(s.Template, b.Template)
	return b, s.addDraws(&b)
}

func (s Setup) open() (*dataset.Dataset, error) {
	if isFolder(s.Data) {
		return s.own()
	}
	spec, err := s.spec()
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(s.Folder()); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s: set the root, which is %q, to the folder that holds %s, the folder of %s", s.Folder(), s.Root, spec.Folder, spec.Name)
	}
	data, err := dataset.Open(spec, os.DirFS(s.Folder()))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && spec.Split != "" {
			return nil, fmt.Errorf("%w; split -make makes another one, with other lists than the published", err)
		}
		return nil, fmt.Errorf("%w; the root %q must hold the folder %s", err, s.Root, spec.Folder)
	}
	return data, nil
}

// Folder is the data set's own: a folder of images, that of a list or a split file, or a benchmark's folder below the root.
func (s Setup) Folder() string {
	if listed(s.Data) {
		return filepath.Dir(home(s.Data))
	}
	if isFolder(s.Data) {
		return home(s.Data)
	}
	name := s.Data
	if spec, err := dataset.Find(name); err == nil {
		name = spec.Folder
	}
	return filepath.Join(home(s.Root), name)
}

// isFolder reports whether a name is a path and not a benchmark's name.
func isFolder(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") || strings.ContainsAny(name, `/\\`) || listed(name)
}

// home writes out a leading "~", which a shell leaves alone behind "=" and Go everywhere.
func home(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return path
	}
	folder, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return folder + rest
}

// Preset is [experiment.ForMini] where the data or CLIP are the embedded ones, else the published setting with masks in
// files, of MaskRoot where there is one. Data of one's own without masks have no DAPT-S.
func (s Setup) Preset(b experiment.Benchmark) experiment.Preset {
	p := experiment.Published(b, s.Files())
	if s.Data == Mini || s.CLIP == Mini {
		p = experiment.ForMini(b)
	}
	if s.MaskRoot != "" {
		for i, m := range p.Methods {
			if _, given := m.Masks.(mask.Files); given {
				p.Methods[i].Masks = s.Files()
			}
		}
		return p
	}
	named := func(item dataset.Item) bool { return item.Mask != "" }
	if _, err := fs.Stat(b.FS, "mask"); err != nil && isFolder(s.Data) && !slices.ContainsFunc(b.Train, named) {
		p.Methods = slices.DeleteFunc(p.Methods, func(m dapt.Method) bool { _, files := m.Masks.(mask.Files); return files })
	}
	return p
}

// Model reads CLIP, and downloads what is not here.
func (s Setup) Model(ctx context.Context, t Teller) (*clip.Model, error) { return read(ctx, s.CLIP, t) }

func read(ctx context.Context, name string, t Teller) (*clip.Model, error) {
	if name == Mini {
		return mini.CLIP()
	}
	repository, err := clip.Repository(name)
	if err != nil {
		return nil, err
	}
	if repository != "" {
		t.notice("reading " + name + ", which is downloaded if it is not here")
	}
	return clip.Load(ctx, name, t.download("downloading "+name))
}

// teacher reads the teachers' CLIP; nil if that is CLIP itself.
func (s Setup) teacher(ctx context.Context, t Teller) (*clip.Model, error) {
	if s.TeacherCLIP == "" || s.TeacherCLIP == s.CLIP {
		return nil, nil
	}
	return read(ctx, s.TeacherCLIP, t)
}

// Lab opens the model, then the backend, which may have to be downloaded, and the results. The caller calls done.
func (s Setup) Lab(ctx context.Context, t Teller) (lab *experiment.Lab, done func(), err error) {
	m, err := s.Model(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	teacher, err := s.teacher(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	device, info, err := backend.Open(ctx, backend.Options{
		Want: s.Backend, Install: true, BFloat16: s.DType == "bfloat16", Progress: t.download("downloading XLA"), Notice: func(line string) { t.notice("note: " + line) },
	})
	if err != nil {
		return nil, nil, err
	}
	t.notice(fmt.Sprintf("%s on %s (%s), %d cores", m.Name, info.Backend, info.Plugin, info.Cores))
	lab, err = s.openLab(device, experiment.Backend{Name: info.Backend, Plugin: info.Plugin, PJRT: info.PJRT, Cores: info.Cores}, m)
	if err != nil {
		device.Finalize()
		return nil, nil, err
	}
	lab.Teacher = teacher
	lab.Notice = func(line string) { t.notice("note: " + line) }
	return lab, func() { lab.Close(); device.Finalize() }, nil
}

// openLab opens the folder of the share. What was merged into Out before counts as done.
func (s Setup) openLab(device compute.Backend, info experiment.Backend, m *clip.Model) (*experiment.Lab, error) {
	lab, err := experiment.Open(device, info, m, s.Share.Folder(s.Out))
	if err != nil || s.Share == (experiment.Share{}) {
		return lab, err
	}
	lab.Share = s.Share
	lab.Known, err = experiment.ReadResults(filepath.Join(s.Out, "results.jsonl"))
	return lab, err
}

// Compute is what the towers compute in.
func (s Setup) Compute() (dtypes.DType, error) {
	switch s.DType {
	case "float32", "":
		return dtypes.Float32, nil
	case "bfloat16":
		return dtypes.BFloat16, nil
	case "float16":
		return dtypes.Float16, nil
	}
	return dtypes.InvalidDType, fmt.Errorf("the data type is %q, want float32, bfloat16 or float16", s.DType)
}

// Files are masks in files: those of MaskRoot, or each data set's own.
func (s Setup) Files() mask.Files {
	files := mask.Files{AllowEmpty: s.EmptyMasks}
	if s.WholeMasks {
		files.Fallback = mask.Whole{}
	}
	if s.MaskRoot != "" {
		files.FS, files.Root = os.DirFS(home(s.MaskRoot)), filepath.Clean(s.MaskRoot)
	}
	return files
}

// MaskFolder is the folder for a data set's masks below root, where MaskRoot finds it.
func MaskFolder(root, name string) string {
	return filepath.Join(home(root), filepath.FromSlash(mask.HomeOf(name)))
}

// Masks is the source that a name stands for; nil for "none".
func (s Setup) Masks(name string, b experiment.Benchmark) (mask.Source, error) {
	switch name {
	case "none":
		return nil, nil
	case "true":
		if b.Truth == nil {
			return nil, errors.New("true masks are for the mini benchmark only; others have files or gradcam")
		}
		return b.Truth, nil
	case "files":
		return s.Files(), nil
	case "gradcam":
		return mask.GradCAM{}, nil
	case "grid":
		return mask.Grid{}, nil
	}
	return nil, fmt.Errorf("there are no masks called %q, want none, true, files, gradcam or grid", name)
}
