// Command parity recomputes a golden set and compares: one line a case, then the sums.
//
//	go run ./tools/parity [-backend go|xla:cpu] DIR
//
// It exits with 1 if any case fails, and with 2 if the set or the backend cannot be used.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/dapt-go/dapt-go/dapt/parity"
	"github.com/dapt-go/dapt-go/tools/backend"
)

func main() {
	want := flag.String("backend", os.Getenv("GOMLX_BACKEND"), "go, xla:cpu, xla:cuda or xla:/path/to/plugin.so; empty picks the fastest")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: parity [-backend go|xla:cpu] DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := run(ctx, *want, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// run prints the comparison and returns how many cases failed.
func run(ctx context.Context, want, folder string) (failed int, err error) {
	set, err := parity.Open(folder)
	if err != nil {
		return 0, err
	}
	device, info, err := backend.Open(ctx, backend.Options{
		Want: want, Install: true, Notice: func(line string) { fmt.Fprintln(os.Stderr, "note:", line) },
	})
	if err != nil {
		return 0, err
	}
	defer device.Finalize()
	fmt.Fprintf(os.Stderr, "%s on %s, %d cores\n", info.Plugin, info.Backend, info.Cores)
	count := map[parity.Verdict]int{}
	err = parity.Run(ctx, set, device, func(line parity.Line) {
		count[line.Verdict]++
		if line.Verdict == parity.Todo {
			fmt.Printf("%-60s %10s %10s  %s\n", line.Name, "-", "-", line.Verdict)
			return
		}
		fmt.Printf("%-60s %10.3g %10.3g  %s %s\n", line.Name, line.Error, line.Tolerance, line.Verdict, line.Note)
	})
	fmt.Printf("%d passed, %d failed, %d todo\n", count[parity.Pass], count[parity.Fail], count[parity.Todo])
	return count[parity.Fail], err
}
