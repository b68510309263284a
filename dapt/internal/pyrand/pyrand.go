// Package pyrand draws the random numbers of CPython's random module and of NumPy's legacy RandomState, bit for bit,
// so that few-shot splits and uniform selections equal the reference's.
//
// Both are the Mersenne Twister, taken from gonum; they differ in seeding and in how they draw integers below a bound.
package pyrand

import (
	"math/bits"

	"gonum.org/v1/gonum/mathext/prng"
)

// twister draws what both generators draw alike.
type twister struct{ mt *prng.MT19937 }

// Uint32 returns the next 32-bit word: getrandbits(32).
func (t twister) Uint32() uint32 { return t.mt.Uint32() }

// Float64 returns random(): a multiple of 2^-53 in [0, 1).
func (t twister) Float64() float64 {
	high, low := t.mt.Uint32()>>5, t.mt.Uint32()>>6
	return float64(uint64(high)<<26|uint64(low)) / (1 << 53)
}

// Python is CPython's random.Random (Lib/random.py, Modules/_randommodule.c).
type Python struct{ twister }

// NewPython returns the generator after random.seed(seed). Python ignores the sign of a seed: that of -5 is that of 5.
func NewPython(seed uint64) Python {
	keys := []uint32{uint32(seed)}
	if high := uint32(seed >> 32); high != 0 {
		keys = append(keys, high)
	}
	mt := prng.NewMT19937()
	mt.SeedFromKeys(keys) // the reference code's init_by_array
	return Python{twister{mt}}
}

// Bits returns getrandbits(k), for k from 1 to 64.
func (p Python) Bits(k int) uint64 {
	if k <= 32 {
		return uint64(p.Uint32() >> (32 - k))
	}
	low := uint64(p.Uint32())
	return low | uint64(p.Uint32()>>(64-k))<<32
}

// Below returns randrange(n), an integer in [0, n), for n > 0. It is also the index that choice draws from n elements.
func (p Python) Below(n int) int {
	k := bits.Len(uint(n))
	for {
		if r := p.Bits(k); r < uint64(n) {
			return int(r)
		}
	}
}

// Sample returns sample(range(n), k), for 0 <= k <= n.
func (p Python) Sample(n, k int) []int {
	setSize := 21 // of a small set, less the size of an empty list
	if k > 5 {
		table := 4
		for table < 3*k {
			table *= 4
		}
		setSize += table
	}
	if n <= setSize {
		return p.samplePool(n, k)
	}
	out := make([]int, k)
	seen := make(map[int]bool, k)
	for i := range out {
		j := p.Below(n)
		for seen[j] {
			j = p.Below(n)
		}
		seen[j], out[i] = true, j
	}
	return out
}

// samplePool is Sample where copying all n elements is cheaper than remembering the drawn ones.
func (p Python) samplePool(n, k int) []int {
	pool := identity(n)
	out := make([]int, k)
	for i := range out {
		j := p.Below(n - i)
		out[i], pool[j] = pool[j], pool[n-i-1]
	}
	return out
}

// Shuffle exchanges n elements as shuffle does.
func (p Python) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, p.Below(i+1))
	}
}

// NumPy is numpy.random.RandomState, the generator behind numpy.random.seed and its functions.
type NumPy struct{ twister }

// NewNumPy returns the generator after numpy.random.seed(seed).
func NewNumPy(seed uint32) NumPy {
	mt := prng.NewMT19937()
	mt.Seed(uint64(seed)) // the reference code's init_genrand
	return NumPy{twister{mt}}
}

// Randint returns randint(low, high), an integer in [low, high), for low < high.
func (s NumPy) Randint(low, high int) int { return low + s.upTo(high-low-1) }

// upTo returns an integer in [0, most]: words masked to the length of most, until one is not above it.
func (s NumPy) upTo(most int) int {
	mask := uint64(1)<<bits.Len(uint(most)) - 1
	for most > 0 {
		word := uint64(s.Uint32())
		if mask>>32 != 0 {
			word = word<<32 | uint64(s.Uint32())
		}
		if word &= mask; word <= uint64(most) {
			return int(word)
		}
	}
	return 0 // one choice draws nothing
}

// Shuffle exchanges n elements as shuffle does.
func (s NumPy) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, s.upTo(i))
	}
}

// Permutation returns permutation(n).
func (s NumPy) Permutation(n int) []int {
	out := identity(n)
	s.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// Choice returns choice(n, k, replace=False), for 0 <= k <= n: the head of a whole permutation.
func (s NumPy) Choice(n, k int) []int { return s.Permutation(n)[:k] }

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
