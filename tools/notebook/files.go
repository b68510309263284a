package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// notebooks returns the files of the named notebooks, of all if none is named. A name is a path, or that of a file in
// notebooks/, with or without its ending.
func (s *setup) notebooks(names []string) ([]string, error) {
	all, err := fs.Glob(os.DirFS(s.folder()), "*.ipynb")
	if err != nil {
		return nil, err
	}
	for i, name := range all {
		all[i] = filepath.Join(s.folder(), name)
	}
	if len(names) == 0 {
		return all, nil
	}
	var files []string
	for _, name := range names {
		file, err := s.notebook(name, all)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// notebook returns the file of one notebook.
func (s *setup) notebook(name string, all []string) (string, error) {
	for _, file := range []string{name, name + ".ipynb", filepath.Join(s.folder(), name), filepath.Join(s.folder(), name+".ipynb")} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return filepath.Abs(file)
		}
	}
	var there []string
	for _, file := range all {
		there = append(there, filepath.Base(file))
	}
	return "", fmt.Errorf("no notebook %q here or in %s, which has: %s", name, s.folder(), strings.Join(there, ", "))
}

// globPattern is a pattern of Python's module glob that matches one name.
func globPattern(name string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(name)
}
