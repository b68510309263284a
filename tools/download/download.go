// Package download fetches large files over lines that break and from servers that err, and unpacks archives that nobody
// vouches for.
//
// What arrives stays in a part beside the file's place until it is whole and its checksum is right, so that an interrupted
// download goes on where it ended. An archive is unpacked whole or not at all.
package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// ErrChecksum means that a file is not the one that its checksum is of.
var ErrChecksum = errors.New("checksum differs")

// File is a file to fetch, and what is known of it.
type File struct {
	URL    string // http or https
	Path   string // where it goes; a part of it lies at Path + ".part", what a server said of it at Path + ".json"
	Size   int64  // in bytes; 0 is unknown
	SHA256 string // in hex; "" is unknown
	MD5    string // in hex; "" is unknown
}

// Client fetches files. The zero value has the defaults.
type Client struct {
	Dial      time.Duration // to reach a server; 0 means 10 s
	Stall     time.Duration // without a byte of an answer; 0 means 30 s
	Pause     time.Duration // before a try after one that broke, doubled with each that brought nothing; 0 means 1 s
	Tries     int           // in a row that bring nothing, until Fetch gives up; 0 means 2
	Redirects int           // of one request; 0 means 10
	Limit     int64         // bytes of a file whose size nobody tells; 0 means 64 GB
	Notice    func(line string)
	Progress  func(done, total int64) // receives bytes; total is 0 if it is unknown
}

// longest is the longest pause between tries, whatever a server asks for.
const longest = time.Minute

func (c Client) notice(format string, values ...any) {
	if c.Notice != nil {
		c.Notice(fmt.Sprintf(format, values...))
	}
}

// refusal is an answer that will not be another one next time.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

func refuse(format string, values ...any) error { return &refusal{fmt.Sprintf(format, values...)} }

// trouble is an answer that may be another one after a while.
type trouble struct {
	status string
	after  time.Duration // as the server asks; 0 if it does not
}

func (t *trouble) Error() string { return t.status }

// stale is a part that cannot be gone on with.
type stale struct{ reason string }

func (s *stale) Error() string { return s.reason }

// Fetch brings a file to its path, going on with what an earlier call left, and checks its size and checksums. If the file
// is there already it is only checked.
//
// Where no checksum is known, the file's own SHA-256 is written to Path + ".json" and said in a notice; a later download
// that differs from it is [ErrChecksum]. Without a checksum, a part is gone on with only if the server says by ETag or
// Last-Modified that its file is the same still.
//
// A line that breaks is tried again. ctx ends Fetch with its cause; what has arrived stays.
func (c Client) Fetch(ctx context.Context, f File) error {
	if err := f.validate(); err != nil {
		return err
	}
	if _, err := os.Stat(f.Path); err == nil {
		return c.Verify(ctx, f)
	}
	t := newTransfer(c, f)
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return fmt.Errorf("making the folder of a download: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return err
	}
	if err := os.Rename(t.part, f.Path); err != nil {
		return fmt.Errorf("moving a download to its place: %w", err)
	}
	return nil
}

// Verify checks a file that is there as Fetch does. f needs no URL.
func (c Client) Verify(ctx context.Context, f File) error {
	err := newTransfer(c, f).check(ctx, f.Path)
	if errors.Is(err, ErrChecksum) {
		return fmt.Errorf("%w; remove the file to get it anew", err)
	}
	return err
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]*$`)

func (f File) validate() error {
	where, err := url.Parse(f.URL)
	switch {
	case err != nil:
		return fmt.Errorf("download: %w", err)
	case where.Scheme != "http" && where.Scheme != "https" || where.Host == "":
		return fmt.Errorf("download: the address is %q, want one that begins with https://", where.Redacted())
	case f.Path == "":
		return fmt.Errorf("download: no path for %s", where.Redacted())
	case f.Size < 0:
		return fmt.Errorf("download: Size is %d, want at least 0, which is unknown", f.Size)
	case f.SHA256 != "" && len(f.SHA256) != 64, f.MD5 != "" && len(f.MD5) != 32, !hexadecimal.MatchString(f.SHA256 + f.MD5):
		return fmt.Errorf("download: the checksum of %s is %q, want 64 (SHA-256) or 32 (MD5) small hexadecimal digits", where.Redacted(), f.SHA256+f.MD5)
	}
	return nil
}

// pinned tells whether a checksum is known.
func (f File) pinned() bool { return f.SHA256 != "" || f.MD5 != "" }

// run tries until the part is the whole file, and right.
func (t *transfer) run(ctx context.Context) error {
	idle, anew, moved := 0, false, false
	for furthest := size(t.part); ; {
		start := size(t.part)
		err := t.try(ctx, start)
		if err == nil {
			err = t.check(ctx, t.part)
			if !errors.Is(err, ErrChecksum) {
				return err
			}
			err = errors.Join(err, t.drop())
			if start == 0 || anew {
				return err
			}
			anew = true // the old part may have been of another file; it is gone now
			continue
		}
		if old, ok := errors.AsType[*stale](err); ok && !anew {
			t.notice("%s: %s; it is downloaded anew", filepath.Base(t.file.Path), old.reason)
			anew = true
			if err := t.drop(); err != nil {
				return err
			}
			continue
		}
		idle++
		if now := size(t.part); now > furthest {
			idle, furthest, moved = 0, now, true
		}
		if ctx.Err() != nil || isFinal(err) || Offline(err) && !moved || idle >= cmp.Or(t.Tries, 2) {
			return err
		}
		if err := t.wait(ctx, idle, err); err != nil {
			return err
		}
	}
}

// isFinal tells whether a further try makes no sense: the server was clear, or the disk fails.
func isFinal(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	_, disk := errors.AsType[*os.PathError](err)
	return refused || disk
}

// wait pauses, longer after each try that brought nothing, or as long as the server asks, which may be a minute.
func (t *transfer) wait(ctx context.Context, idle int, err error) error {
	pause := cmp.Or(t.Pause, time.Second) << min(idle, 6)
	if busy, ok := errors.AsType[*trouble](err); ok {
		pause = max(pause, busy.after)
	}
	if pause = min(pause, longest); pause >= time.Second {
		t.notice("%v; trying again in %v", err, pause)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

// Get sends a request with a limit on the time without a byte of the answer, and on redirects; one from https to http is an
// error. The caller calls stop, which ends the answer and frees what it holds.
func (c Client) Get(request *http.Request) (response *http.Response, stop func(), err error) {
	dial, stall := cmp.Or(c.Dial, 10*time.Second), cmp.Or(c.Stall, 30*time.Second)
	ctx, cancel := context.WithCancelCause(request.Context())
	stalled := time.AfterFunc(dial+stall, func() { cancel(fmt.Errorf("nothing arrived for %v", stall)) })
	client := &http.Client{CheckRedirect: c.follow, Transport: &http.Transport{
		Proxy:              http.ProxyFromEnvironment,
		DialContext:        (&net.Dialer{Timeout: dial}).DialContext,
		DisableKeepAlives:  true,
		DisableCompression: true, // of an archive, the bytes that its checksum is of
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
	stalled.Reset(stall)
	body := response.Body
	response.Body = &patient{ReadCloser: body, ctx: ctx, again: func() { stalled.Reset(stall) }}
	return response, func() { stalled.Stop(); cancel(nil); body.Close() }, nil
}

// follow decides on a redirect.
func (c Client) follow(next *http.Request, before []*http.Request) error {
	if limit := cmp.Or(c.Redirects, 10); len(before) > limit {
		return refuse("more than %d redirects, the last to %s", limit, next.URL.Redacted())
	}
	if last := before[len(before)-1]; last.URL.Scheme == "https" && next.URL.Scheme != "https" {
		return refuse("a redirect from https to %s, which anyone on the way could change", next.URL.Redacted())
	}
	return nil
}

// Offline tells whether an error means that a server could not even be spoken to.
func Offline(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}
