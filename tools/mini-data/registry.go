package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long the registry may send nothing.
const patience = 30 * time.Second

var errStalled = errors.New("nothing came for 30 seconds; run again to go on where it stopped")

// download appends to the file what is missing of it at the URL. What has come
// before an error stays, so that the next call goes on from there.
func download(ctx context.Context, url, into string) error {
	file, err := os.OpenFile(into, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(resume(ctx, url, file), file.Close())
}

func resume(ctx context.Context, url string, file *os.File) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := watchdog{time.AfterFunc(patience, func() { cancel(errStalled) })}
	defer alive.timer.Stop()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w; connect to the internet and run again", cmp.Or(context.Cause(ctx), err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK: // the server sends everything
		err = file.Truncate(0)
	case http.StatusRequestedRangeNotSatisfiable: // nothing is missing
		return nil
	default:
		err = fmt.Errorf("GET %s: %s", url, response.Status)
	}
	if err != nil {
		return err
	}
	bar := progressbar.DefaultBytes(response.ContentLength, "fetching "+path.Base(url))
	if _, err := io.Copy(io.MultiWriter(file, alive, bar), response.Body); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// watchdog starts its timer anew with every write.
type watchdog struct{ timer *time.Timer }

func (w watchdog) Write(p []byte) (int, error) {
	w.timer.Reset(patience)
	return len(p), nil
}

// npmRegistry returns the registry npm would use: the environment's, the one
// of the user's .npmrc, or the public one.
func npmRegistry() string {
	fromEnvironment := cmp.Or(os.Getenv("NPM_CONFIG_REGISTRY"), os.Getenv("npm_config_registry"))
	home, _ := os.UserHomeDir() // without a home there is no .npmrc to read
	url := cmp.Or(fromEnvironment, registryIn(".npmrc"), registryIn(filepath.Join(home, ".npmrc")),
		"https://registry.npmjs.org")
	return strings.TrimSuffix(url, "/")
}

// registryIn returns the value of the registry line of an .npmrc file, or "" when there is none.
func registryIn(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if strings.TrimSpace(key) == "registry" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
