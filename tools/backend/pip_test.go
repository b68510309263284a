package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/go-xla/installer"
)

// writeFile writes text to a new file under folder and returns its path.
func writeFile(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadPipFollowsPipsOrder(t *testing.T) {
	home := t.TempDir()
	own := writeFile(t, home, "own.conf", "[global]\nindex-url = https://own.example/simple\n[install]\nindex-url: https://other.example\n")
	writeFile(t, home, ".config/pip/pip.conf",
		"# comment\n[global]\nIndex_URL : https://user.example/simple\nextra-index-url =\n    https://one.example\n    https://two.example\nno-index = false\n")
	user := []string{"https://user.example/simple", "https://one.example", "https://two.example"}
	venv := t.TempDir()
	writeFile(t, venv, "pip.conf", "[global]\nindex-url=https://venv.example\n")
	for name, test := range map[string]struct {
		env     map[string]string
		indexes []string
		noIndex bool
	}{
		"the user's file":                  {env: map[string]string{"HOME": home}, indexes: user},
		"XDG_CONFIG_HOME moves it":         {env: map[string]string{"HOME": home, "XDG_CONFIG_HOME": "/nonexistent"}},
		"PIP_CONFIG_FILE instead":          {env: map[string]string{"HOME": home, "PIP_CONFIG_FILE": own}, indexes: []string{"https://own.example/simple"}},
		"the null device means no files":   {env: map[string]string{"HOME": home, "PIP_CONFIG_FILE": os.DevNull}},
		"a virtual environment over those": {env: map[string]string{"HOME": home, "VIRTUAL_ENV": venv}, indexes: append([]string{"https://venv.example"}, user[1:]...)},
		"a variable over all": {
			env:     map[string]string{"HOME": home, "PIP_INDEX_URL": "https://var.example", "PIP_EXTRA_INDEX_URL": "https://x.example"},
			indexes: []string{"https://var.example", "https://x.example"},
		},
		"no index": {env: map[string]string{"PIP_NO_INDEX": "1"}, noIndex: true},
	} {
		got := readPip(func(key string) string { return test.env[key] })
		if !slices.Equal(got.indexes, test.indexes) || got.noIndex != test.noIndex {
			t.Errorf("%s: readPip = %+v, want %q, %v", name, got, test.indexes, test.noIndex)
		}
	}
}

func TestIndexPagesOfBothKinds(t *testing.T) {
	for name, page := range map[string]string{
		"html": `<!DOCTYPE html><a class="x" href="../../files/fake-1.whl#sha256=00">fake-1.whl</a>`,
		"json": `{"meta":{"api-version":"1.1"},"files":[{"url":"/files/no.whl"},{"filename":"fake-1.whl","url":"/files/fake-1.whl"}]}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); r.URL.Path != "/simple/fake/" || user != "me" || password != "secret" {
				http.NotFound(w, r)
				return
			}
			fmt.Fprint(w, page)
		}))
		s := fakeSearch(strings.Replace(server.URL, "://", "://me:secret@", 1)+"/simple/", t.TempDir())
		got, err := s.addresses(context.Background(), s.releases[0])
		want := strings.Replace(server.URL, "://", "://me:secret@", 1) + "/files/fake-1.whl"
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: addresses = %q, %v, want %s", name, got, err, want)
		}
		s.pip.indexes[0] += "elsewhere"
		if _, err := s.addresses(context.Background(), s.releases[0]); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: a wrong index: %v, want an error without the password", name, err)
		}
		server.Close()
	}
}

func TestPyPIIsAskedWhereNoIndexIsSet(t *testing.T) {
	s := fakeSearch("", t.TempDir())
	s.pip = pipSettings{}
	s.dial, s.stall = 0, time.Second
	const address = "https://files.example/fake-1.whl"
	listing := func(url string) func(string) (*installer.PipPackageInfo, error) {
		file := installer.PipReleaseInfo{Filename: "fake-1.whl", URL: url}
		info := &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{"1": {file}}}
		info.Info.ProjectURL = "https://files.example/project/fake/"
		return func(string) (*installer.PipPackageInfo, error) { return info, nil }
	}
	for name, test := range map[string]struct {
		pypi func(string) (*installer.PipPackageInfo, error)
		want string // of the error; empty for none
	}{
		"found":             {listing(address), ""},
		"found on a mirror": {listing("../../fake-1.whl"), ""},
		"gone":              {func(string) (*installer.PipPackageInfo, error) { return &installer.PipPackageInfo{}, nil }, "no file fake-1.whl"},
		"failing":           {func(string) (*installer.PipPackageInfo, error) { return nil, errors.New("no route") }, "no route"},
		"hanging":           {func(string) (*installer.PipPackageInfo, error) { select {} }, "did not answer"},
	} {
		s.pypi = test.pypi
		got, err := s.addresses(context.Background(), s.releases[0])
		if test.want == "" && (err != nil || len(got) != 1 || got[0] != address) {
			t.Errorf("%s: %q, %v, want %s", name, got, err, address)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
	s.pip.noIndex = true
	if _, err := s.addresses(context.Background(), s.releases[0]); err == nil {
		t.Error("an index is asked although pip may use none")
	}
}
