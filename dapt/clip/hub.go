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
	path, err := hub.Get(ctx, repository, hub.Files{Any: weightFiles, Beside: "config.json"}, progress)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("clip: fetching %s: %w", name, err)
	} else if err != nil {
		return nil, fmt.Errorf("clip: fetching %s from %s: %w: %w", name, repository, err, ErrNoWeights)
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

func repositoryOf(name string) (string, error) {
	if strings.HasPrefix(name, "RN") {
		return "", noResNet(name)
	}
	if repository, ok := repositories[name]; ok {
		return repository, nil
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
