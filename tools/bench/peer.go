package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

//go:embed pytorch_step.py
var script string

// python is how peers are started.
type python struct {
	path    string
	sizes   clip.Config
	batch   int
	threads int
}

// peer is a Python process that runs PyTorch's step when asked to, and waits between.
type peer struct {
	hello   reply
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errors  strings.Builder
}

// reply is what the script answers.
type reply struct {
	Torch   string  `json:"torch"`
	Seconds float64 `json:"seconds"`
	PeakMB  float64 `json:"peak_mb"`
	Error   string  `json:"error"`
}

// start starts a peer, which ctx ends; the caller closes it.
func (p python) start(ctx context.Context) (*peer, error) {
	sizes, err := json.Marshal(p.sizes)
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, p.path, "-c", script, string(sizes), strconv.Itoa(p.batch), strconv.Itoa(p.threads))
	process.WaitDelay = 5 * time.Second
	started := &peer{process: process}
	process.Stderr = &started.errors
	if started.in, err = process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started.out = bufio.NewReader(out)
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("bench: starting PyTorch's Python: %w; give -pytorch the path of a Python 3 that has PyTorch", err)
	}
	if started.hello, err = started.read(ctx); err != nil {
		started.close()
		return nil, fmt.Errorf("bench: %s: %w; install PyTorch with `%s -m pip install torch numpy`", p.path, err, p.path)
	}
	return started, nil
}

// ask sends one request and returns what the script answers.
func (p *peer) ask(ctx context.Context, request string) (reply, error) {
	_, err := io.WriteString(p.in, request+"\n")
	var r reply
	if err == nil {
		r, err = p.read(ctx)
	} else {
		err = p.ended(ctx, err)
	}
	if err != nil {
		return r, fmt.Errorf("PyTorch, asked to %s: %w", request, err)
	}
	return r, nil
}

// read reads one answer.
func (p *peer) read(ctx context.Context) (reply, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return reply{}, p.ended(ctx, err)
	}
	var r reply
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return reply{}, fmt.Errorf("it answers %q: %w", strings.TrimSpace(line), err)
	}
	if r.Error != "" {
		return reply{}, errors.New(r.Error)
	}
	return r, nil
}

// ended says why the process is no more.
func (p *peer) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	end := p.close()
	lines := strings.Split(strings.TrimSpace(p.errors.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("the process ended: %s", last)
	}
	if end != nil && strings.Contains(end.Error(), "killed") {
		return errors.New("the process was killed, perhaps because memory ran out: choose fewer classes with -pytorch-classes")
	}
	return fmt.Errorf("the process ended: %w", errors.Join(end, err))
}

// close ends the process and waits for it. Once it has been, it does nothing.
func (p *peer) close() error {
	if p.process.ProcessState != nil {
		return nil
	}
	p.in.Close() // the script ends with its input
	return p.process.Wait()
}
