package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/tools/clone"
)

// fakeStudy stands for the package of the same name.
const fakeStudy = `package study

import "fmt"

type Setup struct{ CLIP, Data string }

func (Setup) Classes() int { return 10 }

func Open(s Setup) Setup { return s }

func Name() string { return "fake" }

func Accuracy(_ Setup, n int) int { return 50 + n }

func Program(name string, cells ...func()) {
	for _, cell := range cells {
		cell()
	}
	fmt.Println("end of", name)
}
`

// fakeModule makes a module like ours with the notebooks of testdata, and makes it the working directory.
func fakeModule(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	files := map[string]string{"go.mod": "module " + clone.Module + "\n\ngo 1.26\n", "notebooks/study/study.go": fakeStudy}
	for _, name := range []string{"few_shot", "rules"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		files[notebookPath(name)] = string(data)
	}
	for name, text := range files {
		writeFile(t, filepath.Join(root, filepath.FromSlash(name)), text)
	}
	t.Chdir(root)
	return root
}

// writeFile writes a file and makes its folder.
func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command in the working directory and returns what it prints.
func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ipynb writes a notebook of cells. A cell that begins with # or with "prose:" is Markdown, others are code.
func ipynb(t testing.TB, cells ...string) []byte {
	t.Helper()
	n := map[string]any{"nbformat": 4}
	var list []map[string]any
	for _, text := range cells {
		kind := "code"
		prose, isProse := strings.CutPrefix(text, "prose:")
		if isProse || strings.HasPrefix(text, "#") {
			kind = "markdown"
		}
		list = append(list, map[string]any{"cell_type": kind, "source": prose})
	}
	n["cells"] = list
	data, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
