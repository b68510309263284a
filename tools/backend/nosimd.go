//go:build !goexperiment.simd || !amd64

package backend

// simd tells whether the pure-Go backend is built with vector instructions.
const simd = false
