package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// open runs JupyterLab in place of this process.
func (s *setup) open(ctx context.Context, o options, files []string) error {
	if len(o.names) == 0 {
		files = nil
	}
	cmd, err := s.lab(o, files)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.say("opening", "%s", s.folder())
	return replaceProcess(cmd)
}

// lab returns the command of JupyterLab on the clone. It shows the folder of the notebooks, or the notebook given; the
// clone is its root, so that links out of that folder work.
func (s *setup) lab(o options, files []string) (*exec.Cmd, error) {
	shown := s.folder()
	if len(files) > 0 {
		shown = files[0]
	}
	address, err := labAddress(s.root, shown)
	if err != nil {
		return nil, err
	}
	args := []string{"-m", "jupyterlab"}
	for _, option := range []string{"--ServerApp.root_dir=" + s.root, "--LabApp.default_url=" + address} {
		name, _, _ := strings.Cut(option, "=")
		given := func(other string) bool { return strings.HasPrefix(other, name+"=") }
		if !slices.ContainsFunc(o.jupyter, given) { // Jupyter takes an option once
			args = append(args, option)
		}
	}
	if o.noBrowser {
		args = append(args, "--no-browser")
	}
	if o.port != 0 {
		args = append(args, "--port="+strconv.Itoa(o.port))
	}
	if os.Geteuid() == 0 {
		s.say("JupyterLab", "running as root, so --allow-root is added")
		args = append(args, "--allow-root")
	}
	cmd := exec.Command(s.python(), append(args, o.jupyter...)...)
	cmd.Dir = s.folder()
	cmd.Env = s.environment(o)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}

// labAddress returns the path of JupyterLab's page that shows a file or folder below root.
func labAddress(root, shown string) (string, error) {
	relative, err := filepath.Rel(root, shown)
	if err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
		return "", fmt.Errorf("%s is not in the clone %s, which is all that JupyterLab will show; copy it there", shown, root)
	}
	return "/lab/tree/" + (&url.URL{Path: relative}).EscapedPath(), nil
}

// environment is that of Jupyter and its kernels: what Jupyter keeps is in the cache folder, Python modules and kernels of
// other installations are out of sight.
func (s *setup) environment(o options) []string {
	env := append(os.Environ(),
		"PYTHONHOME=", "PYTHONPATH=",
		"JUPYTER_PATH="+filepath.Join(s.venv(), "share", "jupyter"),
		"JUPYTER_DATA_DIR="+filepath.Join(s.jupyter, "data"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(s.jupyter, "runtime"),
		"JUPYTER_CONFIG_DIR="+filepath.Join(s.jupyter, "config"),
		"IPYTHONDIR="+filepath.Join(s.jupyter, "ipython"),
	)
	if o.small {
		env = append(env, "DAPT_SIZE=small")
	}
	if o.out != "" {
		env = append(env, "DAPT_OUT="+o.out)
	}
	return env
}
