// Package architecture_test reads the source of the whole module and holds it to the rules of CONTRIBUTING.md:
// imports flow down the floors, exported names are explained, nothing grows past a screen.
package architecture_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module            = "github.com/dapt-go/dapt-go/"
	maxFileLines      = 400
	maxFunctionLines  = 60
	maxParameterCount = 5
)

// floors says how high each package lies; it imports only from floors below its own. Folders inside one, such as a
// conformance kit, lie on the same floor and may import it.
var floors = map[string]int{
	"dapt/internal":      -1,
	"dapt/clip":          0,
	"dapt/dataset":       0,
	"dapt/transform":     0,
	"dapt/selection":     0,
	"dapt/report/chart":  0,
	"dapt/report/paired": 0,
	"dapt/prompt":        1,
	"dapt/mini":          1,
	"dapt/mask":          2,
	"dapt":               3,
	"dapt/train":         4,
	"dapt/experiment":    5,
	"dapt/parity":        6,
	"dapt/report":        6,
}

// tensorFree are the packages that work on plain slices and images, so that they test in milliseconds.
var tensorFree = []string{"dapt/dataset", "dapt/transform", "dapt/selection", "dapt/report", "dapt/report/chart", "dapt/report/paired"}

// forProgramsOnly are imports that only tools/, notebooks/ and tests may have, with what a library has instead.
var forProgramsOnly = map[string]string{
	"github.com/gomlx/compute/gobackend": "take a compute.Backend as a parameter",
	"github.com/gomlx/compute/default":   "take a compute.Backend as a parameter",
	"github.com/gomlx/gomlx/backends":    "take a compute.Backend as a parameter",
	"github.com/gomlx/go-xla":            "take a compute.Backend as a parameter",
	"github.com/janpfeifer/gonb":         "return a value that the notebook shows",
	"flag":                               "take a config struct",
	"github.com/spf13/cobra":             "take a config struct",
	"github.com/spf13/pflag":             "take a config struct",
	"github.com/schollz/progressbar":     "report progress to a callback",
	"log":                                "return an error",
	module + "tools":                     "move what is shared into dapt/",
}

// source is one parsed file.
type source struct {
	name   string // path from the module's root, with slashes
	folder string // its package's path in the module
	test   bool   // of a test, or of a package that only tests import: dapt/internal/golden and the conformance kits
	tree   *ast.File
	set    *token.FileSet
}

// at names a place in the file, in the form that editors jump to.
func (s source) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(pos).Line)
}

// readModule parses all Go files of the module, and says in which folders no Go is looked for.
func readModule(t *testing.T) []source {
	t.Helper()
	var all []source
	set := token.NewFileSet()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		tree, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parsing %s: %w", name, err)
		}
		folder := path.Dir(name)
		test := strings.HasSuffix(name, "_test.go") || folder == "dapt/internal/golden" || strings.HasSuffix(folder, "test")
		all = append(all, source{name: name, folder: folder, test: test, tree: tree, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d Go files, want the module's: run this test in its root", len(all))
	}
	return all
}

// room returns the listed package that folder is or lies in.
func room(folder string) (name string, listed bool) {
	for name = folder; name != "."; name = path.Dir(name) {
		if _, ok := floors[name]; ok {
			// "dapt" lists the method itself, not every new folder in it.
			return name, name != "dapt" || folder == "dapt"
		}
	}
	return "", false
}

// within tells whether an import is prefix or lies in it.
func within(imported, prefix string) bool {
	return imported == prefix || strings.HasPrefix(imported, prefix+"/")
}

// checkImport returns what is wrong with a library's import; empty if nothing is.
func checkImport(folder, imported string) string {
	own, _ := room(folder)
	for prefix, instead := range forProgramsOnly {
		if within(imported, prefix) {
			return fmt.Sprintf("only tools/, notebooks/ and tests may import %s; %s", imported, instead)
		}
	}
	if slices.Contains(tensorFree, own) && within(imported, "github.com/gomlx/gomlx") {
		return own + " works on plain values and imports no GoMLX; move what needs a tensor to a package that has one"
	}
	target, ok := strings.CutPrefix(imported, module)
	if !ok {
		return ""
	}
	below, listed := room(target)
	inside := own == below && (within(folder, target) || own == "dapt/internal")
	if listed && !inside && floors[below] >= floors[own] {
		return fmt.Sprintf("%s is on floor %d and may not import %s on floor %d; imports flow down, so pass it in from above",
			folder, floors[own], target, floors[below])
	}
	return ""
}

func TestImportsFlowDownTheFloors(t *testing.T) {
	for _, s := range readModule(t) {
		if s.test || !within(s.folder, "dapt") {
			continue
		}
		if _, listed := room(s.folder); !listed {
			t.Errorf("%s: package %s has no floor; give it one in floors", s.name, s.folder)
			continue
		}
		for _, spec := range s.tree.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if problem := checkImport(s.folder, imported); problem != "" {
				t.Errorf("%s: %s", s.at(spec.Pos()), problem)
			}
			if imported == module+"dapt/internal/golden" || imported == module+"internal/alloc" {
				t.Errorf("%s: only tests may import %s", s.at(spec.Pos()), imported)
			}
		}
	}
}

func TestCheckImportTellsRightFromWrong(t *testing.T) {
	for _, test := range []struct{ folder, imported, want string }{
		{"dapt/prompt", module + "dapt/clip", ""},
		{"dapt", module + "dapt/mask", ""},
		{"dapt/prompt/prompttest", module + "dapt/prompt", ""},
		{"dapt/report", "html/template", ""},
		{"dapt/clip", "github.com/gomlx/compute", ""},
		{"dapt/internal/ftfy", module + "dapt/internal/pyrand", ""},
		{"dapt/clip", module + "dapt/prompt", "may not import"},
		{"dapt/clip", module + "dapt/dataset", "may not import"},
		{"dapt/mask", module + "dapt", "may not import"},
		{"dapt/internal/golden", module + "dapt/clip", "may not import"},
		{"dapt/train", "github.com/gomlx/go-xla/pjrt", "take a compute.Backend"},
		{"dapt/train", "flag", "take a config struct"},
		{"dapt/train", module + "tools/backend", "move what is shared"},
		{"dapt/dataset", "github.com/gomlx/gomlx/core/tensors", "no GoMLX"},
	} {
		got := checkImport(test.folder, test.imported)
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("checkImport(%q, %q) = %q, want %q in it", test.folder, test.imported, got, test.want)
		}
	}
}

func TestExportedNamesAreExplained(t *testing.T) {
	for _, s := range readModule(t) {
		if strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		for _, declaration := range s.tree.Decls {
			for _, name := range unexplained(declaration) {
				t.Errorf("%s: %s wants a comment that begins with its name", s.at(name.Pos()), name.Name)
			}
		}
	}
}

// unexplained returns the exported names that a declaration leaves without a comment beginning with the name. In a
// group of constants or variables, any comment on the name or on the group will do.
func unexplained(declaration ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	check := func(name *ast.Ident, comment ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(comment, func(c *ast.CommentGroup) bool { return beginsWith(c, name.Name) }) {
			names = append(names, name)
		}
	}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || ast.IsExported(receiver(d)) {
			check(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				check(spec.Name, spec.Doc, d.Doc)
			case *ast.ValueSpec:
				if d.Lparen.IsValid() && (d.Doc != nil || spec.Doc != nil || spec.Comment != nil) {
					continue
				}
				for _, name := range spec.Names {
					check(name, spec.Doc, d.Doc)
				}
			}
		}
	}
	return names
}

// receiver returns the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	kind := d.Recv.List[0].Type
	for {
		switch k := kind.(type) {
		case *ast.StarExpr:
			kind = k.X
		case *ast.IndexExpr:
			kind = k.X
		case *ast.IndexListExpr:
			kind = k.X
		case *ast.Ident:
			return k.Name
		default:
			return ""
		}
	}
}

// beginsWith tells whether a comment's first word is name.
func beginsWith(comment *ast.CommentGroup, name string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(comment.Text()), " ")
	return strings.TrimRight(first, ",.:;\n") == name || strings.HasPrefix(first, name+"\n")
}

func TestNothingIsPastItsLimit(t *testing.T) {
	for _, s := range readModule(t) {
		if lines := s.set.File(s.tree.Pos()).LineCount(); lines > maxFileLines {
			t.Errorf("%s has %d lines, the limit is %d; a file holds one idea, so split it by ideas", s.name, lines, maxFileLines)
		}
		ast.Inspect(s.tree, func(node ast.Node) bool {
			if f, ok := node.(*ast.FuncDecl); ok {
				checkFunction(t, s, f)
			}
			return true
		})
	}
}

// checkFunction reports a function that is too long, or an exported one with too many parameters.
func checkFunction(t *testing.T, s source, f *ast.FuncDecl) {
	t.Helper()
	if lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; lines > maxFunctionLines {
		t.Errorf("%s: %s has %d lines, the limit is %d; longer means two ideas", s.at(f.Pos()), f.Name.Name, lines, maxFunctionLines)
	}
	count := 0
	for _, field := range f.Type.Params.List {
		count += cmp.Or(len(field.Names), 1)
	}
	if count > maxParameterCount && f.Name.IsExported() {
		t.Errorf("%s: %s has %d parameters, the limit is %d; make them a struct", s.at(f.Pos()), f.Name.Name, count, maxParameterCount)
	}
}
