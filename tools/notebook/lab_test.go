package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestJupyterLab opens a notebook in a browser and runs all its cells, with the server in another folder and with a
// root above the clone, whose path has a space:
//
//	DAPT_CHROMIUM=chromium go test -v -run TestJupyterLab ./tools/notebook
//
// DAPT_NOTEBOOK chooses another notebook than 03_base_to_novel.ipynb. DAPT_SCREENSHOT is where its picture goes, x.png, and
// one in the dark theme, x-dark.png.
func TestJupyterLab(t *testing.T) {
	browser := os.Getenv("DAPT_CHROMIUM")
	if browser == "" {
		t.Skip("needs Chromium or Chrome; name its program in DAPT_CHROMIUM, such as DAPT_CHROMIUM=chromium")
	}
	limit := time.Now().Add(15 * time.Minute)
	if end, ok := t.Deadline(); ok && end.Add(-30*time.Second).Before(limit) {
		limit = end.Add(-30 * time.Second) // what go test ends by itself leaves the server and the browser running
	}
	ctx, cancel := context.WithDeadlineCause(t.Context(), limit, errors.New("the test took too long"))
	defer cancel()
	dir := t.TempDir()
	s := cloneForLab(t, filepath.Join(dir, "a folder", "dapt-go"))
	if err := s.prepare(ctx); err != nil {
		t.Fatal(err)
	}
	name := cmp.Or(os.Getenv("DAPT_NOTEBOOK"), "03_base_to_novel.ipynb")
	files, err := s.notebooks([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	server := startLab(ctx, t, s, filepath.Join(dir, "results"))
	relative, err := filepath.Rel(dir, files[0])
	if err != nil {
		t.Fatal(err)
	}
	page := openPage(ctx, t, browser, server+"/lab/tree/"+(&url.URL{Path: relative}).EscapedPath()+"?token="+labToken)
	runAllCells(ctx, t, page)
	checkOutputs(t, page)
	picture := cmp.Or(os.Getenv("DAPT_SCREENSHOT"), filepath.Join(dir, "lab.png"))
	screenshot(t, page, "JupyterLab Light", picture)
	screenshot(t, page, "JupyterLab Dark", strings.TrimSuffix(picture, ".png")+"-dark.png")
}

// labToken lets the test's browser in.
const labToken = "test"

// cloneForLab copies what git would commit of the working tree to a folder, and returns its setup, with settings of
// Jupyter of its own.
func cloneForLab(t *testing.T, folder string) *setup {
	t.Helper()
	s, err := newSetup(testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = s.root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(s.root, name))
		if errors.Is(err, os.ErrNotExist) { // removed, but not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), string(data))
	}
	s.root, s.jupyter = folder, t.TempDir()
	settings := filepath.Join(s.jupyter, "config", "lab", "user-settings", "@jupyterlab")
	write(t, filepath.Join(settings, "apputils-extension", "notification.jupyterlab-settings"), `{"fetchNews": "false", "checkForUpdates": false}`)
	// All cells are in the page, also those out of sight.
	write(t, filepath.Join(settings, "notebook-extension", "tracker.jupyterlab-settings"), `{"windowingMode": "none", "scrollPastEnd": false}`)
	return s
}

// testLog prints lines of the command as the test's.
type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(string(bytes.TrimRight(line, "\n")))
	return len(line), nil
}

// startLab starts JupyterLab as the command does, but in the temporary folder and with the folder two above the clone as
// its root, and returns its address.
func startLab(ctx context.Context, t *testing.T, s *setup, results string) string {
	t.Helper()
	port := freePort(t)
	cmd, err := s.lab(options{
		noBrowser: true, small: true, out: results, port: port,
		jupyter: []string{
			"--ServerApp.root_dir=" + filepath.Dir(filepath.Dir(s.root)), "--LabApp.expose_app_in_browser=True",
			"--IdentityProvider.token=" + labToken, "--ServerApp.port_retries=0",
		},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = os.TempDir(), nil, file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		killTree(cmd.Process.Pid, 10*time.Second)
		_ = cmd.Wait() // it was killed
		file.Close()
		if data, _ := os.ReadFile(log); t.Failed() {
			t.Logf("JupyterLab printed:\n%s", tail(string(data), 60))
		}
	})
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	if err := waitFor(ctx, address+"/api/status?token="+labToken); err != nil {
		t.Fatal(err)
	}
	return address
}

// freePort returns a port that nothing listens on.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// waitFor waits until an address answers, for a minute.
func waitFor(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(answer.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("JupyterLab does not answer: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
