package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// tool is a Go program that the kernel needs: gonb is the kernel, goimports runs in every cell, gopls completes and helps.
type tool struct{ name, pkg, module string }

var tools = []tool{
	{"gonb", "github.com/janpfeifer/gonb", "github.com/janpfeifer/gonb"},
	{"goimports", "golang.org/x/tools/cmd/goimports", "golang.org/x/tools"},
	{"gopls", "golang.org/x/tools/gopls", "golang.org/x/tools/gopls"},
}

// bin is where the tools are.
func (s *setup) bin() string { return filepath.Join(s.cache, "bin") }

// haveTools checks that each tool is there, of the version in go.mod and built by this Go.
func (s *setup) haveTools(ctx context.Context) (string, error) {
	pinned, err := s.pinned(ctx)
	if err != nil {
		return "", err
	}
	var have []string
	for _, t := range tools {
		if err := t.check(filepath.Join(s.bin(), t.name), pinned[t.module], runtime.Version()); err != nil {
			return "", err
		}
		have = append(have, t.name+" "+pinned[t.module])
	}
	return strings.Join(have, ", "), nil
}

// check reads from the program itself which version it is and which Go built it.
func (t tool) check(file, version, goVersion string) error {
	info, err := buildinfo.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("no %s yet", t.name)
	case err != nil:
		return fmt.Errorf("%s is broken: %w", t.name, err)
	case info.Path != t.pkg:
		return fmt.Errorf("%s is %s, not %s", t.name, info.Path, t.pkg)
	case info.Main.Version != version:
		return fmt.Errorf("%s is %s, go.mod has %s", t.name, info.Main.Version, version)
	case info.GoVersion != goVersion:
		return fmt.Errorf("%s was built by %s, this is %s", t.name, info.GoVersion, goVersion)
	}
	return nil
}

// pinned returns the versions of the tools' modules in go.mod.
func (s *setup) pinned(ctx context.Context) (map[string]string, error) {
	args := []string{"list", "-m", "-f", "{{.Path}} {{.Version}}"}
	for _, t := range tools {
		args = append(args, t.module)
	}
	out, err := s.goCommand(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("reading versions from go.mod: %w", err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(out) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[path] = version
	}
	return versions, nil
}

// buildTools builds all tools beside bin and then moves them there, so that what is in bin is whole.
func (s *setup) buildTools(ctx context.Context) error {
	if err := os.MkdirAll(s.bin(), 0o755); err != nil {
		return err
	}
	folder := filepath.Join(s.cache, "building")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	args := []string{"build", "-o", folder + string(filepath.Separator)}
	for _, t := range tools {
		args = append(args, t.pkg)
	}
	if _, err := s.goCommand(ctx, args...); err != nil {
		return fmt.Errorf("building: %w", err)
	}
	for _, t := range tools {
		if err := os.Rename(filepath.Join(folder, t.name), filepath.Join(s.bin(), t.name)); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs go in the clone and returns what it printed.
func (s *setup) goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return output(cmd)
}

// output runs a command and returns its standard output; an error has the end of what it printed.
func output(cmd *exec.Cmd) (string, error) {
	var out, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &all
	cmd.WaitDelay = 5 * time.Second // programs that it started may hold on to its output
	if err := cmd.Run(); err != nil {
		all.Write(out.Bytes())
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:min(len(cmd.Args), 4)], " "), err, tail(all.String(), 12))
	}
	return out.String(), nil
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
