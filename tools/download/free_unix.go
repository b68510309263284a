//go:build linux || darwin

package download

import "golang.org/x/sys/unix"

// Free returns the bytes that this user may still write to the disk of a folder; ok is false if the system does not say.
func Free(folder string) (bytes int64, ok bool) {
	var disk unix.Statfs_t
	if err := unix.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	return int64(disk.Bavail) * int64(disk.Bsize), true
}
