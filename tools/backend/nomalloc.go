//go:build !(linux && (amd64 || arm64)) && cgo && !noxla

package backend

// keepMemory does nothing: it is about glibc.
func keepMemory() {}
