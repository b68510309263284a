package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// errTimeout is why executions end when -timeout is over.
var errTimeout = errors.New("the time of -timeout is over")

// execute runs notebooks one after another and writes them, executed, to a folder.
func (s *setup) execute(ctx context.Context, o options, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("there is no notebook in %s", s.folder())
	}
	if err := os.MkdirAll(o.execute, 0o755); err != nil {
		return fmt.Errorf("making the folder for executed notebooks: %w", err)
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, errTimeout)
		defer cancel()
	}
	var failed []string
	for i, file := range files {
		if ctx.Err() != nil {
			return fmt.Errorf("%w; executed are %d of %d notebooks", context.Cause(ctx), i-len(failed), len(files))
		}
		name := filepath.Base(file)
		fmt.Fprintf(s.out, "executing   %s: ", name)
		start := time.Now()
		if err := s.executeOne(ctx, o, file); err != nil {
			failed = append(failed, name)
			fmt.Fprintf(s.out, "FAILED after %.0f s\n%v\n", time.Since(start).Seconds(), err)
			continue
		}
		fmt.Fprintf(s.out, "%.0f s\n", time.Since(start).Seconds())
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d notebooks failed: %s", len(failed), len(files), strings.Join(failed, ", "))
	}
	return nil
}

// executeOne runs one notebook, and writes it if all its cells ran and it holds no path of this machine.
func (s *setup) executeOne(ctx context.Context, o options, file string) error {
	work, err := os.MkdirTemp("", "nb") // a short name: the kernel makes a socket below it
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	places := s.places(o, work)
	executed, err := s.nbconvert(ctx, o, file, work)
	if err != nil {
		return err
	}
	executed, err = normalize(executed)
	if err != nil {
		return err
	}
	if err := checkPaths(executed, places); err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(o.execute, filepath.Base(file)), executed, 0o644)
}

// nbconvert runs a notebook from top to bottom in its folder and returns it with its outputs.
func (s *setup) nbconvert(ctx context.Context, o options, file, work string) ([]byte, error) {
	// This kernel gives errors of the compiler as text, and is found before the one in the virtual environment.
	kernel := filepath.Join(work, "jupyter", "kernels", "gonb", "kernel.json")
	if err := s.writeKernelTo(ctx, kernel, "--raw_error"); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(work, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, s.python(), "-m", "nbconvert", "--execute", "--to", "notebook", "--log-level=WARN",
		"--ExecutePreprocessor.startup_timeout=120", "--output-dir", work, "--output", "executed.ipynb", globPattern(filepath.Base(file)))
	cmd.Dir = filepath.Dir(file)
	cmd.Env = append(s.environment(o), "JUPYTER_PATH="+filepath.Join(work, "jupyter"), "JUPYTER_NO_CONFIG=1", "TMPDIR="+work)
	cmd.Stdout, cmd.Stderr = log, log
	endWithTree(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("%s", cellError(string(text), err))
	}
	return os.ReadFile(filepath.Join(work, "executed.ipynb"))
}

var (
	escapeCode = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
	errorLine  = regexp.MustCompile(`(?m)^(\w+\.)*\w*(Error|Exception): `)
)

// cellError finds in what nbconvert printed why it failed with err: the cell and its error if a cell did.
func cellError(log string, err error) string {
	log = escapeCode.ReplaceAllString(log, "")
	if _, text, ok := strings.Cut(log, "nbclient.exceptions.CellExecutionError: "); ok {
		return joinPieces(strings.TrimSpace(text))
	}
	all := errorLine.FindAllStringIndex(log, -1)
	if len(all) == 0 {
		return fmt.Sprintf("nbconvert: %v, its last lines are:\n%s", err, tail(log, 20))
	}
	return strings.TrimSpace(log[all[len(all)-1][0]:])
}

var pieceHead = regexp.MustCompile(`(?m)^----- (stdout|stderr) -----\n`)

// joinPieces joins the pieces in which a stream came, a trace of Go's in dozens, each with a line above that names the
// stream. nbclient cuts the white space at the end of pieces, so one that is empty was a new line.
func joinPieces(text string) string {
	var b strings.Builder
	stream, from := "", 0
	for _, head := range pieceHead.FindAllStringSubmatchIndex(text, -1) {
		piece := text[from:head[0]]
		if name := text[head[2]:head[3]]; name == stream {
			b.WriteString(cmp.Or(strings.TrimSuffix(piece, "\n"), "\n"))
		} else {
			b.WriteString(piece + text[head[0]:head[1]])
			stream = name
		}
		from = head[1]
	}
	b.WriteString(text[from:])
	return b.String()
}
