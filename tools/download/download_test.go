package download

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quick is a client for tests.
func quick() Client {
	return Client{Dial: time.Second, Stall: 300 * time.Millisecond, Pause: time.Millisecond, Limit: 1 << 20}
}

func fileOf(t *testing.T, address string) File {
	t.Helper()
	return File{URL: address, Path: filepath.Join(t.TempDir(), "new", "archive.bin")}
}

// arrived checks that the file is there, and that no part is.
func arrived(t *testing.T, name string, f File, want []byte) {
	t.Helper()
	got, err := os.ReadFile(f.Path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: the file has %d bytes, %v, want the server's %d", name, len(got), err, len(want))
	}
	if _, err := os.Stat(f.Path + ".part"); err == nil {
		t.Errorf("%s: a part is left", name)
	}
}

func TestWhatServersDoOnTheWayDoesNotChangeTheFile(t *testing.T) {
	for name, test := range onTheWay {
		address, requests := server(t, test.serve)
		f, c, said := fileOf(t, address), quick(), ""
		if test.pinned {
			f.Size, f.SHA256, f.MD5 = int64(len(content)), sha(content), md(content)
		}
		c.Notice = func(line string) { said += line + "\n" }
		if err := c.Fetch(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		arrived(t, name, f, content)
		if got := requests.Load(); got != test.requests {
			t.Errorf("%s: %d requests, want %d", name, got, test.requests)
		}
		if !strings.Contains(said, test.notice) || test.notice == "" && said != "" {
			t.Errorf("%s: notices %q, want %q", name, said, test.notice)
		}
		if _, err := os.Stat(f.Path + ".json"); (err == nil) == test.pinned {
			t.Errorf("%s: whether there is a record: %v, want one only without a published checksum", name, err == nil)
		}
	}
}

func TestWrongAnswersAreClearErrors(t *testing.T) {
	for name, test := range wrongAnswers {
		address, _ := server(t, test.serve)
		f, c := fileOf(t, address), quick()
		c.Dial = 100 * time.Millisecond
		if f.Size = test.size; f.Size > 0 {
			f.SHA256 = sha(content)
		}
		err := c.Fetch(t.Context(), f)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
		if _, err := os.Stat(f.Path); err == nil {
			t.Errorf("%s: there is a file", name)
		}
		if got := size(f.Path + ".part"); got != test.left {
			t.Errorf("%s: a part of %d bytes is left, want %d", name, got, test.left)
		}
	}
}

func TestAnInterruptedDownloadGoesOnInTheNextRun(t *testing.T) {
	half := make(chan bool, 1)
	address, _ := server(t, func(w http.ResponseWriter, r *http.Request, before int) {
		if before > 0 {
			if r.Header.Get("Range") != "bytes=6000-" || r.Header.Get("If-Range") == "" {
				t.Errorf("the next run asks for %q if it is %q", r.Header.Get("Range"), r.Header.Get("If-Range"))
			}
			whole(w, r, content)
			return
		}
		whole(&cut{ResponseWriter: w, left: 6000}, r, content)
		half <- true
		<-r.Context().Done()
	})
	f, c := fileOf(t, address), quick()
	c.Stall = time.Minute
	ctx, stop := context.WithCancelCause(t.Context())
	interrupted := errors.New("Ctrl-C")
	c.Progress = func(done, total int64) {
		if total != int64(len(content)) {
			t.Errorf("progress of %d bytes, want %d", total, len(content))
		}
		if done == 6000 {
			<-half
			stop(interrupted)
		}
	}
	if err := c.Fetch(ctx, f); !errors.Is(err, interrupted) {
		t.Fatalf("interrupted: %v, want the context's cause", err)
	}
	if got := size(f.Path + ".part"); got != 6000 {
		t.Fatalf("a part of %d bytes is left, want 6000", got)
	}
	c.Progress = nil
	if err := c.Fetch(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	arrived(t, "the next run", f, content)
}

func TestAFileIsComparedWithThatOfBefore(t *testing.T) {
	now := content
	address, requests := server(t, func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, now) })
	f, c := fileOf(t, address), quick()
	for range 2 { // the second time it is there
		if err := c.Fetch(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	now = bytes.ToUpper(content)
	if err := c.Fetch(t.Context(), f); !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), "remove "+f.Path+".json and try again") {
		t.Errorf("another file: %v, want ErrChecksum and what to do", err)
	}
	now = content
	if err := c.Fetch(t.Context(), f); err != nil {
		t.Errorf("the file of before: %v", err)
	}
	if err := os.WriteFile(f.Path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.Fetch(t.Context(), f); !errors.Is(err, ErrChecksum) {
		t.Errorf("a changed file that is there: %v, want ErrChecksum", err)
	}
}

func TestAnOldPartOfAnotherFileIsDropped(t *testing.T) {
	for name, part := range map[string][]byte{
		"another file": bytes.Repeat([]byte{9}, 40), "too large": append(bytes.Clone(content), 1), "the whole": content, "as large, but another": bytes.ToUpper(content),
	} {
		address, _ := server(t, func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) })
		f := File{URL: address, Path: filepath.Join(t.TempDir(), "archive.bin"), Size: int64(len(content)), MD5: md(content)}
		if err := os.WriteFile(f.Path+".part", part, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := quick().Fetch(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		arrived(t, name, f, content)
	}
}

func TestABrokenRecordSaysNothing(t *testing.T) {
	for _, text := range []string{"", "{", `{"size": -1}`, `{"sha256": "<script>"}`, `{"url": 1}`, `{"url": "https://elsewhere", "size": 3}`} {
		address, _ := server(t, func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) })
		f := File{URL: address, Path: filepath.Join(t.TempDir(), "archive.bin")}
		if err := errors.Join(os.WriteFile(f.Path+".json", []byte(text), 0o644), os.WriteFile(f.Path+".part", content[:3], 0o644)); err != nil {
			t.Fatal(err)
		}
		if err := quick().Fetch(t.Context(), f); err != nil {
			t.Errorf("record %q: %v", text, err)
			continue
		}
		arrived(t, text, f, content)
	}
}

func TestARedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain, requests := server(t, func(w http.ResponseWriter, r *http.Request, _ int) { whole(w, r, content) })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusFound))
	defer secure.Close()
	client := &http.Client{CheckRedirect: Client{}.follow, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	_, err := client.Get(secure.URL)
	if _, refused := errors.AsType[*refusal](err); !refused || requests.Load() != 0 {
		t.Errorf("%v after %d requests by http, want a refusal and none", err, requests.Load())
	}
}

func TestWrongFilesAreErrorsBeforeAnyRequest(t *testing.T) {
	for want, f := range map[string]File{
		`the address is "ftp://host/x"`:    {URL: "ftp://host/x", Path: "x"},
		`the address is "x"`:               {URL: "x", Path: "x"},
		"no path for https://u:xxxxx@host": {URL: "https://u:secret@host"},
		"Size is -1":                       {URL: "https://host", Path: "x", Size: -1},
		`is "abc", want 64`:                {URL: "https://host", Path: "x", SHA256: "abc"},
		"or 32 (MD5) small hexadecimal":    {URL: "https://host", Path: "x", MD5: strings.Repeat("G", 32)},
	} {
		if err := (Client{}).Fetch(t.Context(), f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fetch(%+v) = %v, want an error with %q", f, err, want)
		}
	}
}

func TestNobodyThereIsToldAtOnceUnlessSomethingCame(t *testing.T) {
	said := 0
	c := Client{Dial: time.Second, Tries: 9, Pause: 300 * time.Millisecond, Notice: func(string) { said++ }}
	err := c.Fetch(t.Context(), File{URL: "http://127.0.0.1:1/x", Path: filepath.Join(t.TempDir(), "x")})
	if !Offline(err) || said > 0 {
		t.Errorf("nobody there: %v after %d notices, want Offline to tell at once", err, said)
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Listener.Close()
		broken(w, r, content, 3000)
	}))
	defer s.Close()
	c.Tries = 3
	f := fileOf(t, s.URL)
	if err := c.Fetch(t.Context(), f); !Offline(err) || said != 1 || size(f.Path+".part") != 3000 {
		t.Errorf("nobody there any more: %v after %d notices, want Offline to tell after tries", err, said)
	}
}

func TestBytesAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1500: "1.5 kB", 791918971: "792 MB", 4996278331: "5.0 GB", 147897477120: "148 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
