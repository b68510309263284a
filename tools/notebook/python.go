package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// requirements are the Python packages, all at one version.
//
//go:embed requirements.txt
var requirements string

// oldestPython is the oldest minor version of Python 3 that the requirements have wheels for.
const oldestPython = 10

// venv is the virtual environment; python is its interpreter. Programs are run as modules of it, since the first line of
// a script cannot name an interpreter whose path is long or has a space.
func (s *setup) venv() string   { return filepath.Join(s.cache, "python") }
func (s *setup) python() string { return filepath.Join(s.venv(), "bin", "python") }

// stamp is the file that is written when an installation is complete.
func (s *setup) stamp() string { return filepath.Join(s.venv(), "complete.txt") }

// stampText is what the stamp of a complete installation says.
func stampText(version string) string { return "Python " + version + "\n" + requirements }

// haveJupyter checks that an installation of these requirements was completed, and that its Python still runs and is
// what it was: an upgrade of the system can replace it.
func (s *setup) haveJupyter(ctx context.Context) (string, error) {
	stamp, err := os.ReadFile(s.stamp())
	if errors.Is(err, os.ErrNotExist) {
		return "", errors.New("not installed yet")
	}
	if err != nil {
		return "", err
	}
	version, err := pythonVersion(ctx, s.python())
	if err != nil {
		return "", fmt.Errorf("its Python does not run: %w", err)
	}
	old, versions, _ := strings.Cut(string(stamp), "\n")
	if old != "Python "+version {
		return "", fmt.Errorf("it was installed for %s, which is Python %s by now", old, version)
	}
	if versions != requirements {
		return "", errors.New("other versions are installed")
	}
	return fmt.Sprintf("%s with Python %s", required("jupyterlab"), version), nil
}

// required returns the version of a package in the requirements.
func required(name string) string {
	for line := range strings.Lines(requirements) {
		if version, ok := strings.CutPrefix(line, name+"=="); ok {
			return strings.TrimSpace(version)
		}
	}
	return ""
}

// installJupyter makes the virtual environment anew.
func (s *setup) installJupyter(ctx context.Context) error {
	base, err := findPython(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(s.venv()); err != nil {
		return fmt.Errorf("removing the old installation: %w", err)
	}
	if _, err := output(exec.CommandContext(ctx, base, "-I", "-m", "venv", s.venv())); err != nil {
		return fmt.Errorf("making a virtual environment: %w", err)
	}
	list := filepath.Join(s.venv(), "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o644); err != nil {
		return err
	}
	pip := exec.CommandContext(ctx, s.python(), "-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
		"--prefer-binary", "-r", list)
	pip.Env = append(os.Environ(), "PIP_USER=0", "PIP_TARGET=", "PIP_PREFIX=") // such settings would put it elsewhere
	if _, err := output(pip); err != nil {
		return fmt.Errorf("installing JupyterLab from PyPI (is this machine online?): %w", err)
	}
	version, err := pythonVersion(ctx, s.python())
	if err != nil {
		return err
	}
	return os.WriteFile(s.stamp(), []byte(stampText(version)), 0o644)
}

// findPython returns the first Python on PATH that is new enough and can make virtual environments.
func findPython(ctx context.Context) (string, error) {
	candidates := []string{"python3", "python"}
	for minor := 14; minor >= oldestPython; minor-- {
		candidates = append(candidates, fmt.Sprintf("python3.%d", minor))
	}
	var found []string
	for _, name := range candidates {
		version, err := pythonVersion(ctx, name)
		if err != nil {
			continue
		}
		if !newEnough(version) {
			found = append(found, name+" is "+version)
			continue
		}
		// Debian's python3 has venv, but not ensurepip, which venv needs, before python3-venv is installed.
		if _, err := output(exec.CommandContext(ctx, name, "-I", "-m", "ensurepip", "--version")); err != nil {
			found = append(found, fmt.Sprintf("%s is %s without the module venv", name, version))
			continue
		}
		return name, nil
	}
	return "", noPython(found)
}

// noPython says what was found instead and what to install.
func noPython(found []string) error {
	if len(found) == 0 {
		found = []string{"none is on PATH"}
	}
	return fmt.Errorf("JupyterLab needs Python 3.%d or newer with its module venv (%s); install it with\n"+
		"  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n"+
		"  Fedora:         sudo dnf install python3\n"+
		"  macOS:          brew install python", oldestPython, strings.Join(found, ", "))
}

var pythonVersionLine = regexp.MustCompile(`^Python (\d+\.\d+)\.`)

// pythonVersion runs a Python and returns its version, as "3.11".
func pythonVersion(ctx context.Context, name string) (string, error) {
	out, err := output(exec.CommandContext(ctx, name, "--version"))
	if err != nil {
		return "", err
	}
	match := pythonVersionLine.FindStringSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("%s --version printed %q", name, out)
	}
	return match[1], nil
}

// newEnough tells whether a version such as "3.11" will do.
func newEnough(version string) bool {
	minor, ok := strings.CutPrefix(version, "3.")
	number, err := strconv.Atoi(minor)
	return ok && err == nil && number >= oldestPython
}
