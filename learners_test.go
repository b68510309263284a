package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// learners is the folder of prompt learners, one a file.
const learners = "dapt/prompt"

// lasting may be named anywhere: the baselines, and the learner that DAPT was published on.
var lasting = []string{"ZeroShot", "Ensemble", "MaPLe"}

// learnerFiles returns the files that declare a learner, by the name of its type.
func learnerFiles(all []source) map[string]source {
	files := map[string]source{}
	for _, s := range all {
		if s.folder != learners || s.test {
			continue
		}
		for _, declaration := range s.tree.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Name" {
				files[receiver(f)] = s
			}
		}
	}
	return files
}

// testOf is the file of a learner's own test.
func testOf(s source) string { return strings.TrimSuffix(s.name, ".go") + "_test.go" }

// dependents returns where anything else than its own file, its own test and the list in prompt.All needs what a learner's
// file, or its test, declares.
func dependents(all []source) []string {
	var found []string
	files := learnerFiles(all)
	owner := map[string]string{} // learners by the files that go with them
	for name, s := range files {
		if !slices.Contains(lasting, name) {
			owner[s.name], owner[testOf(s)] = name, name
		}
	}
	say := func(s source, pos token.Pos, what, learner string) {
		found = append(found, fmt.Sprintf("%s: %s goes with %s, which could not be removed", s.at(pos), what, learner))
	}
	exported := map[string]string{} // learners by what they export
	for _, tests := range []bool{false, true} {
		for id, object := range uses(all, tests) {
			from, to := at(all, id.Pos()), at(all, object.Pos())
			if learner := owner[to.name]; learner != "" && owner[from.name] != learner && !inAll(from, id.Pos()) {
				say(from, id.Pos(), id.Name, learner)
			}
		}
	}
	for _, s := range all {
		if learner := owner[s.name]; learner != "" && !s.test {
			for _, name := range declared(s) {
				exported[name] = learner
			}
		}
	}
	for _, s := range all {
		for _, selector := range selectors(s, module+learners) {
			if learner := exported[selector.Sel.Name]; learner != "" && owner[s.name] != learner {
				say(s, selector.Pos(), "prompt."+selector.Sel.Name, learner)
			}
		}
	}
	slices.Sort(found)
	return found
}

// uses are the names in package prompt, or in its tests, with what they stand for there. What other packages declare is left
// out: nothing of them is read.
func uses(all []source, tests bool) map[*ast.Ident]types.Object {
	var trees []*ast.File
	var set *token.FileSet
	for _, s := range all {
		if s.folder == learners && s.test == tests {
			trees, set = append(trees, s.tree), s.set
		}
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: blank{}, Error: func(error) {}}
	pkg, _ := config.Check(learners, set, trees, &info) // what depends on other packages is an error, and of no interest
	for id, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			delete(info.Uses, id)
		}
	}
	return info.Uses
}

// blank imports packages as if they were empty.
type blank struct{}

func (blank) Import(imported string) (*types.Package, error) {
	pkg := types.NewPackage(imported, path.Base(imported))
	pkg.MarkComplete()
	return pkg, nil
}

// at returns the file that a place is in.
func at(all []source, pos token.Pos) source {
	for _, s := range all {
		if s.tree.FileStart <= pos && pos <= s.tree.FileEnd {
			return s
		}
	}
	return source{}
}

// inAll tells whether a place is in the list of learners.
func inAll(s source, pos token.Pos) bool {
	return slices.ContainsFunc(s.tree.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Name.Name == "All" && f.Pos() <= pos && pos <= f.End()
	})
}

// declared are the names that a file declares in its package.
func declared(s source) []string {
	var names []string
	for _, declaration := range s.tree.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// selectors are the names of an imported package that a file uses.
func selectors(s source, imported string) []*ast.SelectorExpr {
	as := ""
	for _, spec := range s.tree.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil && name == imported {
			as = path.Base(imported)
			if spec.Name != nil {
				as = spec.Name.Name
			}
		}
	}
	var list []*ast.SelectorExpr
	ast.Inspect(s.tree, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if id, ok := selector.X.(*ast.Ident); ok && id.Name == as {
				list = append(list, selector)
			}
		}
		return true
	})
	return list
}

func TestEveryLearnerCouldBeRemoved(t *testing.T) {
	all := readModule(t)
	if files := learnerFiles(all); len(files) < len(lasting)+2 {
		t.Fatalf("found the learners %v, want all of prompt.All", files)
	}
	for _, problem := range dependents(all) {
		t.Errorf("%s: find learners by name (prompt.Find), walk prompt.All, or move it to the learner's own file or test", problem)
	}
}

// TestEveryLearnerIsInTheListAndTested reads prompt.All and looks for each learner's own test, which runs both halves of the
// conformance kit.
func TestEveryLearnerIsInTheListAndTested(t *testing.T) {
	all := readModule(t)
	byName := map[string]source{}
	for _, s := range all {
		byName[s.name] = s
	}
	for learner, s := range learnerFiles(all) {
		listed := slices.ContainsFunc(all, func(list source) bool {
			found := false
			ast.Inspect(list.tree, func(node ast.Node) bool {
				id, ok := node.(*ast.Ident)
				found = found || ok && list.folder == learners && id.Name == learner && inAll(list, id.Pos())
				return true
			})
			return found
		})
		if !listed {
			t.Errorf("%s: %s is not in the list of prompt.All", s.name, learner)
		}
		test, ok := byName[testOf(s)]
		if !ok {
			t.Errorf("%s: %s has no test of its own, want %s", s.name, learner, testOf(s))
			continue
		}
		for _, kit := range []string{"dapt/prompt/prompttest", "dapt/train/traintest"} {
			if !slices.ContainsFunc(selectors(test, module+kit), func(x *ast.SelectorExpr) bool { return x.Sel.Name == "Run" }) {
				t.Errorf("%s: it does not call %s.Run", test.name, path.Base(kit))
			}
		}
	}
}

func TestWhatNeedsALearnerIsFound(t *testing.T) {
	set := token.NewFileSet()
	file := func(name, text string) source {
		tree, err := parser.ParseFile(set, name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		return source{name: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), tree: tree, set: set}
	}
	const head = "package prompt\n"
	base := []source{
		file("dapt/prompt/one.go", head+`import "strings"
type One struct{ Width int }
type Place string
const End Place = "end"
const most = 3
func (One) Name() string { return strings.ToLower("ONE") }
func (o One) wide() int { return o.Width + most }`),
		file("dapt/prompt/maple.go", head+"type MaPLe struct{}\nfunc (MaPLe) Name() string { return \"maple\" }"),
		file("dapt/prompt/prompt.go", head+"type Learner interface{ Name() string }\nfunc All() []Learner { return []Learner{One{}, MaPLe{}} }"),
		file("dapt/prompt/one_test.go", "package prompt_test\nimport \""+module+"dapt/prompt\"\nvar one = prompt.One{Width: 3}"),
		file("dapt/prompt/all_test.go", "package prompt_test\nfunc help() { End, most := 1, 2; _, _ = End, most }"),
		file("dapt/train/a.go", "package train\nimport \""+module+"dapt/prompt\"\nvar host = prompt.MaPLe{}"),
	}
	if found := dependents(base); len(found) > 0 {
		t.Errorf("dependents = %q, want none", found)
	}
	for text, name := range map[string]string{
		"package prompt\nvar limit = most":                                                                                    "dapt/prompt/two.go",
		"package prompt\ntype Two struct{ One }\nfunc (Two) Name() string { return \"two\" }":                                 "dapt/prompt/two.go",
		"package prompt\nfunc size(l Learner) int { return l.(interface{ wide() int }).wide() + One{}.Width }":                "dapt/prompt/two.go",
		"package prompt_test\nvar two = one":                                                                                  "dapt/prompt/two_test.go",
		"package prompt_test\nimport \"" + module + "dapt/prompt\"\nvar two = prompt.End":                                     "dapt/prompt/two_test.go",
		"package report\nimport learner \"" + module + "dapt/prompt\"\nfunc at(p learner.Place) bool { return p == \"end\" }": "dapt/report/two.go",
	} {
		if found := dependents(append(slices.Clone(base), file(name, text))); len(found) == 0 || !strings.Contains(found[0], name+":") || !strings.Contains(found[0], "goes with One") {
			t.Errorf("dependents with %q = %q, want that file to need One", text, found)
		}
	}
}
