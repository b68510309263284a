package clip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gomlx/go-huggingface/hub"
)

// ErrNoWeights is wrapped by errors of weights that are neither on this machine nor to be had.
var ErrNoWeights = errors.New("no weights of CLIP: where there is a network, they come from huggingface.co; else fetch model.safetensors of " +
	"openai/clip-vit-base-patch16, or OpenAI's ViT-B-16.pt, on another machine, and name the file")

// repositories are where the published models lie.
var repositories = map[string]string{
	"ViT-B/16":       "openai/clip-vit-base-patch16",
	"ViT-B/32":       "openai/clip-vit-base-patch32",
	"ViT-L/14":       "openai/clip-vit-large-patch14",
	"ViT-L/14@336px": "openai/clip-vit-large-patch14-336",
}

// Load reads a CLIP by the name of a file (see [ReadWeights]), by its name in papers, such as "ViT-B/16", or by its
// repository at huggingface.co, such as "openai/clip-vit-base-patch16" (see [Fetch]).
func Load(ctx context.Context, name string) (*Model, error) {
	var w *Weights
	var err error
	if _, missing := os.Stat(name); missing == nil {
		w, err = ReadWeights(name)
	} else {
		w, err = Fetch(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	m := &Model{w, NewTokenizer()}
	if w.Config.Vocabulary != m.Tokenizer.Vocabulary() {
		return nil, fmt.Errorf("clip: %s has %d token embeddings, but the tokenizer has %d ids: it was trained with another tokenizer, which this program lacks",
			name, w.Config.Vocabulary, m.Tokenizer.Vocabulary())
	}
	return m, nil
}

// Fetch downloads published weights once, some 600 MB for ViT-B/16, into the cache that Python's huggingface_hub shares.
// With HF_HUB_OFFLINE set only the cache is looked at. Errors of a network that cannot be reached wrap [ErrNoWeights].
func Fetch(ctx context.Context, name string) (*Weights, error) {
	if strings.HasPrefix(name, "RN") {
		return nil, noResNet(name)
	}
	repository, ok := repositories[name]
	if !ok {
		repository = name
	}
	if strings.Count(repository, "/") != 1 || strings.HasPrefix(repository, ".") || strings.HasPrefix(repository, "/") {
		return nil, fmt.Errorf("clip: %q is neither a file nor a known model: want a file of weights, ViT-B/16, ViT-B/32, ViT-L/14, ViT-L/14@336px, or "+
			"a repository such as openai/clip-vit-base-patch16", name)
	}
	path, err := download(ctx, repository)
	if err != nil {
		return nil, fmt.Errorf("clip: fetching %s from %s: %w: %w", name, repository, err, ErrNoWeights)
	}
	w, err := ReadWeights(path)
	if err == nil {
		w.Name = name
	}
	return w, err
}

// download returns the path of the repository's weights in the cache. The hub's own calls do not all heed ctx.
func download(ctx context.Context, repository string) (string, error) {
	type outcome struct {
		path string
		err  error
	}
	ready := make(chan outcome, 1)
	go func() {
		repo := hub.New(repository).WithAuth(os.Getenv("HF_TOKEN"))
		repo.Verbosity = 0 // it would print to standard output
		if os.Getenv("HF_HUB_OFFLINE") != "" {
			repo.WithEndpoint("http://127.0.0.1:1") // nobody listens there, so what is not in the cache fails at once
		}
		path, err := repo.DownloadFileCtx(ctx, "model.safetensors")
		ready <- outcome{path, err}
	}()
	select {
	case out := <-ready:
		return out.path, out.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
