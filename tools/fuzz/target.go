package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dapt-go/dapt-go/tools/clone"
)

// target is a fuzz target.
type target struct {
	folder string // of its package, below the module's root
	name   string
}

// String is what -match matches.
func (t target) String() string { return t.folder + "." + t.name }

// outcome is what fuzzing a target showed.
type outcome struct {
	target
	executions, inputs int // inputs are those that reach code which none before did
	failed             bool
	output             string // of go test, if it failed
	input              string // file that makes the target fail, below its folder
}

func (o outcome) result() string {
	switch {
	case o.input != "":
		return "FAILS, see " + path.Join(o.folder, o.input)
	case o.failed:
		return "FAILS"
	}
	return "ok"
}

// find lists the fuzz targets of the packages as this machine builds them, without building: go test -list would link all.
func find(ctx context.Context, root string, wanted *regexp.Regexp) ([]target, error) {
	c := exec.CommandContext(ctx, "go", "list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles", "./...")
	c.Dir = root
	printed, err := c.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	var targets []target
	for decoder := json.NewDecoder(strings.NewReader(string(printed))); ; {
		var p struct {
			Dir, ImportPath           string
			TestGoFiles, XTestGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return targets, nil
		} else if err != nil {
			return nil, fmt.Errorf("listing the packages: %w", err)
		}
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, clone.Module), "/")
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			names, err := declared(filepath.Join(p.Dir, file))
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if t := (target{folder, name}); wanted.MatchString(t.String()) {
					targets = append(targets, t)
				}
			}
		}
	}
}

// declared are the fuzz targets of a file.
func declared(file string) ([]string, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading tests: %w", err)
	}
	var names []string
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
			names = append(names, f.Name.Name)
		}
	}
	return names, nil
}

// fuzz runs a target for a while, and copies what go test prints to progress.
func (t target) fuzz(ctx context.Context, root string, each time.Duration, progress io.Writer) outcome {
	// By default, go test spends up to a minute, which may be all there is, on making each input that reaches new code shorter.
	c := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each.String(), "-fuzzminimizetime=10x", "./"+t.folder)
	c.Dir, c.WaitDelay = root, 10*time.Second
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	in, out := io.Pipe()
	c.Stdout, c.Stderr = out, out
	ended := make(chan error, 1)
	go func() {
		err := c.Run()
		_ = out.Close() // a pipe in memory always closes
		ended <- err
	}()
	o := outcome{target: t}
	var printed strings.Builder
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadString('\n')
		fmt.Fprint(progress, line)
		if !o.read(line) {
			printed.WriteString(line)
		}
		if err != nil {
			break
		}
	}
	if err := <-ended; err != nil {
		o.failed, o.output = true, strings.TrimSpace(printed.String()+err.Error())
	}
	return o
}

var (
	counts  = regexp.MustCompile(`^fuzz: elapsed: .*, execs: (\d+) .*new interesting: (\d+)`)
	written = regexp.MustCompile(`Failing input written to (\S+)`)
)

// read takes in a line of go test, and tells whether it was one of progress.
func (o *outcome) read(line string) bool {
	if m := written.FindStringSubmatch(line); m != nil {
		o.input = filepath.ToSlash(m[1])
	}
	if m := counts.FindStringSubmatch(line); m != nil {
		o.executions, _ = strconv.Atoi(m[1]) // digits only
		o.inputs, _ = strconv.Atoi(m[2])
	}
	return strings.HasPrefix(line, "fuzz: elapsed: ")
}
