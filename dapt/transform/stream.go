package transform

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Stream returns the random numbers of one purpose, such as "order", "crop" or "init", and of one place, such as an
// epoch and an item. It depends on nothing else, so that neither the number of workers nor the order of their work
// changes a draw, and a resumed run draws what an uninterrupted one would have.
func Stream(seed uint64, purpose string, keys ...uint64) *rand.Rand {
	name := binary.BigEndian.AppendUint64(nil, seed)
	name = binary.BigEndian.AppendUint64(name, uint64(len(purpose)))
	name = append(name, purpose...)
	for _, key := range keys {
		name = binary.BigEndian.AppendUint64(name, key)
	}
	hash := sha256.Sum256(name)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(hash[:]), binary.BigEndian.Uint64(hash[8:])))
}
