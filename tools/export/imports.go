package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dapt-go/dapt-go/tools/clone"
)

// studyPath is the package that runs the cells of a program.
const studyPath = clone.Module + "/notebooks/study"

// imported is one line of the import block.
type imported struct {
	name    string // written before the path; empty if it is not
	path    string
	before  string   // comment lines above it
	after   string   // comment behind it
	section *section // the first that has it; nil if none has
}

// identifier is the name that the package has in the program: where none is written, what goimports takes it to be.
func (i imported) identifier() string {
	if i.name != "" {
		return i.name
	}
	base := path.Base(i.path)
	if version.MatchString(base) && path.Dir(i.path) != "." {
		base = path.Base(path.Dir(i.path))
	}
	base = strings.TrimPrefix(base, "go-")
	end := strings.IndexFunc(base, func(r rune) bool { return !token.IsIdentifier("a" + string(r)) })
	if end >= 0 {
		base = base[:end]
	}
	return base
}

var version = regexp.MustCompile(`^v[0-9]+$`)

// imports returns study and the imports of all cells, each once.
func (d *document) imports() ([]imported, error) {
	all := []imported{{path: studyPath}}
	for i := range d.sections {
		s := &d.sections[i]
		for _, spec := range s.file.Imports {
			next, err := readImport(s, spec)
			if err != nil {
				return nil, d.errorAt(s, spec.Pos(), err.Error())
			}
			at := slices.IndexFunc(all, func(i imported) bool { return i.path == next.path && i.identifier() == next.identifier() })
			switch {
			case at < 0:
				all = append(all, next)
			case all[at].section == nil:
				all[at] = next
			}
		}
	}
	return all, nil
}

// readImport reads one import with its comments.
func readImport(s *section, spec *ast.ImportSpec) (imported, error) {
	file, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return imported{}, fmt.Errorf("reading the import path %s: %w", spec.Path.Value, err)
	}
	next := imported{path: file, section: s}
	if spec.Name != nil {
		next.name = spec.Name.Name
	}
	if next.name == "." {
		return imported{}, fmt.Errorf("import . %q: names of a dot import cannot be traced; import it by its name", file)
	}
	doc := spec.Doc
	if doc == nil {
		doc = declarationDoc(s.file, spec)
	}
	next.before, next.after = commentLines(doc), strings.TrimSuffix(commentLines(spec.Comment), "\n")
	return next, nil
}

// declarationDoc returns the comment of the declaration that begins with an import.
func declarationDoc(file *ast.File, spec *ast.ImportSpec) *ast.CommentGroup {
	for _, declaration := range file.Decls {
		if g, ok := declaration.(*ast.GenDecl); ok && len(g.Specs) > 0 && g.Specs[0] == ast.Spec(spec) {
			return g.Doc
		}
	}
	return nil
}

// commentLines returns a comment with its markers, one a line; empty if there is none.
func commentLines(group *ast.CommentGroup) string {
	if group == nil {
		return ""
	}
	var lines strings.Builder
	for _, comment := range group.List {
		lines.WriteString(comment.Text + "\n")
	}
	return lines.String()
}

// importBlock writes the import declaration: the standard library, others, and this module's own packages.
func importBlock(all []imported) string {
	var groups [3]strings.Builder
	slices.SortStableFunc(all, func(a, b imported) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.name, b.name))
	})
	for _, i := range all {
		group := &groups[0]
		switch first, _, _ := strings.Cut(i.path, "/"); {
		case i.path == clone.Module || strings.HasPrefix(i.path, clone.Module+"/"):
			group = &groups[2]
		case strings.Contains(first, "."):
			group = &groups[1]
		}
		fmt.Fprintf(group, "%s%s %q %s\n", i.before, i.name, i.path, i.after)
	}
	return fmt.Sprintf("import (\n%s\n%s\n%s)\n", &groups[0], &groups[1], &groups[2])
}

// standard lists the import paths of the standard library by the name of the package.
var standard = sync.OnceValues(func() (map[string][]string, error) {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the standard library with go list std: %w", err)
	}
	paths := map[string][]string{}
	for file := range strings.Lines(string(out)) {
		file = strings.TrimSpace(file)
		elements := strings.Split(file, "/")
		if elements[0] != "vendor" && !slices.Contains(elements, "internal") {
			name := imported{path: file}.identifier()
			paths[name] = append(paths[name], file)
		}
	}
	return paths, nil
})
