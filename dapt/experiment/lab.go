package experiment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Lab is where experiments run: a CLIP on a backend, and a folder of results. It is for one goroutine at a time.
type Lab struct {
	Model   *clip.Model
	Teacher *clip.Model // that the teachers of distilled learners are tuned in, such as a larger one; nil means Model
	Folder  string      // results.jsonl; below runs/ a folder for each run, below features/ those of images
	Info    Backend
	Report  func(Progress) // called as work goes on; nil reports nothing
	Done    func(Result)   // called with each run that was computed, once it is on file; nil if nobody asks
	Notice  func(string)   // called with what a user should know of the data before the first run, a sentence each; nil tells nobody
	Share   Share          // of each experiment's runs that are done; Folder should be its own, see [Share.Folder]
	Known   []Result       // that count as on file too, such as those that shares were merged into; nil means none
	Command []string       // arguments of the program that do the experiment, for [Merge] to show; nil shows none
	planned int            // runs of all experiments
	backend compute.Backend
	engines map[string]*train.Engine
	images  *train.Images
	pools   map[string]selection.Pool
	meter   *meter // of the experiment at work
	results []Result
}

// Progress is how far an experiment is.
type Progress struct {
	Run         string // what is at work, such as "Mini maple+dapt-s 4 shots seed 2"
	Method      string // its method, such as "maple+dapt-s"
	Doing       string // "tuning, epoch 3 of 6", "testing"
	Number      int    // of the run, counted from 1, among all Runs, of which some may have been on file
	Runs        int
	Done, Total int     // units of work, in images, of all runs that are not on file yet
	Loss        float64 // of the last step; 0 while testing
	Step, Steps int     // steps of the run that are done, and all of them; 0 while testing
}

// Open reads the folder's results. info says what backend is.
func Open(backend compute.Backend, info Backend, m *clip.Model, folder string) (*Lab, error) {
	l := &Lab{
		Model: m, Folder: folder, Info: info, backend: backend,
		engines: map[string]*train.Engine{}, images: train.NewImages(train.DefaultMemory), pools: map[string]selection.Pool{},
	}
	var err error
	l.results, err = ReadResults(l.ResultsPath())
	return l, err
}

// Close frees the device memory; the backend stays open.
func (l *Lab) Close() {
	for _, engine := range l.engines {
		engine.Close()
	}
}

// Device is the backend that the lab computes on.
func (l *Lab) Device() compute.Backend { return l.backend }

// ResultsPath is the file of all finished runs.
func (l *Lab) ResultsPath() string { return filepath.Join(l.Folder, "results.jsonl") }

// Feed is how long the work on images took since Open, tests and maps too, and how much of that the device waited for images.
func (l *Lab) Feed() train.Feed { return l.images.Feed() }

// Benchmark is a data set to run a protocol on.
type Benchmark struct {
	*dataset.Dataset
	Conditions []Condition // further tests beside the data set's own
	Truth      mask.Source // true masks of the test images, to measure [Focus] with; nil means there are none
	Draws      fs.FS       // draws of others to take, such as shot_16-seed_1.pkl (see [dataset.Dataset.FewShotFrom]); nil draws here
}

// Condition is a further list of test images, of the same classes and in the same folder.
type Condition struct {
	Name  string // such as "shift"
	Items []dataset.Item
}

// draw is the few-shot draw of a seed; 0 shots take all.
func (b Benchmark) draw(shots, seed int) (*dataset.Dataset, error) {
	if b.Draws == nil || shots == 0 {
		return b.FewShot(shots, uint64(seed)), nil
	}
	return b.FewShotFrom(b.Draws, shots, uint64(seed))
}

// check finds images that do not exist and labels that are no class, in the data set and in the conditions.
func (b Benchmark) check(ctx context.Context) error {
	whole := *b.Dataset
	for _, condition := range b.Conditions {
		whole.Test = slices.Concat(whole.Test, condition.Items)
	}
	return whole.Check(ctx)
}

// Engine returns the lab's engine of a learner; engines of learners with the same settings are the same, so that their
// programs compile once.
func (l *Lab) Engine(learner prompt.Learner, dtype dtypes.DType) (*train.Engine, error) {
	return l.engine(l.Model, learner, dtype)
}

// engine is Engine in a CLIP.
func (l *Lab) engine(m *clip.Model, learner prompt.Learner, dtype dtypes.DType) (*train.Engine, error) {
	key, err := learnerKey(learner)
	if err != nil {
		return nil, err
	}
	key += dtype.String()
	if m != l.Model {
		key += m.Fingerprint()
	}
	if l.engines[key] == nil {
		if l.engines[key], err = train.NewEngine(l.backend, m, learner, dtype); err != nil {
			return nil, err
		}
		l.engines[key].Images = l.images
	}
	return l.engines[key], nil
}

// learnerKey is the same for learners with the same settings.
func learnerKey(learner prompt.Learner) (string, error) {
	settings, err := json.Marshal(learner)
	if err != nil {
		return "", fmt.Errorf("experiment: encoding learner %s: %w", learner.Name(), err)
	}
	return learner.Name() + string(settings), nil
}

// settings are what a result's Config holds.
type settings struct {
	Learner string         `json:"learner"`
	Options prompt.Learner `json:"options"` // of the learner
	// Template is the data set's hand-crafted sentence where it is not the usual one of that data set.
	Template string `json:"template,omitempty"`
	// Templates are those of targets that have others than usual, by target.
	Templates map[string]string `json:"target_templates,omitempty"`

	Masks  string        `json:"masks,omitempty"`
	Source mask.Source   `json:"mask_source,omitempty"`
	Loss   *dapt.Config  `json:"loss,omitempty"`
	Train  *train.Config `json:"train,omitempty"`
	Focus  int           `json:"focus_images,omitempty"`
	Share  *share        `json:"selection,omitempty"`

	Teacher *teacherSettings `json:"teacher,omitempty"`
}

func newSettings(m dapt.Method, c train.Config, focus int, kept *share) settings {
	s := settings{Learner: m.Learner.Name(), Options: m.Learner, Train: &c, Focus: focus, Share: kept}
	if m.Decouples() {
		s.Masks, s.Source, s.Loss = m.Masks.Name(), m.Masks, &m.Loss
	}
	return s
}

// find returns the result on file of the same run, if there is one. A share may go on where another machine began, so that
// a result counts there whatever its plugin and cores; reports note those.
func (l *Lab) find(wanted Result) (Result, bool) {
	key, known := wanted.key(), slices.Concat(l.results, l.Known)
	at := slices.IndexFunc(known, func(r Result) bool {
		switch {
		case r.DataHash != wanted.DataHash:
			return false
		case l.Share == (Share{}):
			return r.key() == key
		}
		return r.question() == wanted.question() && r.Backend.Name == wanted.Backend.Name
	})
	if at < 0 {
		return Result{}, false
	}
	return known[at], true
}

// add puts a finished run on file, after how long it took.
func (l *Lab) add(r Result, took Time) error {
	if err := appendLine(filepath.Join(l.Folder, "times.jsonl"), took); err != nil {
		return err
	}
	if err := appendLine(l.ResultsPath(), r); err != nil {
		return err
	}
	l.results = append(l.results, r)
	if l.Done != nil {
		l.Done(r)
	}
	return nil
}

// key is the same for runs that would give the same numbers.
func (r Result) key() string { return hash(fmt.Sprintf("%s|%v", r.question(), r.Backend))[:8] }

// question is the same for runs that differ in the backend only.
func (r Result) question() string {
	return fmt.Sprintf("%s|%s|%s|%d|%d|%s|%s|%s", r.Protocol, r.Dataset, r.Method, r.Seed, r.Shots, r.Config, r.SplitHash, r.Backbone)
}

// hash is the first 64 bits of SHA-256, in hex.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// RunFolder is where a run keeps its checkpoint and its prompts. Runs with other settings have other folders.
func (l *Lab) RunFolder(r Result) string {
	return filepath.Join(l.Folder, filepath.FromSlash(r.folder()))
}

// transferred is the folder of prompts that are tested on other data sets too, in place of the protocol's.
const transferred = "transfer"

// folder is RunFolder below the lab's, with slashes.
func (r Result) folder() string {
	if r.SourceHash != "" { // whatever it is tested on
		r.Protocol, r.SplitHash = transferred, r.SourceHash
	}
	return path.Join("runs", r.Protocol, r.Dataset, strings.ReplaceAll(r.Method, "/", "-"),
		fmt.Sprintf("shots_%d", r.Shots), fmt.Sprintf("seed%d-%s", r.Seed, r.key()))
}

// version is this module's in the running program, which may be one of another module, such as a notebook's: a release, or
// "(devel)" for what is built in a clone, whether go run, go build or a notebook builds it. revision tells clones apart.
func version() string {
	build, ok := debug.ReadBuildInfo()
	switch {
	case !ok:
		return "unknown"
	case build.Main.Path != module:
		return imported(build.Deps)
	case revision() != "":
		return devel
	}
	return build.Main.Version
}

// revision is the commit that the running program was built from, as far as it knows.
func revision() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Path != module {
		return ""
	}
	at := slices.IndexFunc(build.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" })
	if at < 0 {
		return ""
	}
	return build.Settings[at].Value
}

const (
	module = "github.com/dapt-go/dapt-go"
	devel  = "(devel)"
)

// imported is the version of this module among others.
func imported(modules []*debug.Module) string {
	at := slices.IndexFunc(modules, func(m *debug.Module) bool { return m.Path == module })
	switch {
	case at < 0:
		return "unknown"
	case modules[at].Replace != nil:
		return cmp.Or(modules[at].Replace.Version, devel)
	}
	return modules[at].Version
}
