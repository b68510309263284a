package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// section is a Go cell with the prose before it.
type section struct {
	number  int    // of the cell
	heading string // the last heading before the cell; may be of an earlier section
	prose   string // the Markdown between the Go cell before and this one
	text    string // as of goText
	file    *ast.File
	body    *ast.FuncDecl // nil if the cell has declarations only
}

// document is a notebook taken apart.
type document struct {
	name     string // of the notebook, without .ipynb
	set      *token.FileSet
	sections []section
	end      string // the Markdown after the last Go cell
}

// parseNotebook takes a notebook apart.
func parseNotebook(name string, n *notebook) (*document, error) {
	d := &document{name: name, set: token.NewFileSet()}
	var prose []string
	heading := ""
	for i, c := range n.Cells {
		switch c.Type {
		case "markdown":
			prose = append(prose, string(c.Source))
			if last := lastHeading(string(c.Source)); last != "" {
				heading = last
			}
		case "code":
			text, body, err := goText(i+1, string(c.Source))
			if err != nil {
				return nil, err
			}
			if text == "" {
				continue
			}
			s := section{number: i + 1, heading: heading, prose: strings.Join(prose, "\n\n"), text: text}
			if err := d.parse(&s, body); err != nil {
				return nil, err
			}
			d.sections = append(d.sections, s)
			prose = nil
		}
	}
	d.end = strings.Join(prose, "\n\n")
	return d, nil
}

// parse parses the text of a section, and refuses functions other than the body if there is one.
func (d *document) parse(s *section, body bool) error {
	file, err := parser.ParseFile(d.set, "", s.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return s.syntaxError(err)
	}
	s.file = file
	for i, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ours := body && strings.HasPrefix(s.text[d.offset(f.Type.Func):], opening)
		if !ours {
			return d.errorAt(s, f.Pos(), "no functions in cells: move "+f.Name.Name+" to a package, or its statements to a %% cell")
		}
		if i < len(file.Decls)-1 || d.offset(f.End()) != len(s.text)-1 {
			return d.errorAt(s, f.End(), "a closing brace too many")
		}
		s.body = f
	}
	return nil
}

// syntaxError returns the first of a parser's errors.
func (s *section) syntaxError(err error) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return &cellError{s.number, 0, err.Error()}
	}
	return &cellError{s.number, s.cellLine(list[0].Pos.Line), list[0].Msg}
}

// cellLine returns the line of the cell for one of the text, which has the preamble and perhaps the closing in addition.
func (s *section) cellLine(line int) int {
	last := strings.Count(strings.TrimSuffix(s.text, closing), "\n")
	return min(max(line-1, 1), last)
}

// errorAt returns an error in a section.
func (d *document) errorAt(s *section, pos token.Pos, message string) error {
	return &cellError{s.number, s.cellLine(d.set.PositionFor(pos, false).Line), message}
}

// offset returns where in the text of its section a position is.
func (d *document) offset(pos token.Pos) int { return d.set.PositionFor(pos, false).Offset }

// bodyText returns the statements of a section.
func (d *document) bodyText(s *section) string {
	return s.text[d.offset(s.body.Body.Lbrace)+1 : d.offset(s.body.Body.Rbrace)]
}

// declarationText returns the declarations of a section with all comments between them, and without imports.
// declares tells whether there is more than comments.
func (d *document) declarationText(s *section) (text string, declares bool) {
	end := len(s.text)
	var kept strings.Builder
	from := len(preamble)
	for _, declaration := range s.file.Decls {
		switch g := declaration.(type) {
		case *ast.FuncDecl:
			end = d.offset(g.Type.Func)
		case *ast.GenDecl:
			if g.Tok != token.IMPORT {
				declares = true
				continue
			}
			start, stop := d.importRange(g)
			kept.WriteString(s.text[from:start])
			from = stop
		}
	}
	kept.WriteString(s.text[from:end])
	return strings.Trim(kept.String(), "\n"), declares
}

// importRange returns where an import declaration stands, with its comments.
func (d *document) importRange(g *ast.GenDecl) (start, stop int) {
	start, stop = d.offset(g.Pos()), d.offset(g.End())
	if g.Doc != nil {
		start = d.offset(g.Doc.Pos())
	}
	for _, spec := range g.Specs {
		if comment := spec.(*ast.ImportSpec).Comment; comment != nil {
			stop = max(stop, d.offset(comment.End()))
		}
	}
	return start, stop
}

// names calls f for each package-level name that a section declares, imports aside.
func (s *section) names(f func(name *ast.Ident)) {
	for _, declaration := range s.file.Decls {
		g, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				f(spec.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					f(name)
				}
			}
		}
	}
}
