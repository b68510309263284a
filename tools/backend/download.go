package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// Errors of an installation that a caller can act on.
var (
	// ErrOffline means that no server could be reached; try again when the network is there.
	ErrOffline = errors.New("no server could be reached")
	// ErrChecksum means that a server gave another file than the pinned one; nothing of it is kept.
	ErrChecksum = errors.New("checksum differs")
)

// download is one archive on its way.
type download struct {
	*search
	release  release
	address  string                  // where it comes from
	file     string                  // where it goes; what an earlier run left there is kept
	progress func(done, total int64) // receives bytes
}

// run fetches the archive, going on where an earlier run ended, and checks its checksum.
//
// A line that breaks is tried again until two tries bring nothing; what has arrived stays for the next run.
func (d download) run(ctx context.Context) error {
	for idle := 0; ; {
		before := size(d.file)
		if before > d.release.size {
			if err := os.Remove(d.file); err != nil {
				return err
			}
			before = 0
		}
		err := d.fetch(ctx, before)
		if err == nil {
			if err = d.check(); err == nil || before == 0 {
				return err // a whole file, right or wrong
			}
			continue // the old part may have been of another file; it is gone now
		}
		if size(d.file) <= before {
			idle++
		}
		if _, final := errors.AsType[*refusal](err); final || ctx.Err() != nil || isOffline(err) || idle == 2 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d.pause):
		}
	}
}

// refusal is an answer that will not be another one next time.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// fetch appends what is missing to the file, which has its first start bytes.
func (d download) fetch(ctx context.Context, start int64) error {
	if start == d.release.size {
		return nil
	}
	where, err := url.Parse(d.address)
	if err != nil {
		return &refusal{err.Error()}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, http.NoBody)
	if err != nil {
		return &refusal{err.Error()}
	}
	if start > 0 {
		request.Header.Set("Range", "bytes="+strconv.FormatInt(start, 10)+"-")
	}
	response, stop, err := d.get(request)
	if err != nil {
		return fmt.Errorf("downloading %s: %w", where.Redacted(), err)
	}
	defer stop()
	switch response.StatusCode {
	case http.StatusOK: // the whole file, whatever was asked
		start = 0
	case http.StatusPartialContent:
	default:
		return fmt.Errorf("downloading %s: %w", where.Redacted(), answerError(response))
	}
	if err := d.save(response.Body, start); err != nil {
		return fmt.Errorf("downloading %s: %w", where.Redacted(), err)
	}
	return nil
}

// answerError is a refusal unless the server says that it is its own, passing trouble.
func answerError(response *http.Response) error {
	if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
		return errors.New(response.Status)
	}
	return &refusal{response.Status}
}

// save writes body to the file from start on; what was written stays when body breaks off, to go on from there.
func (d download) save(body io.Reader, start int64) error {
	f, err := os.OpenFile(d.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(start); err != nil {
		return err
	}
	count := &counter{done: start, limit: d.release.size, report: func(done int64) { d.progress(done, d.release.size) }}
	_, err = io.Copy(io.MultiWriter(count, f), body)
	_, refused := errors.AsType[*refusal](err)
	err = errors.Join(err, f.Close())
	if refused || count.done == 0 {
		err = errors.Join(err, os.Remove(d.file))
	}
	if err == nil && count.done < d.release.size {
		err = fmt.Errorf("the answer ended after %d of %d bytes: %w", count.done, d.release.size, io.ErrUnexpectedEOF)
	}
	return err
}

// check compares the file's SHA-256 with the pinned one, and removes a file that differs.
func (d download) check() error {
	got, err := hashFile(d.file)
	if err != nil {
		return err
	}
	if got != d.release.sum {
		err := fmt.Errorf("%w: SHA-256 of %s is %s, want %s", ErrChecksum, d.release.archive, got, d.release.sum)
		return errors.Join(err, os.Remove(d.file))
	}
	return nil
}

// counter reports bytes as they pass and stops at a limit.
type counter struct {
	done, limit int64
	report      func(done int64)
}

func (c *counter) Write(p []byte) (int, error) {
	if c.done += int64(len(p)); c.done > c.limit {
		return 0, &refusal{fmt.Sprintf("more than the pinned %d bytes arrived", c.limit)}
	}
	c.report(c.done)
	return len(p), nil
}

// get sends a request with a limit on the time without a byte of the answer; stop ends it and frees what it holds.
func (s *search) get(request *http.Request) (response *http.Response, stop func(), err error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	stalled := time.AfterFunc(s.dial+s.stall, func() { cancel(fmt.Errorf("nothing arrived for %v", s.stall)) })
	client := &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       (&net.Dialer{Timeout: s.dial}).DialContext,
		DisableKeepAlives: true,
	}}
	response, err = client.Do(request.WithContext(ctx))
	if err != nil {
		stalled.Stop()
		if failure, ok := errors.AsType[*url.Error](err); ok {
			err = failure.Err // its message repeats the address, with a password in it
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel(nil)
		return nil, nil, err
	}
	stalled.Reset(s.stall)
	body := response.Body
	response.Body = &patient{ReadCloser: body, ctx: ctx, again: func() { stalled.Reset(s.stall) }}
	return response, func() { stalled.Stop(); cancel(nil); body.Close() }, nil
}

// patient is a body that moves its deadline on with every read.
type patient struct {
	io.ReadCloser
	ctx   context.Context
	again func()
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.again()
	if err != nil && !errors.Is(err, io.EOF) && p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	return n, err
}

// isOffline tells whether a server could not even be spoken to.
func isOffline(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// size returns a file's length in bytes; 0 if it is not there.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// copyHashed copies at most limit bytes and returns their number and SHA-256 in hex.
func copyHashed(to io.Writer, from io.Reader, limit int64) (int64, string, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(from, limit))
	return n, hex.EncodeToString(h.Sum(nil)), err
}
