package backend

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute"
)

// plugins fills a folder with files that pass for PJRT plugins of the given kinds, and returns the folder.
func plugins(t *testing.T, kinds ...string) string {
	t.Helper()
	folder := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		if err := os.Symlink(program, filepath.Join(folder, "pjrt_c_api_"+kind+"_plugin.so")); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestTheFastestBackendIsOpenedUnlessOneIsAskedFor(t *testing.T) {
	if !hasXLA {
		t.Skip("this build has no XLA to choose")
	}
	for name, test := range map[string]struct {
		want      string
		gpu       bool
		kinds     []string // of the plugins that are there
		broken    string   // the kind that cannot be opened
		opened    string   // Info.Backend; empty for an error
		notice    string   // part of a notice; empty for none
		mentioned string   // part of the error
	}{
		"a GPU and its plugin":            {gpu: true, kinds: []string{"cpu", "cuda"}, opened: "xla:cuda"},
		"a GPU without its plugin":        {gpu: true, kinds: []string{"cpu"}, opened: "xla:cpu", notice: "the GPU is not used"},
		"a GPU whose plugin is broken":    {gpu: true, kinds: []string{"cpu", "cuda"}, broken: "cuda", opened: "xla:cpu", notice: "driver too old"},
		"no GPU":                          {kinds: []string{"cpu", "cuda"}, opened: "xla:cpu"},
		"nothing":                         {opened: "go", notice: "no PJRT cpu plugin"},
		"a broken plugin":                 {kinds: []string{"cpu"}, broken: "cpu", opened: "go", notice: "driver too old"},
		"go where XLA is":                 {want: "go", kinds: []string{"cpu"}, opened: "go"},
		"cpu where a GPU is":              {want: "xla:cpu", gpu: true, kinds: []string{"cpu", "cuda"}, opened: "xla:cpu"},
		"xla with options":                {want: "xla:cpu,tf32=false", kinds: []string{"cpu"}, opened: "xla:cpu"},
		"cuda without a GPU":              {want: "xla:cuda", kinds: []string{"cuda"}, mentioned: "no NVIDIA GPU"},
		"cpu without a plugin":            {want: "xla:cpu", mentioned: "go run ./tools/xla"},
		"cpu with a broken plugin, asked": {want: "xla:cpu", kinds: []string{"cpu"}, broken: "cpu", mentioned: "driver too old"},
	} {
		s := fakeSearch("http://127.0.0.1:1/simple", t.TempDir())
		s.env = []string{plugins(t, test.kinds...)}
		if test.gpu {
			s.devices = os.Args[0] // a file that is there
		}
		open := s.openPlugin
		s.openPlugin = func(config, path string) (compute.Backend, string, error) {
			if test.broken != "" && strings.Contains(filepath.Base(path), test.broken) {
				return nil, "", errors.New("driver too old")
			}
			return open(config, path)
		}
		var notices []string
		b, info, err := s.open(context.Background(), Options{Want: test.want, Notice: func(line string) { notices = append(notices, line) }})
		if err == nil {
			b.Finalize()
		} else if test.opened != "" || !strings.Contains(err.Error(), test.mentioned) {
			t.Errorf("%s: %v, want %q or an error with %q", name, err, test.opened, test.mentioned)
		}
		if text := strings.Join(notices, "\n"); info.Backend != test.opened || !strings.Contains(text, test.notice) || (test.notice == "") != (text == "") {
			t.Errorf("%s: opened %q with notices %q, want %q and %q", name, info.Backend, notices, test.opened, test.notice)
		}
		for _, line := range notices {
			if strings.Contains(line, "\n") {
				t.Errorf("%s: a notice has several lines: %q", name, line)
			}
		}
	}
}

func TestAPluginThatIsCutShortIsNeverLoaded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only ELF files are checked before they are loaded")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	s := fakeSearch("http://127.0.0.1:1/simple", t.TempDir())
	file := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	s.env = []string{filepath.Dir(file)}
	for _, n := range []int{0, 10, len(whole) / 2} {
		if err := os.WriteFile(file, whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if path, err := s.find("cpu"); err == nil {
			t.Errorf("find takes %s with %d of %d bytes", path, n, len(whole))
		}
	}
}
