package mini

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// stream returns the random numbers of one item: they depend on the seed, the
// purpose and the item alone, never on what was drawn before.
func stream(seed uint64, purpose string, item int) *rand.Rand {
	hash := fnv.New64a()
	hash.Write(binary.LittleEndian.AppendUint64(nil, seed))
	hash.Write([]byte(purpose))
	return rand.New(rand.NewPCG(hash.Sum64(), uint64(item)))
}

// between draws evenly from [low, high).
func between(rnd *rand.Rand, low, high float64) float64 {
	return mix(low, high, rnd.Float64())
}

// chance is true with the given probability.
func chance(rnd *rand.Rand, probability float64) bool {
	return rnd.Float64() < probability
}

// pick draws one element.
func pick[T any](rnd *rand.Rand, from []T) T {
	return from[rnd.IntN(len(from))]
}

// The pictures must be the same on every machine, but compilers for some
// architectures fuse x*y + z into one operation that rounds once, even across
// inlined calls. An explicit conversion forbids it, so every product that may
// meet a sum goes through mul, mix or ramp.

func mul(a, b float64) float64 { return float64(a * b) }

// mix goes from a, at t = 0, to b, at t = 1.
func mix(a, b, t float64) float64 { return float64(a) + float64((float64(b)-float64(a))*t) }

func clamp(v float64) float64 { return max(0, min(1, v)) }

// ramp goes smoothly from 0, at low and below, to 1, at high and above.
func ramp(low, high, v float64) float64 {
	t := clamp((float64(v) - low) / (high - low))
	return float64(t * t * (3 - float64(2*t)))
}

// wave is a smooth oscillation between -1 and 1 with period 1, in place of the
// sine, whose last bit depends on the machine.
func wave(t float64) float64 {
	t -= math.Floor(t)
	if t < 0.5 {
		return 16 * t * (0.5 - t)
	}
	return -16 * (t - 0.5) * (1 - t)
}

// sinCos is the sine and the cosine of a small angle in radians, to seven digits below 0.5.
func sinCos(angle float64) (sin, cos float64) {
	square := mul(angle, angle)
	sin = angle * (1 - float64(square/6*(1-float64(square/20*(1-square/42)))))
	cos = 1 - float64(square/2*(1-float64(square/12*(1-float64(square/30*(1-square/56))))))
	return sin, cos
}
