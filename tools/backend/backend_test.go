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
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
)

// index is a package index that serves one wheel, in the ways that networks and servers fail.
type index struct {
	wheel    []byte
	mode     string // how it fails: a case of ServeHTTP, or "missing"; empty if it does not
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
		w.(http.Flusher).Flush()
		w.Write(append(bytes.Clone(x.wheel), 1, 2, 3))
	case "hang":
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	case "slow":
		time.Sleep(200 * time.Millisecond)
		w.Write(x.wheel)
	case "short":
		w.(http.Flusher).Flush()
		w.Write(x.wheel[:20]) // and no Content-Length that would tell
	case "trickle":
		for i := range 100 {
			w.Write(x.wheel[i : i+1])
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	case "drop":
		if request < 5 {
			from := 0
			fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
			w.Header().Set("Content-Length", fmt.Sprint(len(x.wheel)-from))
			if from > 0 {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(x.wheel)-1, len(x.wheel)))
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

// fakeWheel returns a wheel, always of the same bytes, and the plugin inside.
func fakeWheel() (wheel, library []byte) {
	library = []byte("\x7fELF no real library, but what is in the wheel")
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	member, err := archive.Create("fake/libpjrt.so")
	if err == nil {
		_, err = member.Write(library)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes(), library
}

// fakeSearch returns a search with one release, fakeWheel, that opens pure Go instead of a plugin.
func fakeSearch(index, cache string) *search {
	wheel, library := fakeWheel()
	return &search{
		cache: cache, pip: pipSettings{indexes: []string{index}},
		dial: 2 * time.Second, stall: 2 * time.Second, pause: time.Millisecond, limit: 100 * time.Millisecond, wait: time.Minute,
		devices: "/nonexistent/*",
		releases: []release{{
			name: "fake", version: "1", archive: "fake-1.whl", size: int64(len(wheel)), sum: digest(wheel),
			member: "libpjrt.so", librarySize: int64(len(library)), librarySum: digest(library),
		}},
		openPlugin: func(string, string) (compute.Backend, string, error) {
			b, _, err := openGo("")
			return b, "0.1", err
		},
		goXLA: func() error { return errors.New("no GitHub in a test") },
	}
}

// newTest returns a search in an empty cache whose one release x serves.
func newTest(t *testing.T, x *index) *search {
	t.Helper()
	x.wheel, _ = fakeWheel()
	server := httptest.NewServer(x)
	t.Cleanup(server.Close)
	return fakeSearch(server.URL+"/simple", filepath.Join(t.TempDir(), "cache"))
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
	if left, _ := filepath.Glob(filepath.Join(s.cache, "unpacking-*")); len(left) > 0 {
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

func TestANewRunGoesOnWhereAnOldOneEnded(t *testing.T) {
	for name, part := range map[string]func(wheel []byte) []byte{
		"a part":             func(wheel []byte) []byte { return wheel[:40] },
		"the whole":          func(wheel []byte) []byte { return wheel },
		"of another file":    func([]byte) []byte { return bytes.Repeat([]byte{9}, 40) },
		"larger than it may": func(wheel []byte) []byte { return append(bytes.Clone(wheel), 1) },
	} {
		x := &index{}
		s := newTest(t, x)
		if err := os.MkdirAll(s.cache, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.cache, "fake-1.whl.part"), part(x.wheel), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := filepath.Glob(filepath.Join(s.cache, "*.part")); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestATricklingServerMeetsTheLimit(t *testing.T) {
	s := newTest(t, &index{mode: "trickle"})
	s.wait = 300 * time.Millisecond
	_, err := s.cpuPlugin(context.Background(), Options{Install: true})
	if err == nil || !strings.Contains(err.Error(), "not done after 300ms") {
		t.Errorf("%v, want an error that names the limit", err)
	}
}

func TestBadServersAreErrorsAndLeaveNothing(t *testing.T) {
	for mode, want := range map[string]string{"lie": "SHA-256", "huge": "bytes arrived", "short": "ended after 20 of", "hang": "nothing arrived", "missing": "404"} {
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
		left, _ := filepath.Glob(filepath.Join(s.cache, "*.*"))
		left = slices.DeleteFunc(left, func(name string) bool { return mode == "short" && strings.HasSuffix(name, ".part") })
		if len(left) != 1 || filepath.Base(left[0]) != "install.lock" {
			t.Errorf("%s: left %v, want the lock only", mode, left)
		}
	}
}

func TestOfflineFallsBackToGoWithANotice(t *testing.T) {
	s := newTest(t, &index{})
	s.pip.indexes = []string{"http://127.0.0.1:1/simple"}
	var notices []string
	b, info, err := s.open(context.Background(), Options{Install: true, Notice: func(line string) { notices = append(notices, line) }})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if info.Backend != "go" || len(notices) == 0 || !strings.Contains(notices[len(notices)-1], "times slower") {
		t.Fatalf("opened %+v with notices %q, want pure Go and a line that says how slow", info, notices)
	}
	if last := notices[len(notices)-1]; len(last) > 300 || hasXLA && !strings.Contains(last, "go run ./tools/xla") {
		t.Errorf("the notice has %d characters, want a short one that says what to do: %q", len(last), last)
	}
	if _, err := s.cpuPlugin(context.Background(), Options{Install: true}); !errors.Is(err, ErrOffline) {
		t.Errorf("installing offline: %v, want ErrOffline", err)
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

// TestMain is also what the processes of TestSeveralProcessesInstallOnce run.
func TestMain(m *testing.M) {
	index, cache := os.Getenv("BACKEND_TEST_INDEX"), os.Getenv("BACKEND_TEST_CACHE")
	if index == "" {
		os.Exit(m.Run())
	}
	path, err := fakeSearch(index, cache).cpuPlugin(context.Background(), Options{Install: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(path)
}

func TestSeveralProcessesInstallOnce(t *testing.T) {
	x := &index{mode: "slow"}
	s := newTest(t, x)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			process := exec.CommandContext(t.Context(), os.Args[0])
			process.Env = append(os.Environ(), "BACKEND_TEST_INDEX="+s.pip.indexes[0], "BACKEND_TEST_CACHE="+s.cache)
			out, err := process.Output()
			if want := s.library(s.releases[0]); err != nil || strings.TrimSpace(string(out)) != want {
				t.Errorf("a process printed %q and ended with %v, want %s", out, err, want)
			}
		})
	}
	all.Wait()
	if x.requests != 2 {
		t.Errorf("%d requests, want 2: a page and a wheel, for all processes together", x.requests)
	}
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
	if _, err := s.cpuPlugin(ctx, Options{Install: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cpuPlugin = %v, want the context's error", err)
	}
}

func TestUnknownBackendsAreErrors(t *testing.T) {
	for _, want := range []string{"tpu", "xla:metal", "xla:relative/path.so", "xla:/no/such/cpu_plugin.so"} {
		if _, _, err := Open(context.Background(), Options{Want: want}); err == nil {
			t.Errorf("Open(%q) is no error", want)
		}
	}
}

func TestBFloat16TakesThePluginThatUsesAMX(t *testing.T) {
	s := newTest(t, &index{})
	plain := s.releases[0]
	fast := plain
	fast.name, fast.amx = "fast", true
	s.releases = []release{plain, fast}
	for _, step := range []struct {
		amx, install, half bool
		want, notice       string
	}{
		{amx: true, install: true, want: "fake-1"},
		{amx: true, half: true, want: "fake-1", notice: "slower than float32"}, // the other is not here
		{install: true, half: true, want: "fake-1"},                            // no such CPU
		{amx: true, install: true, half: true, want: "fast-1"},
		{amx: true, half: true, want: "fast-1"},
		{amx: true, want: "fake-1"},
	} {
		s.amx = step.amx
		said := ""
		path, err := s.cpuPlugin(context.Background(), Options{
			Install: step.install, BFloat16: step.half, Notice: func(line string) { said += line },
		})
		if err != nil || !strings.Contains(path, step.want) {
			t.Errorf("%+v: %s, %v", step, path, err)
		}
		if !strings.Contains(said, step.notice) || step.notice == "" && strings.Contains(said, "slower") {
			t.Errorf("%+v: notice %q", step, said)
		}
	}
}
