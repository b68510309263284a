package download

import (
	"bufio"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// transfer is a file on its way.
type transfer struct {
	Client
	file   File
	part   string
	record record
}

func newTransfer(c Client, f File) *transfer {
	return &transfer{Client: c, file: f, part: f.Path + ".part", record: readRecord(f.Path)}
}

// errWhole is a server's word that nothing is missing of the part.
var errWhole = errors.New("the part is the whole file")

// want is the file's size if it is known, pinned or as the server said; else 0.
func (t *transfer) want() int64 { return cmp.Or(t.file.Size, t.record.of(t.file).Size) }

// try asks for what is missing of the part, which has its first start bytes, and appends it.
func (t *transfer) try(ctx context.Context, start int64) error {
	known := t.record.of(t.file)
	if want := t.want(); want > 0 && start > want || !t.file.pinned() && known.validator() == "" {
		start = 0
	}
	if start > 0 && start == t.want() {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.file.URL, http.NoBody)
	if err != nil {
		return refuse("%v", err)
	}
	if start > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", start))
		if validator := known.validator(); validator != "" {
			request.Header.Set("If-Range", validator)
		}
	}
	if err := t.answer(request, start); err != nil && !errors.Is(err, errWhole) {
		return fmt.Errorf("downloading %s: %w", request.URL.Redacted(), err)
	}
	return nil
}

// answer sends the request and saves what is answered, if that is what was asked for.
func (t *transfer) answer(request *http.Request, start int64) error {
	response, stop, err := t.Get(request)
	if err != nil {
		return err
	}
	defer stop()
	switch response.StatusCode {
	case http.StatusOK: // the whole file, whatever was asked
		start, err = 0, t.begin(response)
	case http.StatusPartialContent:
		err = t.goesOn(response, start)
	case http.StatusRequestedRangeNotSatisfiable:
		err = t.beyond(response, start)
	default:
		err = statusError(response)
	}
	if err != nil {
		return err
	}
	if err := t.room(start); err != nil {
		return err
	}
	body := bufio.NewReader(response.Body)
	if head, _ := body.Peek(512); start == 0 && isPage(response, head) {
		return refuse("the server answers with a web page in place of the file: the link may have expired or want a login; open it in a browser")
	}
	return t.save(body, start)
}

// statusError is a refusal unless the server says that it is its own, passing trouble.
func statusError(response *http.Response) error {
	if response.StatusCode < 500 && response.StatusCode != http.StatusTooManyRequests {
		return refuse("%s", response.Status)
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 0 // or a date, which nobody sends
	}
	return &trouble{response.Status, min(time.Duration(seconds)*time.Second, longest)}
}

// begin takes note of what the server says of the whole file.
func (t *transfer) begin(response *http.Response) error {
	announced := response.ContentLength
	if want := t.file.Size; want > 0 && announced >= 0 && announced != want {
		return refuse("the server's file has %d bytes, want %d: it is another file", announced, want)
	}
	if limit := t.limit(); announced > limit {
		return refuse("the server's file has %d bytes, more than the %d that are allowed", announced, limit)
	}
	t.record = record{
		URL: t.file.URL, Size: max(announced, 0), ETag: response.Header.Get("ETag"), Modified: response.Header.Get("Last-Modified"),
		SHA256: t.record.SHA256,
	}
	return t.record.write(t.file.Path, t.record.validator() != "" || t.record.SHA256 != "")
}

// goesOn checks that an answer is of the file that the part is of, from start to its end.
func (t *transfer) goesOn(response *http.Response, start int64) error {
	var first, last int64
	span, total, _ := strings.Cut(response.Header.Get("Content-Range"), "/")
	if n, err := fmt.Sscanf(span, "bytes %d-%d", &first, &last); err != nil || n != 2 {
		return &stale{fmt.Sprintf("the server sends a part but not which (Content-Range %q)", response.Header.Get("Content-Range"))}
	}
	whole := last + 1
	if total != "*" {
		n, err := strconv.ParseInt(total, 10, 64)
		if err != nil {
			n = -1
		}
		whole = n
	}
	known := t.record.of(t.file)
	switch want := t.want(); {
	case first != start || last+1 != whole:
		return &stale{fmt.Sprintf("asked for bytes from %d on, the server sends bytes %d to %d of %s", start, first, last, total)}
	case want > 0 && whole != want:
		return &stale{fmt.Sprintf("the server's file has %d bytes now, not %d", whole, want)}
	case response.ContentLength >= 0 && response.ContentLength != last-first+1:
		return &stale{fmt.Sprintf("the server announces %d bytes for %d", response.ContentLength, last-first+1)}
	case known.changed(response.Header):
		return &stale{"the server's file has changed"}
	}
	return nil
}

// beyond explains why the server has nothing from start on: the part may be whole.
func (t *transfer) beyond(response *http.Response, start int64) error {
	total, ok := strings.CutPrefix(response.Header.Get("Content-Range"), "bytes */")
	if n, err := strconv.ParseInt(total, 10, 64); ok && err == nil && n == start && n > 0 && t.want() == 0 {
		return errWhole
	}
	return &stale{"the server has no such part of the file"}
}

// limit is the most bytes that are taken.
func (t *transfer) limit() int64 { return cmp.Or(t.file.Size, t.Limit, 64e9) }

// room checks that the disk has space for what is missing, as far as both are known.
func (t *transfer) room(start int64) error {
	want, folder := t.want(), filepath.Dir(t.part)
	if free, ok := Free(folder); ok && want > 0 && want-start > free {
		return refuse("it needs %s, but %s has %s free: make room, or choose another disk", Bytes(want-start), folder, Bytes(free))
	}
	return nil
}

// isPage tells whether an answer is a web page, by what the server says of it and by how it begins.
func isPage(response *http.Response, head []byte) bool {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml" || strings.HasPrefix(http.DetectContentType(head), "text/html")
}

// save writes body to the part from start on; what was written stays when body breaks off, to go on from there.
func (t *transfer) save(body io.Reader, start int64) error {
	f, err := os.OpenFile(t.part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(start); err != nil {
		return err
	}
	want := t.want()
	count := &counter{done: start, limit: cmp.Or(want, t.limit()), report: func(done int64) {
		if t.Progress != nil {
			t.Progress(done, want)
		}
	}}
	count.word = map[bool]string{true: "allowed", false: "announced"}[want == 0]
	if t.file.Size > 0 {
		count.word = "pinned"
	}
	_, err = io.Copy(io.MultiWriter(count, f), body)
	_, refused := errors.AsType[*refusal](err)
	err = errors.Join(err, f.Close())
	if refused || count.done == 0 {
		err = errors.Join(err, t.drop())
	}
	if err == nil && count.done < want {
		err = fmt.Errorf("the answer ended after %d of %d bytes: %w", count.done, want, io.ErrUnexpectedEOF)
	}
	return err
}

// drop removes the part, and what is noted of it.
func (t *transfer) drop() error {
	t.record = record{SHA256: t.record.SHA256}
	return errors.Join(t.record.write(t.file.Path, t.record.SHA256 != ""), remove(t.part))
}

// check compares a file with what is known of it, or else notes its SHA-256.
func (t *transfer) check(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	long, short := sha256.New(), md5.New() // MD5 only tells files apart that nobody forged: it is what some publish
	n, err := io.Copy(io.MultiWriter(long, short), &cancelled{ctx, f})
	if err != nil {
		return fmt.Errorf("hashing %s: %w", name, err)
	}
	base, sum := filepath.Base(t.file.Path), hex.EncodeToString(long.Sum(nil))
	switch md := hex.EncodeToString(short.Sum(nil)); {
	case t.file.Size > 0 && n != t.file.Size:
		return fmt.Errorf("%w: %s has %d bytes, want %d", ErrChecksum, base, n, t.file.Size)
	case t.file.SHA256 != "" && sum != t.file.SHA256:
		return fmt.Errorf("%w: SHA-256 of %s is %s, want %s", ErrChecksum, base, sum, t.file.SHA256)
	case t.file.MD5 != "" && md != t.file.MD5:
		return fmt.Errorf("%w: MD5 of %s is %s, want %s", ErrChecksum, base, md, t.file.MD5)
	case t.file.pinned():
		return remove(t.file.Path + ".json")
	}
	return t.note(n, sum)
}

// note compares the SHA-256 of a file that nobody published one of with that of an earlier download, or keeps it.
func (t *transfer) note(n int64, sum string) error {
	base := filepath.Base(t.file.Path)
	if old := t.record.SHA256; old != "" && old != sum {
		return fmt.Errorf("%w: SHA-256 of %s is %s, but it was %s when it was downloaded before; if its publisher has changed it, remove %s.json and try again",
			ErrChecksum, base, sum, old, t.file.Path)
	}
	if t.record.SHA256 == "" {
		t.notice("no checksum of %s is published; its SHA-256 is %s, which is kept in %s.json to compare the next download with", base, sum, t.file.Path)
	}
	t.record.URL, t.record.Size, t.record.SHA256 = t.file.URL, n, sum
	return t.record.write(t.file.Path, true)
}

// counter reports bytes as they pass and stops at a limit.
type counter struct {
	done, limit int64
	word        string // what the limit is
	report      func(done int64)
}

func (c *counter) Write(p []byte) (int, error) {
	if c.done += int64(len(p)); c.done > c.limit {
		return 0, refuse("more than the %s %d bytes arrived", c.word, c.limit)
	}
	c.report(c.done)
	return len(p), nil
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
