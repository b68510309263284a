//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && cgo && !noxla

package golden

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
)

// newXLA opens a PJRT plugin that is already on this machine, by name or absolute path.
func newXLA(plugin string) (compute.Backend, error) {
	xla.EnableAutoInstall(false)
	name, options, hasOptions := strings.Cut(plugin, ",")
	if path := installed(); path != "" && (name == "cpu" || name == "") {
		plugin = path
		if hasOptions {
			plugin += "," + options
		}
	}
	return xla.New(plugin)
}

// installed returns the path of a CPU plugin that `go run ./tools/xla` installed, which go-xla does not find by itself;
// empty if there is none or PJRT_PLUGIN_LIBRARY_PATH names another.
func installed() string {
	cache, err := os.UserCacheDir()
	if err != nil || os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") != "" {
		return ""
	}
	sums, err := filepath.Glob(filepath.Join(cache, "dapt-go", "pjrt", "*", "*cpu*.sha256")) // written last
	if err != nil || len(sums) == 0 {
		return ""
	}
	return strings.TrimSuffix(sums[0], ".sha256")
}
