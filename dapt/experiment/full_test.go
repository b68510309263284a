//go:build unix

package experiment

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskCostsNoFinishedRun lets the results file grow by a few bytes of its next line only. It runs in a process
// of its own, since the limit holds for every file.
func TestAFullDiskCostsNoFinishedRun(t *testing.T) {
	const alone = "DAPT_TEST_ALONE"
	if os.Getenv(alone) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), alone+"=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	path := write(t, some()[:1])
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	full := syscall.Rlimit{Cur: uint64(before.Size()) + 40, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	err = appendLine(path, some()[1])
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("appendLine on a full disk = %v, want an error that names the file and says what to do", err)
	}
	if got, err := ReadResults(path); err != nil || len(got) != 1 {
		t.Errorf("then the file has %d results, %v, want the one before", len(got), err)
	}
	if err := appendLine(path, some()[1]); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadResults(path); err != nil || len(got) != 2 {
		t.Errorf("with space again it has %d results, %v, want 2", len(got), err)
	}
}
