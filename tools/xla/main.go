// Command xla finds or installs the PJRT plugin that XLA computes with on the CPU, and says where it is and how fast.
//
//	go run ./tools/xla           installs a plugin if there is none
//	go run ./tools/xla -check    only reports
//	go run ./tools/xla -path     prints the plugin's path and nothing else, installing if need be
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/dapt-go/dapt-go/tools/backend"
)

func main() {
	check := flag.Bool("check", false, "install nothing")
	path := flag.Bool("path", false, "print the plugin's path only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check, *path); err != nil {
		fmt.Fprintln(os.Stderr, "xla:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check, pathOnly bool) error {
	options := backend.Options{
		Want: "xla:cpu", Install: !check, Notice: func(line string) { fmt.Fprintln(os.Stderr, line) },
	}
	if pathOnly {
		path, err := backend.Plugin(ctx, options)
		if err == nil {
			fmt.Println(path)
		}
		return err
	}
	device, info, err := backend.Open(ctx, options)
	if err != nil {
		return err
	}
	defer device.Finalize()
	rate, err := backend.Rate(device)
	if err != nil {
		return err
	}
	fmt.Printf("plugin  %s\nfile    %s\nPJRT    %s\ncores   %d\nmatmul  %.0f GFLOP/s (f32)\n", info.Plugin, info.Path, info.PJRT, info.Cores, rate)
	return nil
}
