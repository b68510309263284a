//go:build !linux && !darwin

package download

// Free returns the bytes that this user may still write to the disk of a folder; ok is false if the system does not say.
func Free(string) (bytes int64, ok bool) { return 0, false }
