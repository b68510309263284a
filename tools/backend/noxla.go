//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) || !cgo || noxla

package backend

import (
	"errors"

	"github.com/gomlx/compute"
)

// hasXLA tells whether this build has XLA.
const hasXLA = false

// openPlugin refuses: there is nothing in this build to open a plugin with.
func openPlugin(_, path string) (compute.Backend, string, error) {
	return nil, "", errors.New("this program is built without XLA and cannot open " + path)
}
