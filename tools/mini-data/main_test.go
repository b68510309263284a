package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// published makes a package with one file and a registry that serves it.
func published(t *testing.T) (npmPackage, registry, []byte) {
	t.Helper()
	var tarball bytes.Buffer
	zipped := gzip.NewWriter(&tarball)
	archive := tar.NewWriter(zipped)
	content := []byte(strings.Repeat("an owl ", 1000))
	if err := archive.WriteHeader(&tar.Header{Name: "package/owl.txt", Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/@birds/owl/-/owl-1.0.0.tgz" {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(tarball.Bytes()))
	}))
	t.Cleanup(server.Close)
	sum := sha512.Sum512(tarball.Bytes())
	owl := npmPackage{"@birds/owl", "1.0.0", base64.StdEncoding.EncodeToString(sum[:])}
	return owl, registry{server.URL, t.TempDir()}, tarball.Bytes()
}

func owlOf(r registry, p npmPackage) (string, error) {
	files, err := r.files(context.Background(), p, func(name string) bool { return name == "owl.txt" })
	return string(files["owl.txt"]), err
}

func TestPackagesAreFetchedOnceAndThenReadOffline(t *testing.T) {
	owl, from, _ := published(t)
	first, err := owlOf(from, owl)
	if err != nil || !strings.HasPrefix(first, "an owl") {
		t.Fatalf("first read: %.10q, %v", first, err)
	}
	from.url = "http://127.0.0.1:1"
	if again, err := owlOf(from, owl); err != nil || again != first {
		t.Errorf("offline: %.10q, %v", again, err)
	}
}

func TestWrongBytesAreRefusedAndFetchedAnew(t *testing.T) {
	owl, from, tarball := published(t)
	kept := filepath.Join(from.cache, "owl-1.0.0.tgz")
	if err := os.WriteFile(kept, slices.Repeat([]byte{7}, len(tarball)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := owlOf(from, owl); err == nil || !strings.Contains(err.Error(), "run again") {
		t.Errorf("a wrong file: %v, want an error that says to run again", err)
	}
	if _, err := owlOf(from, owl); err != nil {
		t.Errorf("run again: %v", err)
	}
}

func TestWithoutAConnectionTheErrorSaysWhatToDo(t *testing.T) {
	owl, from, _ := published(t)
	from.url = "http://127.0.0.1:1"
	_, err := owlOf(from, owl)
	for _, want := range []string{"@birds/owl@1.0.0", from.url, from.cache, "connect to the internet"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
	owl.version = "2.0.0"
	_, from, _ = published(t)
	if _, err := owlOf(from, owl); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a version that does not exist: %v", err)
	}
}

func TestCommittedIndexFollowsTheChoice(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "dapt", "mini", "data", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var chosen, built index
	if err := json.Unmarshal(choiceJSON, &chosen); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &built); err != nil {
		t.Fatal(err)
	}
	if again, err := built.encode(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("index.json is not as encode writes it, error %v", err)
	}
	for i := range built.Emoji {
		for _, word := range built.Emoji[i].Keywords {
			if !plain(word) {
				t.Errorf("%s: keyword %q", built.Emoji[i].Name, word)
			}
		}
		built.Emoji[i].Keywords, built.Emoji[i].Fluent = nil, false
	}
	want, err := chosen.encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := built.encode(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("index.json does not follow choice.json, error %v; run go run ./tools/mini-data", err)
	}
}

func TestKeywordsNameNoClassNorBackground(t *testing.T) {
	x := index{Backgrounds: []string{"sky"}, Classes: []class{{Name: "owl"}}}
	got := x.usable([]string{"owl", "sky", "bird", "bird", "é", "two words", "snow", "night"}, "snowy bird of prey")
	if want := []string{"night"}; !slices.Equal(got, want) {
		t.Errorf("usable keywords = %v, want %v", got, want)
	}
}

func TestSpriteIsCroppedAndFitsTheSquare(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := 20; y < 30; y++ {
		for x := 10; x < 30; x++ {
			picture.SetNRGBA(x, y, color.NRGBA{200, 100, 50, 255})
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		t.Fatal(err)
	}
	packed, err := atlas([][]byte{encoded.Bytes(), encoded.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	column, err := png.Decode(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[image.Point]color.NRGBA{
		{0, 12}:  {200, 100, 50, 255}, // 20 x 10 becomes 48 x 24, 12 rows from the top
		{47, 35}: {200, 100, 50, 255},
		{24, 11}: {},
		{24, 36}: {},
		{24, 72}: {200, 100, 50, 255}, // the second sprite
	} {
		if got := column.At(at.X, at.Y); got != want {
			t.Errorf("pixel %v = %v, want %v", at, got, want)
		}
	}
	if _, err := atlas([][]byte{[]byte("no picture")}); err == nil || !strings.Contains(err.Error(), "sprite 0") {
		t.Errorf("atlas of a broken picture: %v", err)
	}
}

func TestCheckNamesTheFilesThatDiffer(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	files := map[string][]byte{"a.png": []byte("a"), "b.png": []byte("b")}
	if err := write(files, folder); err != nil {
		t.Fatal(err)
	}
	if err := compare(files, folder); err != nil {
		t.Errorf("just written: %v", err)
	}
	files["b.png"] = []byte("other")
	if err := compare(files, folder); err == nil || strings.Contains(err.Error(), "a.png") || !strings.Contains(err.Error(), "b.png") {
		t.Errorf("b.png differs: %v", err)
	}
}

func TestExportStopsBeforeAFullFolderAndWhenInterrupted(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "kept"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exportTo(context.Background(), folder); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a full folder: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := exportTo(ctx, filepath.Join(folder, "new")); err == nil || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("interrupted: %v", err)
	}
}

func TestRegistryIsReadFromNpmrc(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".npmrc")
	if got := registryIn(file); got != "" {
		t.Errorf("registry of a missing file = %q", got)
	}
	if err := os.WriteFile(file, []byte("fund=false\nregistry = https://mirror.example/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := registryIn(file); got != "https://mirror.example/" {
		t.Errorf("registry = %q", got)
	}
	t.Setenv("NPM_CONFIG_REGISTRY", "https://other.example/")
	if got := npmRegistry(); got != "https://other.example" {
		t.Errorf("npmRegistry() = %q", got)
	}
}
