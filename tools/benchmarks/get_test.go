package benchmarks

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/tools/download"
)

// picture is a PNG of a size.
func picture(t testing.TB, width int) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewRGBA(image.Rect(0, 0, width, 8))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// pets are the files of a small OxfordPets below its folder.
func pets(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	lists := map[string][][]any{}
	for label, breed := range []string{"abyssinian", "beagle"} {
		for i, list := range []string{"train", "train", "val", "test"} {
			name := fmt.Sprintf("%s_%d.jpg", breed, i)
			files["images/"+name] = picture(t, 8+i)
			lists[list] = append(lists[list], []any{name, label, breed})
		}
	}
	var split []string
	for list, items := range lists {
		var texts []string
		for _, item := range items {
			texts = append(texts, fmt.Sprintf("[%q, %d, %q]", item...))
		}
		split = append(split, fmt.Sprintf("%q: [%s]", list, strings.Join(texts, ", ")))
	}
	files["split_zhou_OxfordPets.json"] = []byte("{" + strings.Join(split, ", ") + "}")
	return files
}

// write writes files below a folder.
func write(t testing.TB, folder string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// packed is a tar.gz of the files below a folder of the archive.
func packed(t testing.TB, below string, files map[string][]byte) []byte {
	t.Helper()
	var data bytes.Buffer
	zipped := gzip.NewWriter(&data)
	w := tar.NewWriter(zipped)
	for name, content := range files {
		if !strings.HasPrefix(name, "images/") {
			continue
		}
		err := w.WriteHeader(&tar.Header{Name: below + name, Size: int64(len(content)), Mode: 0o644})
		if _, failed := w.Write(content); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// small is an entry whose files a server of the test has, as far as served has them.
func small(t *testing.T, served map[string][]byte) (Entry, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		asked = append(asked, name)
		if served[name] == nil {
			http.NotFound(w, r)
			return
		}
		w.Write(served[name])
	}))
	t.Cleanup(server.Close)
	return Entry{Name: "OxfordPets", Sources: []Source{
		{File: "images.tar.gz", From: "VGG", URL: server.URL + "/images.tar.gz", Inner: "pets", Makes: []string{"images"}},
		{File: "split_zhou_OxfordPets.json", From: "CoOp", URL: server.URL + "/split_zhou_OxfordPets.json", Makes: []string{"split_zhou_OxfordPets.json"}},
	}}, &asked
}

// getter collects notices.
func getter() (Getter, *[]string) {
	var said []string
	return Getter{Notice: func(line string) { said = append(said, line) }}, &said
}

func TestWhatIsMissingIsGotOnce(t *testing.T) {
	files := pets(t)
	e, asked := small(t, map[string][]byte{"images.tar.gz": packed(t, "pets/", files), "split_zhou_OxfordPets.json": files["split_zhou_OxfordPets.json"]})
	spec, err := dataset.Find(e.Name)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "data", spec.Folder)
	g, said := getter()
	for range 2 {
		if err := g.Get(t.Context(), e, folder); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"images.tar.gz", "split_zhou_OxfordPets.json"}; !slices.Equal(*asked, want) {
		t.Errorf("asked for %q, want each once: %q", *asked, want)
	}
	if text := strings.Join(*said, "\n"); !strings.Contains(text, "unpacked 8 files") || !strings.Contains(text, "no checksum of images.tar.gz is published") {
		t.Errorf("said %q, want what was unpacked and what is not known", text)
	}
	if _, err := os.Stat(filepath.Join(folder, "images.tar.gz")); err == nil {
		t.Error("the archive is kept")
	}
	state, err := Check(t.Context(), spec, folder, mask.Files{})
	if err != nil || state.Wrong != nil || len(state.Data.Train) != 4 {
		t.Errorf("Check = %+v, %v, want a data set that can be used", state, err)
	}
}

func TestAnArchiveThatAUserHasIsUnpackedAndLeft(t *testing.T) {
	files := pets(t)
	for _, keep := range []bool{false, true} {
		e, asked := small(t, nil)
		e.Sources[0].URL, e.Sources[0].Do = "", "ask for it"
		e.Sources[1].URL = ""
		folder := t.TempDir()
		g, said := getter()
		g.Keep = keep
		if err := g.Get(t.Context(), e, folder); err != nil || len(*said) != 2 || !strings.Contains((*said)[0], "images.tar.gz comes from VGG (): ask for it") {
			t.Errorf("without: %v, said %q, want what to do", err, *said)
		}
		write(t, folder, map[string][]byte{"images.tar.gz": packed(t, "pets/", files), "split_zhou_OxfordPets.json": files["split_zhou_OxfordPets.json"]})
		if err := g.Get(t.Context(), e, folder); err != nil {
			t.Error(err)
		}
		if missing := e.Missing(folder); len(missing) > 0 || len(*asked) > 0 {
			t.Errorf("missing %+v, asked for %q, want nothing", missing, *asked)
		}
		if !e.Sources[0].given(folder) {
			t.Error("the user's archive is gone")
		}
	}
}

func TestWhatCannotBeGotIsAClearError(t *testing.T) {
	files := pets(t)
	e, asked := small(t, map[string][]byte{"images.tar.gz": packed(t, "dogs/", files)})
	g, _ := getter()
	folder := t.TempDir()
	if err := g.Get(t.Context(), e, folder); err == nil || !strings.Contains(err.Error(), "there is no pets in it") {
		t.Errorf("another archive: %v", err)
	}
	if left := e.Missing(folder); len(left) != 2 || !slices.Equal(*asked, []string{"images.tar.gz", "split_zhou_OxfordPets.json"}) {
		t.Errorf("missing %d after asking for %q, want both", len(left), *asked)
	}
	e.Sources[0].Inner, e.Sources[0].Makes = "", []string{"pictures"}
	if err := g.Get(t.Context(), e, t.TempDir()); err == nil || !strings.Contains(err.Error(), `does not have ["pictures"]`) {
		t.Errorf("an archive without the folder: %v", err)
	}
	*asked = nil
	e.Sources[0].Size = 1000
	g.free = func(string) (int64, bool) { return 1999, true }
	if err := g.Get(t.Context(), e, t.TempDir()); err == nil || !strings.Contains(err.Error(), "OxfordPets needs about 2.0 kB") || len(*asked) > 0 {
		t.Errorf("a full disk: %v after asking for %q", err, *asked)
	}
	g.free = nil
	e.Sources[0].Size, e.Sources[0].URL, folder = 0, "http://127.0.0.1:1/images.tar.gz", t.TempDir()
	if err := g.Get(t.Context(), e, folder); err == nil || !strings.Contains(err.Error(), "connect to the network") {
		t.Errorf("no network: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "downloads")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a network, a folder of downloads is left: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := g.Get(ctx, e, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestCaltechsArchiveInAnArchiveIsUnpackedByItsEntry(t *testing.T) {
	e, ok := Find("Caltech101")
	if !ok {
		t.Fatal("no entry")
	}
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	f, err := w.Create("caltech-101/101_ObjectCategories.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(packed(t, "101_ObjectCategories/", map[string][]byte{"images/1.jpg": {1}})); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, folder, map[string][]byte{"caltech-101.zip": data.Bytes()})
	s := e.Sources[0]
	if _, err := download.Unpack(t.Context(), download.Archive{Path: filepath.Join(folder, s.File), Inner: s.Inner, Nested: s.Nested}, folder); err != nil || !s.Here(folder) {
		t.Errorf("unpacking: %v, here: %v", err, s.Here(folder))
	}
}

func TestArchivesAreKeptWhereAskedAndUsedAgain(t *testing.T) {
	files := pets(t)
	e, asked := small(t, map[string][]byte{"images.tar.gz": packed(t, "pets/", files), "split_zhou_OxfordPets.json": files["split_zhou_OxfordPets.json"]})
	folder := t.TempDir()
	g, _ := getter()
	for _, g.Keep = range []bool{true, false} { // the second time, the archive is what a run has left that was killed
		if err := g.Get(t.Context(), e, folder); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(filepath.Join(folder, "downloads", "images.tar.gz"))
		if (err == nil) != g.Keep {
			t.Errorf("keep %v: the archive is there: %v", g.Keep, err == nil)
		}
		if err := os.RemoveAll(filepath.Join(folder, "images")); err != nil {
			t.Fatal(err)
		}
	}
	if len(*asked) != 2 {
		t.Errorf("asked for %q, want each once", *asked)
	}
}

func TestTwoProcessesDoNotGetOneDataSet(t *testing.T) {
	e, asked := small(t, nil)
	folder := t.TempDir()
	lock := flock.New(filepath.Join(folder, ".getting.lock"))
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer lock.Close()
	g, _ := getter()
	if err := g.Get(t.Context(), e, folder); err == nil || !strings.Contains(err.Error(), "another process is getting OxfordPets") || len(*asked) > 0 {
		t.Errorf("%v, asked for %q, want an error and no request", err, *asked)
	}
}
