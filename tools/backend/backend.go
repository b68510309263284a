// Package backend opens what computes for all programs and notebooks: XLA where a PJRT plugin is found or can be
// installed, pure Go elsewhere.
//
// The order is: what was asked for, then CUDA if a GPU is there and its plugin is found, then XLA on the CPU, then pure
// Go with a notice of how slow that is. Plugins are opened by absolute path and go-xla's own auto-install is always
// off: it has no time limit, no checksum, and writes to standard output.
//
// With the build tag noxla, or built where there is no C compiler, which go-xla needs, XLA is not part of the program
// and pure Go is the only backend.
package backend

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// Options says which backend to open and whom to tell about it. The zero value takes the best one already here.
type Options struct {
	// Want is the backend asked for, from a flag or GOMLX_BACKEND: "go", "xla" (CUDA before CPU), "xla:cpu",
	// "xla:cuda" or "xla:/absolute/path/to/plugin.so" (with "cpu" or "cuda" in the path: go-xla tells plugins by
	// name). Empty asks for nothing, so whatever is missing is a notice and not an error. go-xla's options may
	// follow the plugin after commas: "xla:cpu,tf32=false".
	Want string
	// Install allows the CPU plugin to be downloaded (63 MB) into the user's cache folder if none is found.
	Install bool
	// BFloat16 says that products will be of bfloat16: on a CPU with units for those (AMX), the CPU plugin is one that uses
	// them, and is downloaded, where Install allows it, even if another is here.
	BFloat16 bool
	// Notice receives what a user should read, one line a call; nil drops it.
	Notice func(line string)
	// Progress receives the bytes of a download as they arrive; total is 0 if unknown. Nil drops it.
	Progress func(done, total int64)
}

// Info is what computed a result: bits may differ between plugins, and between core counts.
type Info struct {
	Backend string `json:"backend"` // "xla:cpu", "xla:cuda" or "go"
	Plugin  string `json:"plugin"`  // "wheel==version" if installed by this package, else a file name; Go's is "compute v0.1.2"
	PJRT    string `json:"pjrt"`    // version of the plugin's API, as "0.106"; empty for pure Go
	Cores   int    `json:"cores"`   // CPU cores this process may use
	Path    string `json:"-"`       // the plugin's file; empty for pure Go
}

// Open opens the backend o asks for, or the best one there is; the caller finalizes it.
//
// An asked-for backend that is missing is an error that lists where it was looked for and how to get it. With nothing
// asked, only ctx ends Open with an error: offline, on a read-only disk or with a broken plugin it gives pure Go.
func Open(ctx context.Context, o Options) (compute.Backend, Info, error) {
	return newSearch().open(ctx, o)
}

// Plugin returns the absolute path of the CPU plugin that Open would use, installing it first if o allows and none is
// here. The error wraps ErrOffline if one had to be downloaded and no server could be reached.
func Plugin(ctx context.Context, o Options) (string, error) {
	return newSearch().cpuPlugin(ctx, o)
}

// open is Open on the folders and servers of s.
func (s *search) open(ctx context.Context, o Options) (compute.Backend, Info, error) {
	name, argument, _ := strings.Cut(o.Want, ":")
	switch name {
	case "":
		return s.best(ctx, o)
	case "go":
		return openGo(argument)
	case "xla":
		b, info, err := s.openXLA(ctx, argument, o)
		if err != nil {
			return nil, Info{}, fmt.Errorf("backend: opening %q as asked: %w", o.Want, err)
		}
		return b, info, nil
	}
	return nil, Info{}, fmt.Errorf("backend: unknown backend %q, want go, xla, xla:cpu, xla:cuda or xla:/absolute/path/to/plugin.so", o.Want)
}

// best opens XLA if it can and pure Go if it cannot.
func (s *search) best(ctx context.Context, o Options) (compute.Backend, Info, error) {
	b, info, reason := s.openXLA(ctx, "", o)
	if reason == nil {
		return b, info, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, Info{}, fmt.Errorf("backend: %w", context.Cause(ctx))
	}
	b, info, err := openGo("")
	if err == nil {
		o.notice(slowNotice(b, reason))
	}
	return b, info, err
}

// openXLA opens the plugin named by argument: "cpu", "cuda", an absolute path, or nothing for the best; options may
// follow after a comma.
func (s *search) openXLA(ctx context.Context, argument string, o Options) (compute.Backend, Info, error) {
	if !hasXLA {
		return nil, Info{}, errors.New("this program is built without it (tag noxla, no C compiler such as gcc when it was built, or a platform without plugins)")
	}
	plugin, options, _ := strings.Cut(argument, ",")
	switch {
	case plugin == "":
		return s.openBestXLA(ctx, options, o)
	case plugin == "cuda":
		return s.openCUDA(options)
	case plugin == "cpu":
		path, err := s.cpuPlugin(ctx, o)
		if err != nil {
			return nil, Info{}, err
		}
		return s.load(path, options)
	case filepath.IsAbs(plugin):
		if err := intact(plugin); err != nil {
			return nil, Info{}, err
		}
		return s.load(plugin, options)
	}
	return nil, Info{}, fmt.Errorf("unknown plugin %q, want cpu, cuda or an absolute path", plugin)
}

// openBestXLA tries CUDA where there is a GPU, then the CPU.
func (s *search) openBestXLA(ctx context.Context, options string, o Options) (compute.Backend, Info, error) {
	if s.hasGPU() {
		b, info, err := s.openCUDA(options)
		if err == nil {
			return b, info, nil
		}
		o.notice(fmt.Sprintf("the GPU is not used: %v", err))
	}
	path, err := s.cpuPlugin(ctx, o)
	if err != nil {
		return nil, Info{}, err
	}
	return s.load(path, options)
}

// openCUDA opens the CUDA plugin; this package never installs one, with its libraries it is gigabytes.
func (s *search) openCUDA(options string) (compute.Backend, Info, error) {
	if !s.hasGPU() {
		return nil, Info{}, errors.New("no NVIDIA GPU here (no /dev/nvidia0)")
	}
	path, err := s.find("cuda")
	if err != nil {
		return nil, Info{}, fmt.Errorf("%w; get it with `pip install jax[cuda13]` and set PJRT_PLUGIN_LIBRARY_PATH to a folder with "+
			"xla_cuda_plugin.so linked as pjrt_c_api_cuda_plugin.so, or call go-xla's installer.AutoInstall", err)
	}
	return s.load(path, options)
}

// load opens the plugin at path and lets it compute once, so that a plugin that loads but cannot run is found out here.
func (s *search) load(path, options string) (compute.Backend, Info, error) {
	config := path
	if options != "" {
		config += "," + options
	}
	b, version, err := s.openPlugin(config, path)
	if err != nil {
		return nil, Info{}, fmt.Errorf("opening PJRT plugin %s: %w", path, err)
	}
	if err := selfTest(b); err != nil {
		b.Finalize()
		return nil, Info{}, fmt.Errorf("PJRT plugin %s opens but does not compute: %w", path, err)
	}
	kind := "xla:cpu"
	if isCUDA(path) {
		kind = "xla:cuda"
	}
	return b, Info{Backend: kind, Plugin: s.pluginName(path), PJRT: version, Cores: runtime.NumCPU(), Path: path}, nil
}

// isCUDA tells plugins apart as go-xla does.
func isCUDA(path string) bool { return strings.Contains(filepath.Base(path), "cuda") }

// openGo opens the pure-Go backend. Operations run one after another, each on all cores: run side by side, as is compute's
// default, their matrix products wait for each other's workers forever (compute v0.1.2 workerspool.Pool.Saturate).
func openGo(options string) (compute.Backend, Info, error) {
	b, err := gobackend.New("ops_sequential," + options)
	if err != nil {
		return nil, Info{}, fmt.Errorf("backend: opening the pure-Go backend: %w", err)
	}
	plugin := strings.TrimSpace("compute " + moduleVersion("github.com/gomlx/compute"))
	if simd {
		plugin += " simd"
	}
	return b, Info{Backend: "go", Plugin: plugin, Cores: min(runtime.NumCPU(), runtime.GOMAXPROCS(0))}, nil
}

// moduleVersion returns the version of a module linked into this program; empty if the build does not say.
func moduleVersion(path string) string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range build.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return ""
}

func (o Options) notice(line string) {
	if o.Notice != nil {
		o.Notice(line)
	}
}

func (o Options) progress(done, total int64) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}
