package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// replaceProcess runs a command in place of this process, so that signals and the terminal are the command's own.
func replaceProcess(cmd *exec.Cmd) error {
	if err := os.Chdir(cmd.Dir); err != nil {
		return err
	}
	if err := syscall.Exec(cmd.Path, cmd.Args, cmd.Environ()); err != nil {
		return fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return nil
}

// endWithTree lets the end of a command's context end all that the command started too, and keeps signals of the terminal
// from it. A kernel is in a session of its own, and nbconvert leaves it and a cell's program running when it is killed.
func endWithTree(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		killTree(cmd.Process.Pid, 5*time.Second)
		return nil
	}
}

// killTree ends a process and its descendants: asks, and forces what is left after the grace time.
func killTree(pid int, grace time.Duration) {
	tree := descendants(pid)
	signalAll(tree, syscall.SIGTERM)
	for end := time.Now().Add(grace); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		running := parents()
		tree = slices.DeleteFunc(tree, func(pid int) bool { _, runs := running[pid]; return !runs })
		if len(tree) == 0 {
			return
		}
	}
	signalAll(tree, syscall.SIGKILL)
}

func signalAll(pids []int, signal syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, signal) // it may be gone
	}
}

// descendants returns a process, its children, theirs and so on.
func descendants(pid int) []int {
	running := parents()
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		for child, parent := range running {
			if parent == tree[i] {
				tree = append(tree, child)
			}
		}
	}
	return tree
}

// parents returns the parent of each process that runs, from /proc or, where there is none, from ps.
func parents() map[int]int {
	all := map[int]int{}
	add := func(pid, parent int, state string) {
		if state[0] != 'Z' { // ended, but its parent does not know yet
			all[pid] = parent
		}
	}
	var pid, parent int
	var state string
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, file := range files {
		data, _ := os.ReadFile(file) // it may be gone
		fmt.Sscan(string(data), &pid)
		_, rest, _ := bytes.Cut(data, []byte(") ")) // the name of the program is in parentheses
		if n, _ := fmt.Sscan(string(rest), &state, &parent); n == 2 {
			add(pid, parent, state)
		}
	}
	if len(files) > 0 {
		return all
	}
	out, _ := exec.Command("ps", "-A", "-o", "pid=,ppid=,state=").Output() // without ps nothing is found
	for line := range bytes.Lines(out) {
		if n, _ := fmt.Sscan(string(line), &pid, &parent, &state); n == 3 {
			add(pid, parent, state)
		}
	}
	return all
}
