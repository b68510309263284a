package backend

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/gomlx/go-xla/installer"

	"github.com/dapt-go/dapt-go/tools/download"
)

// install installs the first release that can be had and returns its plugin's path. One process at a time installs;
// the others wait and use what it left.
func (s *search) install(ctx context.Context, o Options) (string, error) {
	if s.cache == "" {
		return "", errors.New("there is no cache folder (neither XDG_CACHE_HOME nor HOME is set)")
	}
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.wait, fmt.Errorf("not done after %v", s.wait))
	defer cancel()
	unlock, err := s.lock(ctx, o)
	if err != nil {
		return "", err
	}
	defer unlock()
	var failures []error
	offline := true
	for _, r := range s.releases {
		if path, err := s.installed(r); err == nil { // by the process that had the lock
			return path, nil
		}
	}
	for _, r := range s.releases {
		path, err := s.installRelease(ctx, r, o)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("%s: %w", r, context.Cause(ctx))
		}
		offline = offline && download.Offline(err)
		failures = append(failures, fmt.Errorf("%s: %w", r, err))
	}
	file, err := s.installGoXLA(ctx, o)
	if err == nil {
		return file, nil
	}
	failures = append(failures, fmt.Errorf("go-xla's installer: %w", err))
	if offline {
		failures = append([]error{ErrOffline}, failures...)
	}
	return "", oneLine(failures)
}

// lock takes the cache folder's lock, which the system frees when its process ends.
func (s *search) lock(ctx context.Context, o Options) (unlock func(), err error) {
	l := flock.New(filepath.Join(s.cache, "install.lock"))
	ok, err := l.TryLock()
	if err == nil && !ok {
		o.notice("another process is installing the XLA plugin; waiting for it")
		_, err = l.TryLockContext(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("locking the cache folder: %w", err)
	}
	return func() { _ = l.Close() }, nil // the lock ends with the process at the latest
}

// installRelease downloads and unpacks one release.
func (s *search) installRelease(ctx context.Context, r release, o Options) (string, error) {
	addresses, err := s.addresses(ctx, r)
	archive := filepath.Join(s.cache, r.archive)
	for _, address := range addresses {
		o.notice(fmt.Sprintf("downloading the XLA plugin %s%s", r, megabytes(r.size)))
		failure := s.client(o.progress).Fetch(ctx, download.File{URL: address, Path: archive, Size: r.size, SHA256: r.sum})
		if failure == nil {
			return s.unpack(archive, r)
		}
		err = errors.Join(err, failure)
	}
	return "", err
}

// unpack moves the plugin out of the archive to its place, whole or not at all, and removes the archive.
func (s *search) unpack(archive string, r release) (plugin string, err error) {
	defer func() {
		if e := os.Remove(archive); err == nil && e != nil {
			err = fmt.Errorf("removing the unpacked archive: %w", e)
		}
	}()
	final := s.library(r)
	folder, err := os.MkdirTemp(s.cache, "unpacking-")
	if err != nil {
		return "", fmt.Errorf("making a folder to unpack in: %w", err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, filepath.Base(final))
	sum, err := r.extract(archive, file)
	if err != nil {
		return "", fmt.Errorf("unpacking: %w", err)
	}
	if err := writeSum(file, sum); err != nil {
		return "", err
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", err
	}
	if err := os.RemoveAll(filepath.Dir(final)); err != nil {
		return "", fmt.Errorf("removing the broken plugin: %w", err)
	}
	if err := os.Rename(folder, filepath.Dir(final)); err != nil {
		return "", fmt.Errorf("moving the plugin to its place: %w", err)
	}
	return final, nil
}

// extract writes the plugin in the archive to file and returns its SHA-256, which is checked if it is pinned.
func (r release) extract(archive, file string) (sum string, err error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	defer out.Close()
	copyOut := func(member io.Reader) error {
		var n int64
		if n, sum, err = copyHashed(out, member, r.librarySize+1); err != nil {
			return err
		}
		if sum != r.librarySum {
			return fmt.Errorf("%w: the plugin has %d bytes and SHA-256 %s", ErrChecksum, n, sum)
		}
		return nil
	}
	err = r.open(archive, copyOut)
	return sum, errors.Join(err, out.Sync(), out.Close())
}

// open calls use with the plugin in the wheel.
func (r release) open(archive string, use func(io.Reader) error) error {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer files.Close()
	for _, entry := range files.File {
		if path.Base(entry.Name) != r.member {
			continue
		}
		member, err := entry.Open()
		if err != nil {
			return err
		}
		defer member.Close()
		return use(member)
	}
	return fmt.Errorf("no %s in %s", r.member, r.archive)
}

// installGoXLA lets go-xla install its own plugin, which comes from GitHub and without a checksum. It has no time limit
// and may panic, so it runs beside and is left behind when it takes too long.
func (s *search) installGoXLA(ctx context.Context, o Options) (string, error) {
	o.notice("trying go-xla's own installer")
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("no end after %v", s.limit))
	defer cancel()
	done, install := make(chan error, 1), s.goXLA
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panicked: %v", p)
			}
		}()
		done <- install()
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case err := <-done:
		if err != nil {
			return "", err
		}
		return s.find("cpu")
	}
}

// runGoXLA runs go-xla's installer of its CPU plugin, quietly.
func runGoXLA() error {
	folder, err := installer.DefaultHomeLibPath()
	if err != nil {
		return err
	}
	return installer.CPUAutoInstall(filepath.Join(folder, "go-xla"), false, installer.Quiet)
}

// lineError is several errors in one line.
type lineError []error

// oneLine joins errors into one whose message has one line; a notice is one line.
func oneLine(errs []error) error { return lineError(errs) }

func (e lineError) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return strings.Join(texts, "; ")
}

func (e lineError) Unwrap() []error { return e }

// megabytes says how large a download is; nothing if unknown.
func megabytes(size int64) string {
	if size == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d MB)", size/1e6)
}
