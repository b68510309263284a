package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/dapt-go/dapt-go/tools/backend"
	"github.com/dapt-go/dapt-go/tools/clone"
	"github.com/dapt-go/dapt-go/tools/session"
)

// setup is where the parts of this user's notebooks are.
type setup struct {
	root    string // of the clone
	cache   string // where all parts are installed
	jupyter string // Jupyter's own settings and state
	out     io.Writer
}

// newSetup returns the setup of this user for the clone of the working directory.
func newSetup(out io.Writer) (*setup, error) {
	root, err := clone.Root(".")
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("there is no cache folder to install in: %w", err)
	}
	cache = filepath.Join(cache, "dapt-go", "notebook")
	return &setup{root: root, cache: cache, jupyter: filepath.Join(cache, "jupyter"), out: out}, nil
}

// folder is where the clone's notebooks are.
func (s *setup) folder() string { return filepath.Join(s.root, "notebooks") }

// say prints one line about a part.
func (s *setup) say(name, format string, args ...any) {
	fmt.Fprintf(s.out, "%-11s %s\n", name, fmt.Sprintf(format, args...))
}

// part is one of the things that notebooks need.
type part struct {
	name    string
	have    func(context.Context) (string, error) // says what is here; the error says what is missing
	install func(context.Context) error
	doing   string // what install does and what it costs
	without string // what happens if it cannot be had; empty if nothing works then
}

// parts lists what is needed, in the order of installation.
func (s *setup) parts() []part {
	return []part{
		{
			name: "Go tools", have: s.haveTools, install: s.buildTools,
			doing: "building gonb, goimports and gopls, minutes if Go's build cache is empty",
		}, {
			name: "JupyterLab", have: s.haveJupyter, install: s.installJupyter,
			doing: "installing with pip, about 50 MB to download and 230 MB on disk",
		}, {
			name: "Go kernel", have: s.haveKernel, install: s.writeKernel,
			doing: "writing its kernel.json",
		}, {
			name: "XLA plugin", have: havePlugin, install: s.installPlugin,
			doing: "installing", without: "notebooks will compute in pure Go, which is slower",
		},
	}
}

// check says what is here and what is missing, which is an error where nothing works without it.
func (s *setup) check(ctx context.Context) error {
	var missing []string
	for _, p := range s.parts() {
		have, err := p.have(ctx)
		switch {
		case err != nil && p.without != "":
			have = fmt.Sprintf("%v; without it, %s", err, p.without)
		case err != nil:
			missing = append(missing, p.name)
			have = "MISSING: " + err.Error()
		}
		s.say(p.name, "%s", have)
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing: %s; `go run ./tools/notebook` installs it", strings.Join(missing, ", "))
	}
	return nil
}

// prepare installs the parts that are missing. One process at a time installs.
func (s *setup) prepare(ctx context.Context) error {
	lock := flock.New(filepath.Join(s.cache, "install.lock"))
	defer lock.Close() // the lock ends with the process at the latest
	for _, p := range s.parts() {
		have, missing := p.have(ctx)
		if missing == nil {
			s.say(p.name, "%s", have)
			continue
		}
		if err := s.lock(ctx, lock); err != nil {
			return err
		}
		if err := s.complete(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// lock takes the lock, if this process does not have it.
func (s *setup) lock(ctx context.Context, lock *flock.Flock) error {
	if lock.Locked() {
		return nil
	}
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	ok, err := lock.TryLock()
	if err == nil && !ok {
		s.say("waiting", "another process is installing")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	return nil
}

// complete installs one part, unless the process that had the lock did.
func (s *setup) complete(ctx context.Context, p part) error {
	have, missing := p.have(ctx)
	if missing == nil {
		s.say(p.name, "%s", have)
		return nil
	}
	s.say(p.name, "%v; %s", missing, p.doing)
	start := time.Now()
	err := p.install(ctx)
	if err == nil {
		have, err = p.have(ctx)
	}
	switch {
	case err == nil:
		s.say(p.name, "%s (done in %.0f s)", have, time.Since(start).Seconds())
	case ctx.Err() != nil:
		return fmt.Errorf("%s: interrupted, the next run begins this part anew", p.name)
	case p.without != "":
		s.say(p.name, "%v; %s", err, p.without)
	default:
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// havePlugin finds the plugin that notebooks compute with. Where it was looked for, `go run ./tools/xla -check` tells.
func havePlugin(ctx context.Context) (string, error) {
	file, err := backend.Plugin(ctx, backend.Options{})
	if err != nil {
		return "", errors.New("no plugin found")
	}
	return file, nil
}

// installPlugin downloads the plugin.
func (s *setup) installPlugin(ctx context.Context) error {
	_, err := backend.Plugin(ctx, backend.Options{
		Install: true, Progress: session.DownloadBar("XLA plugin"),
		Notice: func(line string) { s.say("XLA plugin", "%s", line) },
	})
	if errors.Is(err, backend.ErrOffline) {
		return backend.ErrOffline // the rest is one line for each server
	}
	return err
}
