package clip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/hub"
)

// ErrNoWeights is wrapped by errors of weights that are neither on this machine nor to be had.
var ErrNoWeights = errors.New("no weights of CLIP: where there is a network, they come from huggingface.co")

// repositories are where the published models lie.
var repositories = map[string]string{
	"ViT-B/16":       "openai/clip-vit-base-patch16",
	"ViT-B/32":       "openai/clip-vit-base-patch32",
	"ViT-L/14":       "openai/clip-vit-large-patch14",
	"ViT-L/14@336px": "openai/clip-vit-large-patch14-336",
}

// weightFiles are what a repository may hold its weights in, the best first.
var weightFiles = []string{"model.safetensors", "pytorch_model.bin"}

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
	if isPath(nameOrPath) {
		return ReadWeights(nameOrPath)
	}
	return Fetch(ctx, nameOrPath, progress)
}

// isPath reports whether Load takes a name for that of a file.
func isPath(name string) bool {
	_, err := os.Stat(name)
	return err == nil || slices.Contains([]string{".pt", ".pth", ".bin", ".safetensors"}, filepath.Ext(name)) || filepath.IsAbs(name)
}

// Repository returns the repository at huggingface.co that [Load] reads a CLIP from, "" if it reads a file, or why it reads neither.
// Nothing is looked for in the network.
func Repository(nameOrPath string) (string, error) {
	if isPath(nameOrPath) {
		return "", nil
	}
	return repositoryOf(nameOrPath)
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
	path, err := hub.Get(ctx, repository, hub.Files{Any: weightFiles, Beside: "config.json"}, progress)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("clip: fetching %s: %w", name, err)
	} else if err != nil {
		return nil, fmt.Errorf("clip: fetching %s from %s: %w: %w; else %s", name, repository, err, ErrNoWeights, otherwise(repository))
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

// otherwise says how else to get what a repository has.
func otherwise(repository string) string {
	file := ""
	for name, known := range repositories {
		if known == repository {
			file = ", or OpenAI's " + strings.NewReplacer("/", "-", "@", "-").Replace(name) + ".pt,"
		}
	}
	return fmt.Sprintf("fetch %s of %s%s on another machine, and give the file's path", strings.Join(weightFiles, " or "), repository, file)
}

func repositoryOf(name string) (string, error) {
	if strings.HasPrefix(name, "RN") {
		return "", noResNet(name)
	}
	if repository, ok := repositories[name]; ok {
		return repository, nil
	}
	for known := range repositories {
		if strings.EqualFold(known, name) {
			return "", fmt.Errorf("clip: %q is not a known model: write %s", name, known)
		}
	}
	if strings.HasPrefix(name, "ViT-") || !hub.Named(name) {
		return "", fmt.Errorf("clip: %q is neither a file nor a known model: want the path of a file of weights, ViT-B/16, ViT-B/32, ViT-L/14, "+
			"ViT-L/14@336px, or a repository at huggingface.co such as openai/clip-vit-base-patch16", name)
	}
	return name, nil
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
