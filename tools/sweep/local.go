package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Local runs a job's shares on this machine.
type Local struct {
	Devices []string // indices or names of CUDA devices, each for one process at a time; none runs all shares at once on the CPU
	Output  io.Writer
}

// Merged is the environment variable that tells a share that it need not advise to merge.
const Merged = "DAPT_SWEEP_MERGES"

// patience is how long a process may take to stop.
const patience = 30 * time.Second

// GPUs are the indices of this machine's NVIDIA devices.
func GPUs() []string {
	var devices []string
	for i := 0; ; i++ {
		if _, err := os.Stat(filepath.Join("/dev", fmt.Sprintf("nvidia%d", i))); err != nil {
			return devices
		}
		devices = append(devices, fmt.Sprint(i))
	}
}

// Run runs a process for each share, and copies what they print to Output, each line after its share. If ctx ends, all
// processes are asked to stop, and the next Run goes on from there. If one fails, the others go on, and the error names it.
func (l Local) Run(ctx context.Context, j Job) error {
	if err := j.Validate(); err != nil {
		return err
	}
	places := l.Devices
	if len(places) == 0 {
		places = make([]string, j.Tasks)
	}
	shares := make(chan int, j.Tasks)
	for i := range j.Tasks {
		shares <- i
	}
	close(shares)
	var lock sync.Mutex
	var group sync.WaitGroup
	failed := make([]error, j.Tasks)
	for _, device := range places {
		group.Go(func() {
			for i := range shares {
				if ctx.Err() != nil {
					return
				}
				out := &prefixed{to: l.Output, lock: &lock, prefix: fmt.Sprintf("[%d/%d] ", i, j.Tasks)}
				failed[i] = j.process(ctx, i, device, out)
				out.flush()
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("sweep: %w; the same command goes on from there", context.Cause(ctx))
	}
	return errors.Join(failed...)
}

// process does one share.
func (j Job) process(ctx context.Context, index int, device string, out io.Writer) error {
	share := fmt.Sprintf("%d/%d", index, j.Tasks)
	arguments := slices.Concat(j.Program[1:], j.Command, []string{"-share", share})
	c := exec.CommandContext(ctx, j.Program[0], arguments...)
	c.Dir, c.Stdout, c.Stderr, c.WaitDelay = j.Folder, out, out, patience
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	// Else a terminal's Ctrl-C would reach the process too, which takes a second interrupt as an order to end at once.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = append(os.Environ(), Merged+"=1")
	if device != "" {
		c.Env = append(c.Env, "CUDA_VISIBLE_DEVICES="+device)
	}
	if err := c.Run(); err != nil {
		return fmt.Errorf("sweep: share %s: %w; see its last lines, then give the same command again", share, err)
	}
	return nil
}

// prefixed writes whole lines, each after a prefix.
type prefixed struct {
	to     io.Writer
	lock   *sync.Mutex // of to
	prefix string
	rest   []byte // of a line that has not ended
}

// Write keeps what follows the last line end for the next call.
func (p *prefixed) Write(text []byte) (int, error) {
	p.rest = append(p.rest, text...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		p.print(line)
		p.rest = rest
	}
}

func (p *prefixed) print(line []byte) {
	p.lock.Lock()
	defer p.lock.Unlock()
	fmt.Fprintf(p.to, "%s%s\n", p.prefix, line)
}

// flush ends the last line.
func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		p.print(p.rest)
		p.rest = nil
	}
}
