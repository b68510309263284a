package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// release is a wheel on PyPI that holds a CPU plugin.
type release struct {
	name, version string
	archive       string // file name of the wheel
	size          int64  // of the wheel in bytes
	sum           string // SHA-256 of the wheel in hex
	member        string // base name of the plugin inside
	librarySize   int64  // of the plugin in bytes
	librarySum    string // SHA-256 of the plugin in hex
	amx           bool   // whether its bfloat16 products use AMX
}

// releases returns what can be installed on a platform, best first.
//
// fastatomstruct-xla-cpu comes first because its results do not depend on the number of cores and it needs no
// libstdc++; lammps-jax-pjrt-cpu is newer, but one and two cores give other bits. Its bfloat16 products use AMX, which
// makes them four times faster than float32; without it they are slower.
func releases(system, architecture string) []release {
	var list []release
	if system == "linux" && architecture == "amd64" {
		list = []release{
			{
				name: "fastatomstruct-xla-cpu", version: "2026.6.23",
				archive: "fastatomstruct_xla_cpu-2026.6.23-py3-none-manylinux_2_27_x86_64.whl",
				size:    63200622, sum: "88b1c430b341b4bea40a37420311c9c75db6e22b46d2ff95b6986577bee6afe9",
				member:      "libpjrt_cpu.so",
				librarySize: 273768800, librarySum: "0a0fe56ca17be9efc7b942e89e534e5e0ad4a0f1e369b66d27b62184509015b9",
			},
			{
				name: "lammps-jax-pjrt-cpu", version: "0.11.2",
				archive: "lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl",
				size:    62711338, sum: "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
				member:      "pjrt_c_api_cpu_plugin.so",
				librarySize: 201600336, librarySum: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
				amx: true,
			},
		}
	}
	return list
}

// String names the release as pip does.
func (r release) String() string { return r.name + "==" + r.version }

// library returns the path of r's plugin in the cache; it always has "cpu" in it.
func (s *search) library(r release) string {
	extension := map[string]string{"windows": ".dll", "darwin": ".dylib"}[runtime.GOOS]
	if extension == "" {
		extension = ".so"
	}
	return filepath.Join(s.cache, r.name+"-"+r.version, "pjrt_c_api_cpu_plugin"+extension)
}

// pluginName returns the release that the plugin at file was installed from, else its file name.
func (s *search) pluginName(file string) string {
	for _, r := range s.releases {
		if s.cache != "" && file == s.library(r) {
			return r.String()
		}
	}
	return filepath.Base(file)
}

// installed returns the path of r's plugin in the cache. The error is os.ErrNotExist if it is not there, another if it
// is not the file that was installed.
//
// The checksum lies beside the plugin, in the form of sha256sum. The plugin is hashed again only if it was written
// after that file, so a check costs microseconds.
func (s *search) installed(r release) (string, error) {
	if s.cache == "" {
		return "", os.ErrNotExist
	}
	file := s.library(r)
	plugin, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	sums, err := os.Stat(file + ".sha256")
	if err != nil {
		return "", fmt.Errorf("%s has no checksum beside it: %w", file, errUnfinished)
	}
	text, err := os.ReadFile(file + ".sha256")
	if err != nil {
		return "", fmt.Errorf("reading the checksum of %s: %w", file, err)
	}
	want, _, _ := strings.Cut(string(text), " ")
	if want != r.librarySum || plugin.Size() != r.librarySize {
		return "", fmt.Errorf("%s is not the plugin of %s", file, r)
	}
	if !plugin.ModTime().After(sums.ModTime()) {
		return file, nil
	}
	got, err := hashFile(file)
	if err != nil {
		return "", err
	}
	if got != want {
		return "", fmt.Errorf("%s was changed: SHA-256 %s, want %s", file, got, want)
	}
	return file, nil
}

// errUnfinished is an installation that was ended between its two files.
var errUnfinished = errors.New("installation was interrupted")

// writeSum writes the checksum file of a plugin in the form of sha256sum.
func writeSum(file, sum string) error {
	if err := os.WriteFile(file+".sha256", []byte(sum+"  "+filepath.Base(file)+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing the plugin's checksum: %w", err)
	}
	return nil
}

// hashFile returns the SHA-256 of a file in hex.
func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hashing %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
