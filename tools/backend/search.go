package backend

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/installer"
	"golang.org/x/sys/cpu"
)

// search is where plugins are looked for and fetched from; tests replace its folders and servers.
type search struct {
	env      []string      // from PJRT_PLUGIN_LIBRARY_PATH
	cache    string        // where this package installs; empty if the user has no cache folder
	usual    []string      // where go-xla looks
	releases []release     // what can be installed, best first
	pip      pipSettings   // where pip would ask for packages
	dial     time.Duration // to reach a server
	stall    time.Duration // without a byte of an answer
	wait     time.Duration // for an installation, by this process or another
	pause    time.Duration // before a download that broke is resumed
	limit    time.Duration // of go-xla's own installer
	devices  string        // pattern of a GPU's device files
	amx      bool          // whether the CPU multiplies bfloat16 matrices in units of their own

	pypi       func(name string) (*installer.PipPackageInfo, error) // what PyPI says of a package
	openPlugin func(config, path string) (compute.Backend, string, error)
	goXLA      func() error // go-xla's own installer
}

// newSearch returns the search of this user on this machine.
func newSearch() *search {
	s := &search{
		env:      filepath.SplitList(os.Getenv("PJRT_PLUGIN_LIBRARY_PATH")),
		usual:    usualFolders(),
		releases: releases(runtime.GOOS, runtime.GOARCH),
		pip:      readPip(os.Getenv),
		dial:     5 * time.Second,
		stall:    20 * time.Second,
		wait:     15 * time.Minute,
		pause:    time.Second,
		limit:    5 * time.Minute,
		devices:  "/dev/nvidia[0-9]*",
		amx:      cpu.X86.HasAMXBF16,

		pypi:       installer.GetPipInfo,
		openPlugin: openPlugin,
		goXLA:      runGoXLA,
	}
	if folder, err := os.UserCacheDir(); err == nil {
		s.cache = filepath.Join(folder, "dapt-go", "pjrt")
	}
	return s
}

// usualFolders returns the folders that go-xla itself installs to and searches; ld.so's own are left out, no installer
// writes there.
func usualFolders() []string {
	libs := []string{"/usr/local/lib"}
	if home, err := installer.DefaultHomeLibPath(); err == nil {
		libs = append([]string{home}, libs...)
	}
	var folders []string
	for _, lib := range libs {
		folders = append(folders, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"), filepath.Join(lib, "gomlx", "pjrt"))
	}
	for _, folder := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if filepath.IsAbs(folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// hasGPU tells whether an NVIDIA GPU's device file is there.
func (s *search) hasGPU() bool {
	found, err := filepath.Glob(s.devices)
	return err == nil && len(found) > 0
}

// cpuPlugin returns the path of the CPU plugin: the one found first, else one it installs if o allows.
func (s *search) cpuPlugin(ctx context.Context, o Options) (string, error) {
	if o.BFloat16 && s.amx {
		path, err := s.bfloat16Plugin(ctx, o)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		o.notice(fmt.Sprintf("bfloat16 will be slower than float32: there is no plugin that uses this CPU's AMX units: %v", err))
	}
	path, missing := s.find("cpu")
	if missing == nil {
		return path, nil
	}
	if !o.Install {
		return "", fmt.Errorf("%w; install one with `go run ./tools/xla`", missing)
	}
	path, err := s.install(ctx, o)
	if err != nil {
		return "", fmt.Errorf("%w; installing one failed: %w", missing, err)
	}
	return path, nil
}

// bfloat16Plugin is cpuPlugin for those releases only that use AMX; what PJRT_PLUGIN_LIBRARY_PATH names comes first still.
func (s *search) bfloat16Plugin(ctx context.Context, o Options) (string, error) {
	with := *s
	with.usual, with.releases = nil, nil
	with.goXLA = func() error { return errors.New("left out, its plugin may not use AMX") }
	for _, r := range s.releases {
		if r.amx {
			with.releases = append(with.releases, r)
		}
	}
	o.BFloat16 = false
	return with.cpuPlugin(ctx, o)
}

// find returns the first intact plugin of a kind, "cpu" or "cuda": in PJRT_PLUGIN_LIBRARY_PATH, then the cache folder,
// then go-xla's folders. go-xla's own AvailablePlugins is not used: it loads every file it meets and panics on a broken one.
func (s *search) find(kind string) (string, error) {
	var broken []string
	for _, folder := range s.env {
		if path, ok := firstIntact(folder, kind, &broken); ok {
			return path, nil
		}
	}
	if kind == "cpu" {
		for _, r := range s.releases {
			path, err := s.installed(r)
			if err == nil {
				return path, nil
			}
			if !errors.Is(err, os.ErrNotExist) {
				broken = append(broken, err.Error())
			}
		}
	}
	for _, folder := range s.usual {
		if path, ok := firstIntact(folder, kind, &broken); ok {
			return path, nil
		}
	}
	err := fmt.Errorf("no PJRT %s plugin in %s", kind, strings.Join(s.places(kind), ", "))
	if len(broken) > 0 {
		err = fmt.Errorf("%w (broken: %s)", err, strings.Join(broken, ", "))
	}
	return "", err
}

// places lists the folders find looks in, for messages.
func (s *search) places(kind string) []string {
	env := strings.Join(s.env, string(filepath.ListSeparator))
	if env == "" {
		env = "unset"
	}
	places := []string{"PJRT_PLUGIN_LIBRARY_PATH (" + env + ")"}
	if kind == "cpu" && s.cache != "" {
		places = append(places, s.cache)
	}
	return append(places, s.usual...)
}

// firstIntact returns the plugin of a kind in folder, or folder itself if it is such a file; it appends what is wrong
// with others to broken.
func firstIntact(folder, kind string, broken *[]string) (string, bool) {
	patterns := []string{folder}
	for _, name := range []string{"pjrt_c_api_%s*_plugin.*", "pjrt-plugin-%s*.*", "pjrt_plugin_%s*.*"} {
		patterns = append(patterns, filepath.Join(folder, fmt.Sprintf(name, kind)))
	}
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // a pattern that is none finds nothing
		for _, path := range found {
			if !isLibrary(path) || !strings.Contains(filepath.Base(path), kind) {
				continue
			}
			if err := intact(path); err != nil {
				*broken = append(*broken, err.Error())
				continue
			}
			if absolute, err := filepath.Abs(path); err == nil {
				return absolute, true
			}
		}
	}
	return "", false
}

// isLibrary tells whether path names a shared library that exists.
func isLibrary(path string) bool {
	switch filepath.Ext(path) {
	case ".so", ".dylib", ".dll":
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular()
	}
	return false
}

// intact checks that path is a whole file: loading an ELF library that was cut short ends the process with SIGBUS,
// which nothing can catch.
func intact(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("PJRT plugin: %w", err)
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	library, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("PJRT plugin %s is no library: %w", path, err)
	}
	defer library.Close()
	for _, segment := range library.Progs {
		if end := segment.Off + segment.Filesz; end > uint64(info.Size()) {
			return fmt.Errorf("PJRT plugin %s is cut short: it has %d of at least %d bytes", path, info.Size(), end)
		}
	}
	return nil
}
