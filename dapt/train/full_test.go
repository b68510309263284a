//go:build unix

package train

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
)

// alone runs the calling test again in a process of its own, whose limits are nobody else's, and tells whether this is
// that process.
func alone(t *testing.T) bool {
	t.Helper()
	const variable = "DAPT_TEST_ALONE"
	if os.Getenv(variable) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// fullDisk makes every write past so many bytes of any file fail, as a full disk does, until the function it returns is
// called.
func fullDisk(t *testing.T, bytes uint64) (free func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskIsFoundOutAtOnce(t *testing.T) {
	if !alone(t) {
		return
	}
	d, _ := newData()
	r := Run{Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: quick(), Folder: t.TempDir()}
	r.Report = func(Progress) { t.Fatal("a step was made") }
	free := fullDisk(t, 1000)
	_, err := r.Tune(context.Background())
	free()
	wantError(t, "a full disk", err, r.Folder, "free some space or choose another folder")
	left, err := os.ReadDir(r.Folder)
	if err != nil || len(left) != 0 {
		t.Errorf("%v is left behind, %v", left, err)
	}
}

// TestADiskThatFillsUpCostsAtMostAnEpoch fills the disk in the second epoch. The checkpoint of the first stays, and the
// run goes on from it to the same end.
func TestADiskThatFillsUpCostsAtMostAnEpoch(t *testing.T) {
	if !alone(t) {
		return
	}
	e := newEngine(t)
	m := dapt.Method{Learner: learner}
	_, _, want := tune(t, e, m, quick(), t.TempDir())
	d, _ := newData()
	r := Run{Engine: e, Method: m, Data: d, Config: quick(), Folder: t.TempDir()}
	var free func()
	var saved []byte
	r.Report = func(p Progress) {
		if p.Step == 4 {
			saved = readFile(t, r.checkpoint())
			free = fullDisk(t, 1000)
		}
	}
	_, err := r.Tune(context.Background())
	free()
	wantError(t, "a disk that fills up", err, r.Folder, "free some space", "the last one saved is untouched")
	if !bytes.Equal(saved, readFile(t, r.checkpoint())) {
		t.Error("the checkpoint of the first epoch was changed")
	}
	if _, _, got := tune(t, e, m, quick(), r.Folder); !bytes.Equal(got, want) {
		t.Error("with space again, the run ends elsewhere")
	}
	free = fullDisk(t, 1000)
	err = e.Save(filepath.Join(r.Folder, PromptsFile), Prompts{})
	free()
	wantError(t, "Save", err, r.Folder, "free some space")
	if !bytes.Equal(want, readFile(t, filepath.Join(r.Folder, PromptsFile))) {
		t.Error("prompts of a finished run were lost")
	}
}
