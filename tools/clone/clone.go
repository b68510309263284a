// Package clone finds the clone of this project that a program or a notebook is run in.
package clone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// Module is the name that the project's go.mod declares.
const Module = "github.com/dapt-go/dapt-go"

// Root returns the folder of the clone that a folder lies in: the nearest with the project's go.mod, from the folder up.
func Root(folder string) (string, error) {
	start, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("looking for the clone: %w", err)
	}
	for at := start; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && modfile.ModulePath(text) == Module {
			return at, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("looking for the clone: %w", err)
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not in a clone of %s: change to a folder in one", start, Module)
		}
	}
}
