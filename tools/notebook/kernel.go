package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dapt-go/dapt-go/tools/session"
)

// kernelSpec is Jupyter's kernel.json.
type kernelSpec struct {
	Argv        []string          `json:"argv"`
	DisplayName string            `json:"display_name"`
	Language    string            `json:"language"`
	Interrupt   string            `json:"interrupt_mode"`
	Env         map[string]string `json:"env"`
}

// kernelFile is the kernel.json in the virtual environment, which only its Jupyter reads.
func (s *setup) kernelFile() string {
	return filepath.Join(s.venv(), "share", "jupyter", "kernels", "gonb", "kernel.json")
}

// kernelJSON is what gonb --install would write, with the flags of gonb given, and an environment: a Jupyter started from a
// desktop may have neither go nor the tools on its PATH, and go-xla must not download by itself.
func (s *setup) kernelJSON(ctx context.Context, flags ...string) ([]byte, error) {
	root, err := s.goCommand(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := []string{s.bin(), filepath.Join(strings.TrimSpace(root), "bin")}
	for i, folder := range folders {
		folders[i] = strings.ReplaceAll(folder, "$", "$$") // Jupyter expands variables
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err = encoder.Encode(kernelSpec{
		Argv:        append([]string{filepath.Join(s.bin(), "gonb"), "--kernel", "{connection_file}"}, flags...),
		DisplayName: "Go (gonb)",
		Language:    "go",
		Interrupt:   "message",
		Env: map[string]string{
			"PATH":                  strings.Join(append(folders, "${PATH}"), string(filepath.ListSeparator)),
			"GOMLX_NO_AUTO_INSTALL": "1",
		},
	})
	return b.Bytes(), err
}

// haveKernel checks the kernel.json.
func (s *setup) haveKernel(ctx context.Context) (string, error) {
	want, err := s.kernelJSON(ctx)
	if err != nil {
		return "", err
	}
	have, err := os.ReadFile(s.kernelFile())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", errors.New("not known to Jupyter yet")
	case err != nil:
		return "", err
	case !bytes.Equal(have, want):
		return "", errors.New("its kernel.json is of another Go or cache folder")
	}
	return fmt.Sprintf("gonb, in %s", s.venv()), nil
}

// writeKernel makes the kernel known to the Jupyter of the virtual environment.
func (s *setup) writeKernel(ctx context.Context) error {
	return s.writeKernelTo(ctx, s.kernelFile())
}

// writeKernelTo writes a kernel.json.
func (s *setup) writeKernelTo(ctx context.Context, file string, flags ...string) error {
	data, err := s.kernelJSON(ctx, flags...)
	if err != nil {
		return err
	}
	return session.WriteFile(file, data)
}
