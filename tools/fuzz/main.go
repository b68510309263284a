// Command fuzz runs the fuzz targets of the module, one after the other, and lists what they found.
//
//	go run ./tools/fuzz [-time 60s] [-match REGEXP] [-list]
//
// It exits with 1 if a target fails, having printed how to reproduce that, and with 2 if not all targets could be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/dapt-go/dapt-go/tools/clone"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	case failed > 0:
		os.Exit(1)
	}
}

// run returns how many targets failed.
func run(ctx context.Context, args []string, out, progress io.Writer) (failed int, err error) {
	f := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	f.SetOutput(progress)
	each := f.Duration("time", 60*time.Second, "how long to fuzz each target")
	match := f.String("match", "", "only targets whose package and name, such as dapt/clip.FuzzReadTorch, match this expression")
	list := f.Bool("list", false, "list the targets and run none")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	if *each < time.Second || f.NArg() > 0 {
		return 0, fmt.Errorf("-time is %v and there are %d arguments, want at least 1s and none", *each, f.NArg())
	}
	wanted, err := regexp.Compile(*match)
	if err != nil {
		return 0, fmt.Errorf("-match: %w", err)
	}
	root, err := clone.Root(".")
	if err != nil {
		return 0, err
	}
	targets, err := find(ctx, root, wanted)
	if err != nil {
		return 0, err
	}
	if len(targets) == 0 {
		return 0, fmt.Errorf("no target matches %q; -list lists all", *match)
	}
	if *list {
		for _, t := range targets {
			fmt.Fprintln(out, t)
		}
		return 0, nil
	}
	fmt.Fprintf(progress, "%d targets, %v each\n", len(targets), *each)
	var outcomes []outcome
	for i, t := range targets {
		fmt.Fprintf(progress, "%d of %d: %s\n", i+1, len(targets), t)
		o := t.fuzz(ctx, root, *each, progress)
		if ctx.Err() != nil {
			return show(out, outcomes), fmt.Errorf("stopped in %s: %w", t, context.Cause(ctx))
		}
		outcomes = append(outcomes, o)
	}
	return show(out, outcomes), nil
}

// show prints a table, and how to reproduce each failure. It returns how many there are.
func show(out io.Writer, outcomes []outcome) (failed int) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "target\texecutions\tnew inputs\tresult")
	for _, o := range outcomes {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", o.target, o.executions, o.inputs, o.result())
	}
	w.Flush()
	for _, o := range outcomes {
		if !o.failed {
			continue
		}
		failed++
		fmt.Fprintf(out, "\n%s fails:\n%s\n", o.target, o.output)
		if o.input != "" {
			fmt.Fprintf(out, "reproduce: go test -run='^%s$/%s' ./%s\nkeep it:   git add %s/%s, with the mend, so that every go test runs it\n",
				o.name, path.Base(o.input), o.folder, o.folder, o.input)
		}
	}
	return failed
}
