package study

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// program is the name of the exported notebook; "" in a notebook.
var program string

// figures is the folder that a program writes pictures to.
func figures() string { return filepath.Join(out(), program) }

// Program is the main function of an exported notebook: it reads the command line and runs the cells in their order.
func Program(name string, cells ...func()) {
	program = name
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	small := flags.Bool("small", isSmall(), "cut the setting to what runs in a minute or so")
	folder := flags.String("out", out(), "folder for results, figures and the report")
	backend := flags.String("backend", os.Getenv(backendVariable), "what computes: go, xla:cpu, xla:cuda, xla:/path/to/plugin.so; empty picks the fastest")
	_ = flags.Parse(os.Args[1:]) // it ends the program on an error
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "%s: unexpected argument %q, see -help\n", name, flags.Arg(0))
		os.Exit(2)
	}
	size := ""
	if *small {
		size = "small"
	}
	for variable, value := range map[string]string{sizeVariable: size, outVariable: Get(filepath.Abs(*folder)), backendVariable: *backend} {
		check(os.Setenv(variable, value))
	}
	ctx := interruptible()
	for _, cell := range cells {
		check(ctx.Err())
		cell()
	}
	check(ctx.Err())
}
