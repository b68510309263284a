// Package golden is what tests share: reference values of the published code, and the backend to recompute them on.
package golden

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// Backend returns the backend tests run on, the same one for the whole process: the pure-Go backend unless
// GOMLX_BACKEND says otherwise.
//
// Values are "go", "xla:/absolute/path/pjrt_c_api_cpu_plugin.so" (keep "cpu" in the path: go-xla tells CPU plugins by
// name), or "xla:cpu" for the plugin in PJRT_PLUGIN_LIBRARY_PATH or the one that `go run ./tools/xla` has installed.
// Nothing is ever installed by a test; a backend that cannot be opened fails it.
func Backend(tb testing.TB) compute.Backend {
	tb.Helper()
	backend, err := open()
	if err != nil {
		tb.Fatalf("golden: opening backend of %s=%q: %v", compute.ConfigEnvVar, os.Getenv(compute.ConfigEnvVar), err)
	}
	return backend
}

// open opens the backend once; every later call returns the same.
var open = sync.OnceValues(func() (compute.Backend, error) {
	return newBackend(os.Getenv(compute.ConfigEnvVar))
})

// OnPureGo skips a test on XLA, where compiling its programs takes minutes and shows little that others do not.
func OnPureGo(tb testing.TB) {
	tb.Helper()
	if strings.HasPrefix(os.Getenv(compute.ConfigEnvVar), "xla") {
		tb.Skip("compiling the programs of this test takes minutes on XLA: it runs on pure Go")
	}
}

// newBackend opens what config asks for, without compute's registry, which panics on a name it does not know.
func newBackend(config string) (compute.Backend, error) {
	name, options, _ := strings.Cut(config, ":")
	switch name {
	case "", "go":
		// One operation after another, each on all cores: side by side, compute's default, matrix products wait for each
		// other's workers forever (compute v0.1.2 workerspool.Pool.Saturate).
		return gobackend.New("ops_sequential," + options)
	case "xla":
		return newXLA(options)
	}
	return nil, fmt.Errorf("unknown backend %q, want go, xla:cpu or xla:/absolute/path/to/plugin.so", name)
}
