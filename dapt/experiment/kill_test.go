//go:build unix

package experiment

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/selection"
)

// childFolder is the environment variable that makes TestInAnotherProcess run an experiment there.
const childFolder = "DAPT_TEST_FOLDER"

// killed are the experiments that die: a run of each kind of method that tunes, then runs on selected images.
type killed struct{}

// Run runs one after the other.
func (killed) Run(ctx context.Context, lab *Lab) ([]Result, error) {
	b, d := small(), efficient()
	b.Methods, b.Seeds = b.Methods[1:], []int{1}
	d.Methods, d.Seeds, d.Warmup = d.Methods[1:2], []int{1}, 2
	d.Selections, d.Ratios = []selection.Method{selection.CRAIG{}, selection.Forgetting{}}, []float64{0.4}
	first, err := b.Run(ctx, lab)
	if err != nil {
		return nil, err
	}
	second, err := d.Run(ctx, lab)
	return slices.Concat(first, second), err
}

// TestInAnotherProcess is what [TestAKilledExperimentGoesOn] starts and kills.
func TestInAnotherProcess(t *testing.T) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		t.Skip("started by TestAKilledExperimentGoesOn")
	}
	lab := newLab(t, folder)
	lab.Report = func(p Progress) {
		fmt.Printf("at %s, %s\n", p.Run, p.Doing)
		_, _ = os.Stdin.Read(make([]byte, 1)) // waits to be killed or told to go on
	}
	if _, err := (killed{}).Run(context.Background(), lab); err != nil {
		t.Fatal(err)
	}
}

// kill starts the experiment in a process of its own, and kills that when it has reported so many events that contain
// what. It returns false if the process came to its end before.
func kill(t *testing.T, folder, what string, events int) bool {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestInAnotherProcess$")
	child.Env = append(os.Environ(), childFolder+"="+folder)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	on, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), what) {
			events--
		}
		if events == 0 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			break
		}
		_, _ = on.Write([]byte{0}) // fails where the process has ended
	}
	if err := child.Wait(); err == nil {
		return false
	}
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended by itself: %v", child.ProcessState)
	}
	return true
}

// TestAKilledExperimentGoesOn kills one experiment with SIGKILL, which no program can catch, at several moments. What
// each kill leaves is finished in a copy: its results file must be that of an experiment that nobody killed.
func TestAKilledExperimentGoesOn(t *testing.T) {
	want := resultsFile(t, t.TempDir())
	folder := t.TempDir()
	for _, moment := range []struct {
		what   string
		events int
	}{
		{"maple 4 shots seed 1, tuning, epoch 1", 1},
		{"maple+dapt-s 4 shots seed 1, tuning, epoch 2", 1},
		{"maple+dapt-g 4 shots seed 1, tuning, epoch 1", 3}, // validation, or maps
		{"maple+dapt-g 4 shots seed 1, testing novel", 1},
		{"maple seed 1 craig 0.4, warming up, epoch 2", 1},
		{"maple seed 1 craig 0.4, tuning, epoch 2", 1},
		{"maple seed 1 forgetting 0.4, testing all", 1},
	} {
		if !kill(t, folder, moment.what, moment.events) {
			t.Errorf("the experiment ended before event %d of %q", moment.events, moment.what)
		}
		left := t.TempDir()
		if err := os.CopyFS(left, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
		if got := resultsFile(t, left); got != want {
			t.Errorf("killed at event %d of %q: the results are\n%s\nwant\n%s", moment.events, moment.what, got, want)
		}
	}
}

// resultsFile does what is left of the experiment and reads what is on file then.
func resultsFile(t *testing.T, folder string) string {
	t.Helper()
	do(t, folder, killed{})
	text, err := os.ReadFile(filepath.Join(folder, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
