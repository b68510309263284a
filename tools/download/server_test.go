package download

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// content is what the test's servers serve.
var content = bytes.Repeat([]byte("a line of the archive\n"), 500)

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func md(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// server serves by a function that is told how many requests came before.
func server(t *testing.T, serve func(w http.ResponseWriter, r *http.Request, before int)) (address string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, int(requests.Add(1))-1)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/archive.bin", requests
}

// whole serves data as servers of files do, with ranges and an ETag.
func whole(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Set("ETag", `"`+sha(data)[:8]+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "archive.bin", time.Time{}, bytes.NewReader(data))
}

// broken sends a number of bytes of what whole would, then breaks the line.
func broken(w http.ResponseWriter, r *http.Request, data []byte, n int) {
	whole(&cut{ResponseWriter: w, left: n}, r, data)
	panic(http.ErrAbortHandler)
}

type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	if c.left == 0 && err == nil {
		c.ResponseWriter.(http.Flusher).Flush()
		err = errors.New("cut")
	}
	return n, err
}

// onTheWay are servers that err, and give the file in the end.
var onTheWay = map[string]struct {
	serve    func(w http.ResponseWriter, r *http.Request, before int)
	pinned   bool // whether a checksum is known
	requests int64
	notice   string // "" for none
}{
	"nothing": {func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) }, false, 1, "no checksum of archive.bin is published"},
	"the line breaks twice": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before < 2 {
			broken(w, r, content, 3000)
		}
		whole(w, r, content)
	}, false, 3, "no checksum"},
	"the line breaks, and a server without ETag has a checksum": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:5000])
			return
		}
		if r.Header.Get("Range") != "bytes=5000-" || r.Header.Get("If-Range") != "" {
			http.Error(w, "asked for "+r.Header.Get("Range"), http.StatusBadRequest)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}, true, 2, ""},
	"the line breaks, and there is neither ETag nor checksum": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:5000])
			return
		}
		if r.Header.Get("Range") != "" {
			http.Error(w, "a part could be of another file", http.StatusBadRequest)
			return
		}
		w.Write(content)
	}, false, 2, "no checksum"},
	"the line breaks at the very end of a file of unknown size": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.Header().Set("ETag", `"1"`)
			w.Write(content)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}, false, 2, "no checksum"},
	"it is busy": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "later", http.StatusTooManyRequests)
			return
		}
		whole(w, r, content)
	}, true, 2, ""},
	"it fails": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			http.Error(w, "sorry", http.StatusBadGateway)
			return
		}
		whole(w, r, content)
	}, true, 2, ""},
	"its file changes between tries": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			broken(w, r, bytes.ToUpper(content), 3000)
		}
		whole(w, r, content)
	}, false, 2, "no checksum"},
	"its file changes, and it does not know If-Range": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			broken(w, r, bytes.ToUpper(content), 3000)
		}
		r.Header.Del("If-Range")
		whole(w, r, content)
	}, false, 3, "the server's file has changed; it is downloaded anew"},
	"it sends another part": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			broken(w, r, content, 3000)
		}
		if r.Header.Get("Range") != "" {
			r.Header.Set("Range", "bytes=2000-")
		}
		whole(w, r, content)
	}, true, 3, "asked for bytes from 3000 on, the server sends bytes 2000 to 10999 of 11000"},
	"it sends a part and not to the end": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			broken(w, r, content, 3000)
		}
		if r.Header.Get("Range") != "" {
			r.Header.Set("Range", "bytes=3000-4000")
		}
		whole(w, r, content)
	}, true, 3, "sends bytes 3000 to 4000"},
	"it sends a part and does not say which": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			broken(w, r, content, 3000)
		}
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[3000:])
			return
		}
		whole(w, r, content)
	}, true, 3, "sends a part but not which"},
	"it stalls once": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		whole(w, r, content)
	}, true, 2, ""},
	"it redirects to another name of this host": {func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			http.Redirect(w, r, "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/there", http.StatusFound)
			return
		}
		whole(w, r, content)
	}, true, 2, ""},
}

// wrongAnswers are servers that never give the file.
var wrongAnswers = map[string]struct {
	serve func(w http.ResponseWriter, r *http.Request, before int)
	size  int64 // as is pinned
	want  string
	left  int64 // bytes of the part
}{
	"a web page": {func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><title>Virus scan warning</title>")
	}, 0, "a web page in place of the file", 0},
	"a web page that is called an archive": {func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/zip")
		fmt.Fprint(w, "\n <html><body>log in</body></html>")
	}, 0, "a web page in place of the file", 0},
	"nothing of the name": {func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) }, 0, "404", 0},
	"nobody may":          {func(w http.ResponseWriter, _ *http.Request, _ int) { http.Error(w, "", http.StatusForbidden) }, 0, "403", 0},
	"always busy":         {func(w http.ResponseWriter, _ *http.Request, _ int) { http.Error(w, "", http.StatusServiceUnavailable) }, 0, "503", 0},
	"a loop of redirects": {func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}, 0, "more than 10 redirects", 0},
	"a file that is announced larger": {func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) }, 100, "has 11000 bytes, want 100", 0},
	"a file that is announced smaller": {
		func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) }, 1e6, "has 11000 bytes, want 1000000", 0,
	},
	"more than is pinned": {func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.(http.Flusher).Flush()
		w.Write(content)
	}, 10999, "more than the pinned 10999 bytes arrived", 0},
	"less than is pinned": {func(w http.ResponseWriter, r *http.Request, _ int) {
		w.(http.Flusher).Flush()
		w.Write(content)
	}, 11001, "ended after 11000 of 11001 bytes", 11000},
	"no end": {func(w http.ResponseWriter, _ *http.Request, _ int) {
		for range 2000 {
			if _, err := w.Write(content); err != nil {
				return
			}
		}
	}, 0, "more than the allowed 1048576 bytes arrived", 0},
	"more than is allowed": {func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Length", "1048577")
		w.Write(content)
	}, 0, "1048577 bytes, more than the 1048576 that are allowed", 0},
	"more than the disk has": {func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Length", fmt.Sprint(int64(1)<<60))
		w.Write(content)
	}, 1 << 60, "make room, or choose another disk", 0},
	"another file of the same size": {func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, bytes.ToUpper(content)) }, 11000, "SHA-256 of archive.bin is", 0},
	"no answer": {func(_ http.ResponseWriter, r *http.Request, _ int) {
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	}, 0, "nothing arrived for 300ms", 0},
}
