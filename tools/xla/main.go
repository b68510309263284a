// Command xla finds or installs the PJRT plugin that XLA computes with on the CPU, and says where it is and how fast.
//
//	go run ./tools/xla                 installs a plugin if there is none, and reports
//	go run ./tools/xla -check          only reports; exit status 1 if there is none
//	go run ./tools/xla -path           prints the plugin's path and nothing else, installing if need be
//	go run ./tools/xla -backend=go     reports on another backend: go, xla:cuda or xla:/path/to/plugin.so
//
// Where plugins are looked for and fetched from is told by package backend. GOMLX_BACKEND is not read.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/dapt-go/dapt-go/tools/backend"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "xla:", err)
		os.Exit(1)
	}
}

// run is the command: results go to out, notices and progress to log.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("xla", flag.ContinueOnError)
	flags.SetOutput(log)
	check := flags.Bool("check", false, "install nothing")
	path := flags.Bool("path", false, "print the CPU plugin's path only")
	want := flags.String("backend", "xla:cpu", "go, xla:cpu, xla:cuda or xla:/path/to/plugin.so")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q, see -help", flags.Arg(0))
	}
	options := backend.Options{
		Want: *want, Install: !*check, Progress: bar(log),
		Notice: func(line string) { fmt.Fprintln(log, line) },
	}
	if !*path {
		return report(ctx, options, out)
	}
	file, err := backend.Plugin(ctx, options)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, file)
	return err
}

// report opens the backend and prints what it is, where it is and how fast it multiplies matrices.
func report(ctx context.Context, options backend.Options, out io.Writer) error {
	device, info, err := backend.Open(ctx, options)
	if err != nil {
		return err
	}
	defer device.Finalize()
	rate, err := backend.Rate(device)
	if err != nil {
		return err
	}
	lines := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(lines, "backend\t%s\nplugin\t%s\n", info.Backend, info.Plugin)
	if info.Path != "" {
		fmt.Fprintf(lines, "PJRT\t%s\nfile\t%s\n", info.PJRT, info.Path)
	}
	fmt.Fprintf(lines, "cores\t%d\nmatmul\t%.0f GFLOP/s (f32)\n", info.Cores, rate)
	return lines.Flush()
}

// bar returns a progress function that draws a download on log.
func bar(log io.Writer) func(done, total int64) {
	var shown *progressbar.ProgressBar
	return func(done, total int64) {
		if shown == nil {
			shown = progressbar.NewOptions64(total, progressbar.OptionSetWriter(log), progressbar.OptionShowBytes(true),
				progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("downloading"))
		}
		_ = shown.Set64(done) // a bar that cannot be drawn must not end a download
	}
}
