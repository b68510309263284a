//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) || noxla

package golden

import (
	"errors"

	"github.com/gomlx/compute"
)

// newXLA reports that this build has no XLA.
func newXLA(string) (compute.Backend, error) {
	return nil, errors.New("this build has no XLA (tag noxla, or no plugin exists for this platform); unset GOMLX_BACKEND")
}
