// Package hub gets files of models from huggingface.co, or from the cache that Python's huggingface_hub shares.
package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	hf "github.com/gomlx/go-huggingface/hub"
)

// Silence is how long a download may stand still; tests shorten it.
var Silence = time.Minute

// Files are what is wanted of a repository.
type Files struct {
	Any    []string // one of these, the best first
	Beside string   // a file that comes with it if the repository has it, such as "config.json"
}

// name is owner/name.
var name = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$`)

// Named tells whether a name has the form of a repository's, such as "openai/clip-vit-base-patch16".
func Named(repository string) bool {
	return !strings.Contains(repository, "..") && name.MatchString(repository)
}

// Get returns the path of a repository's file in the cache, and downloads it if it is not there; with HF_HUB_OFFLINE set, only the
// cache is looked at. What belongs beside it is in the same folder. A non-nil progress is told bytes; total is 0 while it is not
// known. A download that stands still for a minute is given up.
func Get(ctx context.Context, repository string, f Files, progress func(done, total int64)) (string, error) {
	if path := f.cached(repository); path != "" {
		return path, nil
	}
	return f.download(ctx, repository, progress)
}

// folder is where the cache holds a repository, as huggingface_hub lays it out.
func folder(repository string) string {
	return filepath.Join(hf.DefaultCacheDir(), "models--"+strings.ReplaceAll(repository, "/", "--"))
}

// cached returns the path of the newest file in the cache, or nothing. go-huggingface cannot be asked: it always goes
// to the network for the newest revision, and forgets the one it knew.
func (f Files) cached(repository string) string {
	var newest string
	var at time.Time
	for _, name := range f.Any {
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

// download returns the path of the repository's file. go-huggingface does not heed ctx in all it does, nor tell how far
// it is, so it runs beside a watch.
func (f Files) download(ctx context.Context, repository string, progress func(done, total int64)) (string, error) {
	if slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv("HF_HUB_OFFLINE"))) {
		return "", fmt.Errorf("HF_HUB_OFFLINE is set, and %s has none of %s", folder(repository), strings.Join(f.Any, ", "))
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
		path, err := f.downloadAll(ctx, repository, &total)
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
			if now.Sub(moved) > Silence {
				return "", fmt.Errorf("nothing arrived for %s", Silence)
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

// downloadAll downloads the file, whose size it stores in total, and what belongs beside it.
func (f Files) downloadAll(ctx context.Context, repository string, total *atomic.Int64) (string, error) {
	repo := hf.New(repository).WithAuth(os.Getenv("HF_TOKEN"))
	repo.Verbosity = 0 // it would print to standard output
	sizes := map[string]int64{}
	for file, err := range repo.IterFileInfos() {
		if err != nil {
			return "", err
		}
		sizes[file.Name] = file.Size
	}
	for _, name := range f.Any {
		size, ok := sizes[name]
		if !ok {
			continue
		}
		total.Store(size)
		if _, ok := sizes[f.Beside]; ok {
			if _, err := repo.DownloadFileCtx(ctx, f.Beside); err != nil {
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
	return "", fmt.Errorf("the repository has none of %s", strings.Join(f.Any, ", "))
}
