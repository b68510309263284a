package clip

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dapt-go/dapt-go/dapt/internal/hub"
)

// hubServer answers as huggingface.co does for one repository's files, and sets the environment to it and an empty cache.
func hubServer(t *testing.T, repository string, files map[string][]byte) {
	t.Helper()
	var siblings []string
	for name, content := range files {
		siblings = append(siblings, fmt.Sprintf(`{"rfilename":%q,"size":%d}`, name, len(content)))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/models/"+repository+"/revision/main" {
			fmt.Fprintf(w, `{"sha":"abc","siblings":[%s]}`, strings.Join(siblings, ","))
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/"+repository+"/resolve/abc/")
		content, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"`+name+`-tag"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(content)
		}
	}))
	t.Cleanup(server.Close)
	atHub(t, server.URL)
}

// atHub sets the environment to a hub and an empty cache.
func atHub(t *testing.T, url string) {
	t.Helper()
	t.Setenv("HF_ENDPOINT", url)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_TOKEN", "")
}

func TestFetchedWeightsAreKept(t *testing.T) {
	want := tinyWeights()
	content := huggingFaceNamed(want).Encode()
	hubServer(t, "openai/clip-vit-base-patch16", map[string][]byte{
		"model.safetensors": content, "config.json": []byte(`{"text_config":{"hidden_act":"quick_gelu"}}`), "README.md": nil,
	})
	var last, all int64
	got, err := Fetch(t.Context(), "ViT-B/16", func(done, total int64) { last, all = done, total })
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "ViT-B/16" || got.Fingerprint() != want.Fingerprint() || last != int64(len(content)) || all != last {
		t.Errorf("Fetch = %s %s, progress %d of %d; want %s and %d bytes", got.Name, got.Fingerprint(), last, all, want.Fingerprint(), len(content))
	}
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("HF_HUB_OFFLINE", "1")
	for _, name := range []string{"ViT-B/16", "openai/clip-vit-base-patch16"} {
		if again, err := Fetch(t.Context(), name, nil); err != nil || again.Fingerprint() != want.Fingerprint() {
			t.Errorf("Fetch(%s) of the cache = %v", name, err)
		}
	}
}

func TestAPickledRepositoryWillDo(t *testing.T) {
	archive, err := os.ReadFile("testdata/weights-state-dict.pt")
	if err != nil {
		t.Fatal(err)
	}
	hubServer(t, "someone/clip", map[string][]byte{"pytorch_model.bin": archive})
	if w, err := Fetch(t.Context(), "someone/clip", nil); err != nil || w.Config != tiny {
		t.Errorf("Fetch of pytorch_model.bin: %v", err)
	}
}

func TestWeightsThatCannotBeHadSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func()
		want    string
	}{
		"no network":       {func() { atHub(t, "http://127.0.0.1:1") }, "refused"},
		"offline":          {func() { atHub(t, "http://127.0.0.1:1"); t.Setenv("HF_HUB_OFFLINE", "true") }, "HF_HUB_OFFLINE is set"},
		"no repository":    {func() { hubServer(t, "other/clip", nil) }, "404"},
		"no weights in it": {func() { hubServer(t, "someone/clip", map[string][]byte{"README.md": nil}) }, "none of model.safetensors"},
	} {
		c.prepare()
		_, err := Fetch(t.Context(), "someone/clip", nil)
		if !errors.Is(err, ErrNoWeights) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "give the file's path") {
			t.Errorf("%s: Fetch = %v, want ErrNoWeights with %q", name, err, c.want)
		}
	}
}

// unfinished answers with the first 10 of 1000 bytes, and then does as rest says.
func unfinished(t *testing.T, rest func(w http.ResponseWriter, r *http.Request)) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			fmt.Fprint(w, `{"sha":"abc","siblings":[{"rfilename":"model.safetensors","size":1000}]}`)
			return
		}
		w.Header().Set("ETag", "tag")
		w.Header().Set("Content-Length", "1000")
		if r.Method == http.MethodGet {
			_, _ = w.Write(make([]byte, 10))
			_ = http.NewResponseController(w).Flush()
			rest(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	atHub(t, server.URL)
}

func TestABrokenConnectionIsAnError(t *testing.T) {
	unfinished(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := Fetch(t.Context(), "someone/clip", nil); !errors.Is(err, ErrNoWeights) || !strings.Contains(err.Error(), "did not arrive whole") {
		t.Errorf("Fetch = %v, want an error that says to try again", err)
	}
}

func TestProgressIsToldWhileItArrives(t *testing.T) {
	told := make(chan struct{})
	unfinished(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-told:
			_, _ = w.Write(make([]byte, 990))
		case <-r.Context().Done():
		}
	})
	var once sync.Once
	_, err := Fetch(t.Context(), "someone/clip", func(done, total int64) {
		if done == 10 && total == 1000 {
			once.Do(func() { close(told) })
		}
	})
	if err == nil || errors.Is(err, ErrNoWeights) || !strings.Contains(err.Error(), "safetensors") {
		t.Errorf("Fetch of 1000 zeros = %v, want an error of their format", err)
	}
}

func TestAStalledDownloadIsGivenUp(t *testing.T) {
	hub.Silence = 300 * time.Millisecond
	defer func() { hub.Silence = time.Minute }()
	unfinished(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if _, err := Fetch(t.Context(), "someone/clip", nil); !errors.Is(err, ErrNoWeights) || !strings.Contains(err.Error(), "nothing arrived") {
		t.Errorf("Fetch of a server that stands still = %v, want an error that says so", err)
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.CloseClientConnections)
	atHub(t, silent.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Fetch(ctx, "ViT-B/16", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Fetch of a server that never answers = %v, want the context's error", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(cancelled, "ViT-B/16", nil); !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoWeights) {
		t.Errorf("Fetch with a cancelled context = %v, want its error alone", err)
	}
}

func TestModelsThatWouldNotWorkAreRefused(t *testing.T) {
	hubServer(t, "laion/clip", map[string][]byte{
		"model.safetensors": huggingFaceNamed(tinyWeights()).Encode(), "config.json": []byte(`{"vision_config":{"hidden_act":"gelu"}}`),
	})
	for name, want := range map[string]string{
		"laion/clip": "activation gelu", "RN50": "ResNet", "RN50x4": "ResNet", "ViT-B/8": "ViT-L/14@336px, or a repository", "vit": "openai/clip-vit-base-patch16",
		"a/b/c": "neither a file", "../b": "neither a file", "a/..": "neither a file", "": "neither a file",
	} {
		if _, err := Fetch(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fetch(%q) = %v, want an error with %q", name, err, want)
		}
	}
}

func TestLoadReadsFilesAndNames(t *testing.T) {
	hubServer(t, "openai/clip-vit-base-patch32", map[string][]byte{"model.safetensors": huggingFaceNamed(tinyWeights()).Encode()})
	config := tiny
	config.Vocabulary = 49408
	whole := Random(config, testRand())
	path := filepath.Join(t.TempDir(), "whole.safetensors")
	if err := whole.WriteFile(path, false, nil); err != nil {
		t.Fatal(err)
	}
	m, err := Load(t.Context(), path, nil)
	if err != nil || m.Fingerprint() != whole.Fingerprint() || m.Tokenizer.Vocabulary() != 49408 {
		t.Errorf("Load(%s): %v", path, err)
	}
	for name, want := range map[string]string{
		"testdata/weights-scripted.pt": "20 token embeddings", "ViT-B/32": "20 token embeddings", "nothing.pt": "no such file", "/nothing/at all": "no such file",
	} {
		if _, err := Load(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%q) = %v, want an error with %q", name, err, want)
		}
	}
}

func TestTheErrorNamesTheFilesOfTheModelAskedFor(t *testing.T) {
	atHub(t, "http://127.0.0.1:1")
	t.Setenv("HF_HUB_OFFLINE", "1")
	for name, want := range map[string]string{
		"ViT-L/14@336px":               "of openai/clip-vit-large-patch14-336, or OpenAI's ViT-L-14-336px.pt, on another machine",
		"openai/clip-vit-base-patch32": "of openai/clip-vit-base-patch32, or OpenAI's ViT-B-32.pt, on another machine",
		"someone/clip":                 "of someone/clip on another machine",
		"vit-b/16":                     "write ViT-B/16",
	} {
		if _, err := Fetch(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fetch(%s) = %v, want an error with %q", name, err, want)
		}
	}
}

func TestRepositoryTellsFilesFromWhatIsFetched(t *testing.T) {
	for name, want := range map[string]string{"hub_test.go": "", "none.pt": "", "ViT-B/16": "openai/clip-vit-base-patch16", "someone/clip": "someone/clip"} {
		if got, err := Repository(name); err != nil || got != want {
			t.Errorf("Repository(%s) = %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"RN50", "nonsense", "VIT-B/16"} {
		if _, err := Repository(name); err == nil {
			t.Errorf("Repository(%s) succeeds, want an error", name)
		}
	}
}
