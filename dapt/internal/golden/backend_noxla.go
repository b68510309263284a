//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) || !cgo || noxla

package golden

import (
	"errors"

	"github.com/gomlx/compute"
)

// newXLA reports that this build has no XLA.
func newXLA(string) (compute.Backend, error) {
	return nil, errors.New("this build has no XLA (tag noxla, no C compiler when it was built, or a platform without plugins); unset GOMLX_BACKEND")
}
