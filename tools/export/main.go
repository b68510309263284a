// Command export turns each notebook, notebooks/NAME.ipynb, into a program, notebooks/export/NAME/main.go, that does the
// same without Jupyter: go run ./notebooks/export/NAME.
//
//	go run ./tools/export [NAME...]    writes the programs that changed; without names, those of all notebooks
//	go run ./tools/export -check       writes nothing; says which are missing, stale or orphaned, and exits with status 1
//
// It may be called anywhere in the module. What becomes of a cell:
//
//   - Markdown before the first Go cell is the package comment. Before a %% cell it is the comment of its function, before
//     other declarations it stands above them, and what is left over stands at the end.
//   - The declarations of all cells are put together, with one block of imports. A missing import of the standard library
//     is added where only one package has that name; imports that nothing uses are dropped.
//   - A %% cell is a function, named by the last heading before it. main gives these functions to study.Program, in order.
//   - Shell lines, % lines, %test cells and cells of other languages are left out.
//
// All cells of a program share their package variables, while in a notebook each cell starts with fresh ones. So what
// would mean something else in the program is an error: a name declared in two cells, and a cell that assigns to a package
// variable or to a part of one (a change through a pointer or a method is not noticed). Arguments of cells (%%, %main,
// %args and %exec) and functions in cells are errors too. Cells are counted from 1, with those of Markdown.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/dapt-go/dapt-go/tools/clone"
)

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "export:", err)
		os.Exit(1)
	}
}

// run is the command, in the module that the working directory lies in.
func run(args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.SetOutput(log)
	check := flags.Bool("check", false, "write nothing; say which exports are not up to date")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := clone.Root(".")
	if err != nil {
		return err
	}
	names, err := notebookNames(root, flags.Args())
	if err != nil {
		return err
	}
	outdated, err := update(root, names, *check, out)
	orphans := 0
	if flags.NArg() == 0 {
		var failed error
		orphans, failed = reportOrphans(root, out)
		err = errors.Join(err, failed)
	}
	if *check && err == nil && outdated+orphans > 0 {
		return fmt.Errorf("exports that are not up to date: %d; run go run ./tools/export, and delete what is orphaned", outdated+orphans)
	}
	return err
}

// update brings the exports of the named notebooks up to date, or with check only says which are not. It returns how
// many were not; a notebook that cannot be exported does not keep the others from it.
func update(root string, names []string, check bool, out io.Writer) (outdated int, err error) {
	for _, name := range names {
		changed, failed := updateOne(root, name, check, out)
		if changed {
			outdated++
		}
		err = errors.Join(err, failed)
	}
	return outdated, err
}

// updateOne is update for one notebook.
func updateOne(root, name string, check bool, out io.Writer) (changed bool, err error) {
	program, err := readAndConvert(root, name)
	if err != nil {
		return false, err
	}
	state, err := compare(root, name, program)
	if err != nil || state == "" {
		return false, err
	}
	if !check {
		state, err = "wrote", write(root, name, program)
	}
	_, failed := fmt.Fprintf(out, "%s: %s\n", state, exportPath(name))
	return true, cmp.Or(err, failed)
}
