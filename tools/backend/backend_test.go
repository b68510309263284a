package backend

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
)

// index is a package index that serves one wheel, in the ways that networks and servers fail.
type index struct {
	wheel    []byte
	mode     string // "", "drop", "lie", "hang", "huge", "missing"
	requests int
	lock     sync.Mutex
}

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.lock.Lock()
	x.requests++
	request := x.requests
	x.lock.Unlock()
	if !strings.HasSuffix(r.URL.Path, ".whl") {
		if x.mode == "missing" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `<a href="other.whl">other</a> <a href="../files/fake-1.whl#sha256=0">fake</a>`)
		return
	}
	switch x.mode {
	case "lie":
		w.Write(bytes.Repeat([]byte{7}, len(x.wheel)))
	case "huge":
		w.Write(append(bytes.Clone(x.wheel), 1, 2, 3))
	case "hang":
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	case "drop":
		if request < 5 {
			w.Header().Set("Content-Length", fmt.Sprint(len(x.wheel)))
			from := 0
			fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
			if from > 0 {
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(x.wheel[from : from+10])
			return
		}
		fallthrough
	default:
		http.ServeContent(w, r, "fake-1.whl", time.Time{}, bytes.NewReader(x.wheel))
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// newTest returns a search in an empty cache whose one release x serves, and that opens pure Go instead of a plugin.
func newTest(t *testing.T, x *index) *search {
	t.Helper()
	library := []byte("\x7fELF no real library, but what is in the wheel")
	var wheel bytes.Buffer
	archive := zip.NewWriter(&wheel)
	member, err := archive.Create("fake/libpjrt.so")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write(library); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	x.wheel = wheel.Bytes()
	server := httptest.NewServer(x)
	t.Cleanup(server.Close)
	return &search{
		cache: filepath.Join(t.TempDir(), "cache"), indexes: []string{server.URL + "/simple"},
		dial: time.Second, stall: 300 * time.Millisecond, pause: time.Millisecond, limit: 100 * time.Millisecond,
		devices: "/nonexistent/*",
		releases: []release{{
			name: "fake", version: "1", archive: "fake-1.whl", size: int64(wheel.Len()), sum: digest(wheel.Bytes()),
			member: "libpjrt.so", librarySize: int64(len(library)), librarySum: digest(library),
		}},
		openPlugin: func(string, string) (compute.Backend, string, error) {
			b, _, err := openGo("")
			return b, "0.1", err
		},
		goXLA: func() error { return errors.New("no GitHub in a test") },
	}
}

func TestInstallsOnceAndThenUsesTheCache(t *testing.T) {
	x := &index{}
	s := newTest(t, x)
	for range 2 {
		path, err := s.cpuPlugin(context.Background(), Options{Install: true})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(path, "fake-1") || !strings.Contains(path, "cpu") {
			t.Errorf("plugin at %s, want it in the cache with cpu in its name", path)
		}
	}
	if x.requests != 2 {
		t.Errorf("%d requests, want 2: a page and a wheel", x.requests)
	}
	if left, _ := filepath.Glob(filepath.Join(s.cache, ".installing-*")); len(left) > 0 {
		t.Errorf("work folders are left: %v", left)
	}
}

func TestADroppedDownloadGoesOn(t *testing.T) {
	x := &index{mode: "drop"}
	s := newTest(t, x)
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err != nil {
		t.Fatal(err)
	}
}

func TestBadServersAreErrorsAndLeaveNothing(t *testing.T) {
	for mode, want := range map[string]string{"lie": "SHA-256", "huge": "bytes arrived", "hang": "nothing arrived", "missing": "404"} {
		x := &index{mode: mode}
		s := newTest(t, x)
		start := time.Now()
		_, err := s.cpuPlugin(context.Background(), Options{Install: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", mode, err, want)
		}
		if spent := time.Since(start); spent > 20*time.Second {
			t.Errorf("%s: took %v", mode, spent)
		}
		if left, _ := filepath.Glob(filepath.Join(s.cache, "*")); len(left) > 0 {
			t.Errorf("%s: left %v", mode, left)
		}
	}
}

func TestOfflineFallsBackToGoWithANotice(t *testing.T) {
	s := newTest(t, &index{})
	s.indexes = []string{"http://127.0.0.1:1/simple"}
	var notices []string
	b, info, err := s.open(context.Background(), Options{Install: true, Notice: func(line string) { notices = append(notices, line) }})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if info.Backend != "go" || len(notices) == 0 || !strings.Contains(notices[len(notices)-1], "times slower") {
		t.Errorf("opened %+v with notices %q, want pure Go and a line that says how slow", info, notices)
	}
	if _, _, err := s.open(context.Background(), Options{Want: "xla:cpu", Install: true}); !errors.Is(err, ErrOffline) {
		t.Errorf("asked for xla:cpu offline: %v, want ErrOffline", err)
	}
}

func TestGoXLAsInstallerIsTriedLastAndNeverHangs(t *testing.T) {
	s := newTest(t, &index{mode: "missing"})
	s.goXLA = func() error { panic("as offline") }
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("a panicking installer: %v", err)
	}
	s.goXLA = func() error { select {} }
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err == nil || !strings.Contains(err.Error(), "no end") {
		t.Errorf("a hanging installer: %v", err)
	}
}

func TestSeveralProcessesMayInstallAtOnce(t *testing.T) {
	s := newTest(t, &index{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAReadOnlyCacheIsAnErrorThatNamesIt(t *testing.T) {
	s := newTest(t, &index{})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.cache = filepath.Join(file, "cache")
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want an error that names %s", err, file)
	}
}

func TestAChangedPluginIsNotUsed(t *testing.T) {
	s := newTest(t, &index{})
	path, err := s.cpuPlugin(context.Background(), Options{Install: true})
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[20] ^= 1
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := s.find("cpu"); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("find = %v, want an error that the file was changed", err)
	}
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err != nil {
		t.Errorf("installing over a broken plugin: %v", err)
	}
}

func TestCancelEndsTheDownload(t *testing.T) {
	s := newTest(t, &index{mode: "hang"})
	s.stall = time.Hour
	ctx, stop := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer stop()
	if _, _, err := s.open(ctx, Options{Install: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open = %v, want the context's error", err)
	}
}

func TestUnknownBackendsAreErrors(t *testing.T) {
	for _, want := range []string{"tpu", "xla:metal", "xla:relative/path.so", "xla:/no/such/cpu_plugin.so"} {
		if _, _, err := Open(context.Background(), Options{Want: want}); err == nil {
			t.Errorf("Open(%q) is no error", want)
		}
	}
}

func TestPipsConfigurationNamesTheIndex(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pip.conf")
	if err := os.WriteFile(file, []byte("[global]\ncert = x\nindex-url = https://mirror.example/simple\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PIP_INDEX_URL", "")
	t.Setenv("PIP_CONFIG_FILE", file)
	if got := pipIndexes(); len(got) != 1 || got[0] != "https://mirror.example/simple" {
		t.Errorf("pipIndexes() = %v", got)
	}
	t.Setenv("PIP_INDEX_URL", "https://other.example/simple")
	if got := pipIndexes(); got[0] != "https://other.example/simple" {
		t.Errorf("pipIndexes() = %v, want PIP_INDEX_URL first", got)
	}
}
