package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/dapt-go/dapt-go/tools/download"
)

// Errors of an installation that a caller can act on.
var (
	// ErrOffline means that no server could be reached; try again when the network is there.
	ErrOffline = errors.New("no server could be reached")
	// ErrChecksum means that a server gave another file than the pinned one; nothing of it is kept.
	ErrChecksum = download.ErrChecksum
)

// client fetches within the limits of s.
func (s *search) client(progress func(done, total int64)) download.Client {
	return download.Client{Dial: s.dial, Stall: s.stall, Pause: s.pause, Progress: progress}
}

// copyHashed copies at most limit bytes and returns their number and SHA-256 in hex.
func copyHashed(to io.Writer, from io.Reader, limit int64) (int64, string, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(from, limit))
	return n, hex.EncodeToString(h.Sum(nil)), err
}
