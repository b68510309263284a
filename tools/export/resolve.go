package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// resolve checks that the cells fit into one file, and returns the imports that it needs.
func (d *document) resolve() ([]imported, error) {
	all, err := d.imports()
	if err != nil {
		return nil, err
	}
	if err := d.checkUnique(all); err != nil {
		return nil, err
	}
	meaning := d.typeCheck()
	if err := d.checkAssignments(meaning); err != nil {
		return nil, err
	}
	return d.neededImports(all, meaning)
}

// checkUnique refuses a name that is declared twice, be it by an import. In a notebook the later one would win.
func (d *document) checkUnique(all []imported) error {
	by := map[string]*section{}
	for _, i := range all {
		name := i.identifier()
		if earlier, ok := by[name]; ok && name != "_" {
			problem := fmt.Sprintf("imports another %s than %s; write a name of its own before the path %q", name, earlier, i.path)
			return &cellError{i.section.number, 0, problem}
		}
		by[name] = i.section
	}
	var err error
	for i := range d.sections {
		s := &d.sections[i]
		s.names(func(name *ast.Ident) {
			if earlier, ok := by[name.Name]; ok && name.Name != "_" && err == nil {
				problem := fmt.Sprintf("%s is declared here and in %s; a program has one of each name, so rename one", name.Name, earlier)
				err = d.errorAt(s, name.Pos(), problem)
			}
			by[name.Name] = s
		})
	}
	return err
}

// String names the cell in messages.
func (s *section) String() string {
	if s == nil {
		return "main"
	}
	return fmt.Sprintf("cell %d", s.number)
}

// typeCheck tells what the names in all cells mean. Imported packages are not loaded, so what comes from them stays
// unknown, and errors of types are left to the compiler.
func (d *document) typeCheck() *types.Info {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Error: func(error) {}}
	var files []*ast.File
	for _, s := range d.sections {
		files = append(files, s.file)
	}
	_, _ = config.Check("main", d.set, files, &info) // there are always errors, about imports
	return &info
}

// checkAssignments refuses cells that assign to package variables: a later cell of the notebook would not see it, but
// the later functions of the program would.
func (d *document) checkAssignments(meaning *types.Info) error {
	for i := range d.sections {
		s := &d.sections[i]
		if s.body == nil {
			continue
		}
		var err error
		ast.Inspect(s.body, func(node ast.Node) bool {
			for _, target := range assigned(node) {
				name := root(target)
				if name != nil && err == nil && isPackageVariable(meaning.Uses[name]) {
					err = d.errorAt(s, name.Pos(), "assigns to the package variable "+name.Name+
						", which later cells see in the program but not in the notebook; use a variable of the cell")
				}
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// assigned returns what a statement assigns to, declarations aside.
func assigned(node ast.Node) []ast.Expr {
	switch n := node.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	}
	return nil
}

// root returns the variable that an expression is or is a part of; nil if there is none.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// isPackageVariable tells whether an object is a variable outside functions.
func isPackageVariable(object types.Object) bool {
	v, ok := object.(*types.Var)
	return ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// neededImports drops the imports that no cell uses, and adds missing ones of the standard library.
func (d *document) neededImports(all []imported, meaning *types.Info) ([]imported, error) {
	used := map[string]bool{all[0].identifier(): true, "_": true}
	for i := range d.sections {
		s := &d.sections[i]
		for _, name := range unknownNames(s.file, meaning) {
			isImported := slices.ContainsFunc(all, func(i imported) bool { return i.identifier() == name.Name })
			if !isImported && d.declares(s, name.Name, meaning) {
				continue
			}
			used[name.Name] = true
			if isImported {
				continue
			}
			path, err := standardPath(name.Name)
			if err != nil {
				return nil, d.errorAt(s, name.Pos(), err.Error())
			}
			all = append(all, imported{path: path, section: s})
		}
	}
	return slices.DeleteFunc(all, func(i imported) bool { return !used[i.identifier()] }), nil
}

// unknownNames returns the names before a dot in a cell that may be of packages.
func unknownNames(file *ast.File, meaning *types.Info) []*ast.Ident {
	var names []*ast.Ident
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && isUnknown(meaning.Uses[name]) {
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

// declares tells whether a cell, or any cell at package level, declares a name. The type checker does not tell for keys
// of composite literals of unknown types, which it passes over.
func (d *document) declares(s *section, name string, meaning *types.Info) bool {
	found := false
	ast.Inspect(s.file, func(node ast.Node) bool {
		n, ok := node.(*ast.Ident)
		found = found || ok && n.Name == name && meaning.Defs[n] != nil
		return !found
	})
	for i := range d.sections {
		d.sections[i].names(func(n *ast.Ident) { found = found || n.Name == name })
	}
	return found
}

// isUnknown tells whether an object is a package, or nothing, as is one that another cell imports.
func isUnknown(object types.Object) bool {
	_, isPackage := object.(*types.PkgName)
	return object == nil || isPackage
}

// standardPath returns the import path of the only package of the standard library with a name.
func standardPath(name string) (string, error) {
	known, err := standard()
	if err != nil {
		return "", err
	}
	paths := known[name]
	switch len(paths) {
	case 0:
		return "", fmt.Errorf("%s is neither declared nor imported; import it, with the package's name before the path where the path ends otherwise", name)
	case 1:
		return paths[0], nil
	}
	return "", fmt.Errorf("%s is not imported; import one of %s", name, strings.Join(paths, ", "))
}
