package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// notebookPath and exportPath are the paths of a notebook and of its program from the module's root, with slashes.
func notebookPath(name string) string { return path.Join("notebooks", name+".ipynb") }
func exportPath(name string) string   { return path.Join("notebooks", "export", name, "main.go") }

// notebookNames returns the wanted notebooks, or all there are if wanted is empty, in the order of their names.
func notebookNames(root string, wanted []string) ([]string, error) {
	all, err := fs.Glob(os.DirFS(root), notebookPath("*"))
	if err != nil {
		return nil, fmt.Errorf("listing notebooks: %w", err)
	}
	names := make([]string, len(all))
	known := map[string]bool{}
	for i, file := range all {
		names[i] = strings.TrimSuffix(path.Base(file), ".ipynb")
		known[names[i]] = true
	}
	for _, name := range wanted {
		if !known[name] {
			return nil, fmt.Errorf("there is no %s; want the names of notebooks, without .ipynb: %s", notebookPath(name), strings.Join(names, ", "))
		}
	}
	if len(wanted) > 0 {
		return wanted, nil
	}
	return names, nil
}

// readAndConvert returns the program of a notebook.
func readAndConvert(root, name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(notebookPath(name))))
	if err != nil {
		return nil, fmt.Errorf("reading a notebook: %w", err)
	}
	return convert(name, text)
}

// compare returns what is wrong with a notebook's export: "missing", "stale" or nothing.
func compare(root, name string, program []byte) (state string, err error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(exportPath(name))))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing", nil
	case err != nil:
		return "", fmt.Errorf("reading an export: %w", err)
	case !bytes.Equal(text, program):
		return "stale", nil
	}
	return "", nil
}

// write puts a program into its place.
func write(root, name string, program []byte) error {
	file := filepath.Join(root, filepath.FromSlash(exportPath(name)))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making an export's folder: %w", err)
	}
	if err := renameio.WriteFile(file, program, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}

// reportOrphans names the folders of exports that have no notebook, and counts them.
func reportOrphans(root string, out io.Writer) (count int, err error) {
	folders, err := fs.Glob(os.DirFS(root), path.Dir(exportPath("*")))
	if err != nil {
		return 0, fmt.Errorf("listing exports: %w", err)
	}
	for _, folder := range folders {
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(folder)))
		if err != nil || !info.IsDir() {
			continue
		}
		notebook := notebookPath(path.Base(folder))
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(notebook))); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(out, "orphaned: %s; there is no %s\n", folder, notebook)
			count++
		}
	}
	return count, nil
}
