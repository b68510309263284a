package clip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gomlx/go-huggingface/hub"
)

// ErrNoWeights is wrapped by errors of weights that are neither on this machine nor to be had.
var ErrNoWeights = errors.New("no weights of CLIP: where there is a network, they come from huggingface.co; else fetch model.safetensors of " +
	"openai/clip-vit-base-patch16, or OpenAI's ViT-B-16.pt, on another machine, and give the file's path")

// repositories are where the published models lie.
var repositories = map[string]string{
	"ViT-B/16":       "openai/clip-vit-base-patch16",
	"ViT-B/32":       "openai/clip-vit-base-patch32",
	"ViT-L/14":       "openai/clip-vit-large-patch14",
	"ViT-L/14@336px": "openai/clip-vit-large-patch14-336",
}

// weightFiles are what a repository may hold its weights in, the best first.
var weightFiles = []string{"model.safetensors", "pytorch_model.bin"}

// silence is how long a download may stand still; tests shorten it.
var silence = time.Minute

// Load reads a CLIP by the path of a file (see [ReadWeights]), by its name in papers, such as "ViT-B/16", or by its
// repository at huggingface.co, such as "openai/clip-vit-base-patch16" (see [Fetch], also for progress).
func Load(ctx context.Context, nameOrPath string, progress func(done, total int64)) (*Model, error) {
	w, err := load(ctx, nameOrPath, progress)
	if err != nil {
		return nil, err
	}
	m := &Model{w, NewTokenizer()}
	if w.Config.Vocabulary != m.Tokenizer.Vocabulary() {
		return nil, fmt.Errorf("clip: %s has %d token embeddings, but OpenAI's tokenizer has %d ids: it was trained with another; give that with clip.Model and clip.ReadTokenizer",
			nameOrPath, w.Config.Vocabulary, m.Tokenizer.Vocabulary())
	}
	return m, nil
}

func load(ctx context.Context, nameOrPath string, progress func(done, total int64)) (*Weights, error) {
	_, err := os.Stat(nameOrPath)
	if err == nil || slices.Contains([]string{".pt", ".pth", ".bin", ".safetensors"}, filepath.Ext(nameOrPath)) || filepath.IsAbs(nameOrPath) {
		return ReadWeights(nameOrPath)
	}
	return Fetch(ctx, nameOrPath, progress)
}

// Fetch reads published weights, by their name in papers or their repository at huggingface.co. They are downloaded once,
// some 600 MB for ViT-B/16, into the cache that Python's huggingface_hub shares; with HF_HUB_OFFLINE set only the cache is
// looked at. A non-nil progress is told bytes; total is 0 while it is not known. Where the weights cannot be had, the
// error wraps [ErrNoWeights]. A download that stands still for a minute is given up.
func Fetch(ctx context.Context, name string, progress func(done, total int64)) (*Weights, error) {
	repository, err := repositoryOf(name)
	if err != nil {
		return nil, err
	}
	path := cached(repository)
	if path == "" {
		if path, err = download(ctx, repository, progress); errors.Is(err, context.Canceled) {
			return nil, fmt.Errorf("clip: fetching %s: %w", name, err)
		} else if err != nil {
			return nil, fmt.Errorf("clip: fetching %s from %s: %w: %w", name, repository, err, ErrNoWeights)
		}
	}
	if err := checkActivation(filepath.Join(filepath.Dir(path), "config.json")); err != nil {
		return nil, fmt.Errorf("clip: %s: %w", name, err)
	}
	w, err := ReadWeights(path)
	if err != nil {
		return nil, err
	}
	w.Name = name
	return w, nil
}

// repositoryName is owner/name.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$`)

func repositoryOf(name string) (string, error) {
	if strings.HasPrefix(name, "RN") {
		return "", noResNet(name)
	}
	if repository, ok := repositories[name]; ok {
		return repository, nil
	}
	if strings.HasPrefix(name, "ViT-") || strings.Contains(name, "..") || !repositoryName.MatchString(name) {
		return "", fmt.Errorf("clip: %q is neither a file nor a known model: want the path of a file of weights, ViT-B/16, ViT-B/32, ViT-L/14, "+
			"ViT-L/14@336px, or a repository at huggingface.co such as openai/clip-vit-base-patch16", name)
	}
	return name, nil
}

// folder is where the cache holds a repository, as huggingface_hub lays it out.
func folder(repository string) string {
	return filepath.Join(hub.DefaultCacheDir(), "models--"+strings.ReplaceAll(repository, "/", "--"))
}

// cached returns the path of the newest weights in the cache, or nothing. go-huggingface cannot be asked: it always goes
// to the network for the newest revision, and forgets the one it knew.
func cached(repository string) string {
	var newest string
	var at time.Time
	for _, name := range weightFiles {
		paths, _ := filepath.Glob(filepath.Join(folder(repository), "snapshots", "*", name)) // the pattern is well-formed
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.ModTime().After(at) {
				newest, at = path, info.ModTime()
			}
		}
		if newest != "" {
			break
		}
	}
	return newest
}

// download returns the path of the repository's weights. go-huggingface does not heed ctx in all it does, nor tell how far
// it is, so it runs beside a watch.
func download(ctx context.Context, repository string, progress func(done, total int64)) (string, error) {
	if slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv("HF_HUB_OFFLINE"))) {
		return "", fmt.Errorf("HF_HUB_OFFLINE is set, and %s has no weights", folder(repository))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		path string
		err  error
	}
	ready := make(chan outcome, 1)
	var total atomic.Int64
	go func() {
		path, err := downloadAll(ctx, repository, &total)
		ready <- outcome{path, err}
	}()
	watch := time.NewTicker(200 * time.Millisecond)
	defer watch.Stop()
	done, moved := int64(0), time.Now()
	for {
		select {
		case out := <-ready:
			if progress != nil && out.err == nil {
				progress(total.Load(), total.Load())
			}
			return out.path, out.err
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case now := <-watch.C:
			if size := arrived(repository); size != done {
				done, moved = size, now
				if progress != nil {
					progress(done, total.Load())
				}
			}
			if now.Sub(moved) > silence {
				return "", fmt.Errorf("nothing arrived for %s", silence)
			}
		}
	}
}

// arrived returns the bytes of the largest file that is being downloaded.
func arrived(repository string) int64 {
	var size int64
	paths, _ := filepath.Glob(filepath.Join(folder(repository), "blobs", "*.part")) // the pattern is well-formed
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			size = max(size, info.Size())
		}
	}
	return size
}

// downloadAll downloads the weights, whose size it stores in total, and the config beside them.
func downloadAll(ctx context.Context, repository string, total *atomic.Int64) (string, error) {
	repo := hub.New(repository).WithAuth(os.Getenv("HF_TOKEN"))
	repo.Verbosity = 0 // it would print to standard output
	sizes := map[string]int64{}
	for file, err := range repo.IterFileInfos() {
		if err != nil {
			return "", err
		}
		sizes[file.Name] = file.Size
	}
	for _, name := range weightFiles {
		size, ok := sizes[name]
		if !ok {
			continue
		}
		total.Store(size)
		if _, ok := sizes["config.json"]; ok {
			if _, err := repo.DownloadFileCtx(ctx, "config.json"); err != nil {
				return "", err
			}
		}
		path, err := repo.DownloadFileCtx(ctx, name)
		if err != nil {
			return "", err
		}
		info, err := os.Stat(path) // go-huggingface reports no error where a connection breaks
		if err != nil || size > 0 && info.Size() != size {
			return "", errors.Join(fmt.Errorf("%s did not arrive whole: try again", name), err)
		}
		return path, nil
	}
	return "", fmt.Errorf("the repository has none of %s", strings.Join(weightFiles, ", "))
}

// checkActivation refuses the config of a model that was trained with another activation than OpenAI's, which its weights
// do not show. No config is no objection.
func checkActivation(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	type tower struct {
		Activation string `json:"hidden_act"`
	}
	var config struct {
		Text   tower `json:"text_config"`
		Vision tower `json:"vision_config"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	for _, t := range []tower{config.Text, config.Vision} {
		if t.Activation != "" && t.Activation != "quick_gelu" {
			return fmt.Errorf("it was trained with the activation %s, but the towers compute OpenAI's, quick_gelu: take a model with that", t.Activation)
		}
	}
	return nil
}
