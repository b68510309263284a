//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && cgo && !noxla

package backend

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// hasXLA tells whether this build has XLA.
const hasXLA = true

// openPlugin opens go-xla's backend on the plugin at path and returns the version of the plugin's API.
func openPlugin(config, path string) (b compute.Backend, version string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("go-xla panicked: %v", p)
		}
	}()
	xla.EnableAutoInstall(false)
	if !isCUDA(path) {
		keepMemory()
	}
	opened, err := xla.New(config)
	if err != nil {
		return nil, "", err
	}
	plugin, err := pjrt.GetPlugin(path)
	if err != nil {
		opened.Finalize()
		return nil, "", err
	}
	major, minor := plugin.Version()
	return opened, fmt.Sprintf("%d.%d", major, minor), nil
}
