// Command notebook sets up what the notebooks need and opens them in JupyterLab, or executes them without a browser.
//
//	go run ./tools/notebook                          opens the folder notebooks/ in JupyterLab
//	go run ./tools/notebook 03_base_to_novel         opens one notebook
//	go run ./tools/notebook -port 9000 -- --debug    what follows -- goes to JupyterLab
//	go run ./tools/notebook -check                   only says what is here; exit status 1 if something is missing
//	go run ./tools/notebook -execute notebooks       executes all notebooks in place
//	go run ./tools/notebook -execute DIR -small 03_base_to_novel
//
// It needs Linux or macOS (GoNB, the Go kernel, does not run on Windows itself, but does in WSL), Go, Python 3.10 or newer,
// and PyPI the first time. Everything is installed in dapt-go/notebook in the user's cache folder (which XDG_CACHE_HOME
// moves) and nowhere else: the Go tools gonb, goimports and gopls at the versions of go.mod, JupyterLab at the versions of
// requirements.txt, the Go kernel, and Jupyter's own settings. The XLA plugin goes where package backend puts it.
//
// An executed notebook is normalized, so that two executions with the same results are the same bytes, and refused if it
// holds a path of this machine. DAPT_SIZE and DAPT_OUT, which the notebooks read, are set by -small and -out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notebook:", err)
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	check     bool
	noBrowser bool
	small     bool
	port      int           // 0 leaves the choice to Jupyter
	execute   string        // folder for executed notebooks; empty opens JupyterLab
	out       string        // folder where notebooks keep results; empty leaves that to them
	timeout   time.Duration // of all executions together; 0 is none
	names     []string      // notebooks named
	jupyter   []string      // what goes to JupyterLab
}

// parse reads the command line; messages and help go to log.
func parse(args []string, log io.Writer) (options, error) {
	var o options
	if i := slices.Index(args, "--"); i >= 0 {
		args, o.jupyter = args[:i], args[i+1:]
	}
	flags := flag.NewFlagSet("notebook", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.Usage = func() {
		fmt.Fprintln(log, "usage: notebook [flags] [NOTEBOOK] [-- flags of JupyterLab]\n       notebook -execute FOLDER [flags] [NOTEBOOK...]")
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.check, "check", false, "install nothing and open nothing, say what is here")
	flags.BoolVar(&o.noBrowser, "no-browser", false, "only print JupyterLab's address")
	flags.IntVar(&o.port, "port", 0, "port of JupyterLab (default 8888 or the next free one)")
	flags.StringVar(&o.execute, "execute", "", "execute the notebooks and write them to this `folder`, which may be theirs")
	flags.BoolVar(&o.small, "small", false, "set DAPT_SIZE=small: each notebook takes a minute or so")
	flags.StringVar(&o.out, "out", "", "set DAPT_OUT: the `folder` where notebooks keep results")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Hour, "of all executions together, 0 for none")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.names = flags.Args()
	return o, o.validate()
}

// validate finds arguments that do not go together.
func (o options) validate() error {
	for _, name := range o.names {
		if name != "" && name[0] == '-' {
			return fmt.Errorf("%s comes after a notebook; put flags first, and flags of JupyterLab after --", name)
		}
	}
	switch {
	case o.execute == "" && len(o.names) > 1:
		return fmt.Errorf("%d notebooks named; JupyterLab opens one, -execute takes more", len(o.names))
	case o.execute != "" && len(o.jupyter) > 0:
		return errors.New("-execute starts no JupyterLab that could take the flags after --")
	case o.check && (o.execute != "" || len(o.names) > 0):
		return errors.New("-check only says what is here; give it no notebook and no -execute")
	}
	return nil
}

// run is the command: what is done goes to out, line by line.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	s, err := newSetup(out)
	if err != nil {
		return err
	}
	if o.check {
		return s.check(ctx)
	}
	for _, folder := range []*string{&o.execute, &o.out} {
		if *folder != "" {
			if *folder, err = filepath.Abs(*folder); err != nil {
				return err
			}
		}
	}
	files, err := s.notebooks(o.names)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if o.execute != "" {
		return s.execute(ctx, o, files)
	}
	return s.open(ctx, o, files)
}
