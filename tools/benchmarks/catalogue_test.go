package benchmarks

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func TestEachBenchmarkHasAnEntry(t *testing.T) {
	for _, spec := range dataset.Specs {
		e, ok := Find(spec.Name)
		if !ok {
			t.Errorf("%s has no entry: say in Entries where it comes from", spec.Name)
			continue
		}
		var makes []string
		for _, s := range e.Sources {
			makes = append(makes, s.Makes...)
		}
		if spec.Split != "" && !slices.Contains(makes, spec.Split) {
			t.Errorf("%s makes %q, want its split file %s", spec.Name, makes, spec.Split)
		}
		if images := spec.Images; images != "" && !slices.ContainsFunc(makes, func(m string) bool { return m == images || path.Dir(m) == images }) {
			t.Errorf("%s makes %q, want its images in %s", spec.Name, makes, images)
		}
	}
	if len(Entries) != 16 {
		t.Errorf("%d entries, want the eleven, four variants of ImageNet and VOC12", len(Entries))
	}
}

func TestEachSourceSaysWhereItComesFromAndWhatToDo(t *testing.T) {
	sources := slices.Clone(Masks)
	names := map[string]bool{}
	for _, e := range Entries {
		if e.About == "" || len(e.Sources) == 0 || names[e.Name] {
			t.Errorf("%s: said to be %q, %d sources, named twice: %v", e.Name, e.About, len(e.Sources), names[e.Name])
		}
		names[e.Name] = true
		sources = append(sources, e.Sources...)
	}
	for _, s := range sources {
		if s.File == "" || s.From == "" || len(s.Makes) == 0 {
			t.Errorf("%+v lacks its file's name, publisher or what it makes", s)
		}
		checkAddress(t, s, s.Page, "not of the file")
		if s.URL != "" {
			checkAddress(t, s, s.URL, s.Plain)
		}
		if (s.URL == "") == (s.Do == "") {
			t.Errorf("%s has the address %q and is done by %q, want one of them", s.File, s.URL, s.Do)
		}
		if s.ByHand && s.URL != "" {
			t.Errorf("%s is unpacked by hand, but has an address that is got without asking", s.File)
		}
		if n := len(s.SHA256); n != 0 && n != 64 || len(s.MD5) != 0 && len(s.MD5) != 32 || strings.Trim(s.SHA256+s.MD5, "0123456789abcdef") != "" {
			t.Errorf("%s has checksums %q and %q, want 64 and 32 small hexadecimal digits", s.File, s.SHA256, s.MD5)
		}
		if s.Size < 0 || s.Size > 0 && s.SHA256+s.MD5 == "" {
			t.Errorf("%s has %d bytes and no checksum", s.File, s.Size)
		}
	}
}

// checkAddress checks that an address is https, or said why not.
func checkAddress(t *testing.T, s Source, address, plain string) {
	t.Helper()
	where, err := url.Parse(address)
	if err != nil || where.Host == "" || where.Scheme != "https" && (where.Scheme != "http" || plain == "") {
		t.Errorf("%s has the address %q, %v, want https or why not", s.File, address, err)
	}
}

func TestChecksumsAreOfOneFileEach(t *testing.T) {
	files := map[string]string{}
	for _, e := range Entries {
		for _, s := range e.Sources {
			for _, sum := range []string{s.SHA256, s.MD5, s.URL} {
				if other, ok := files[sum]; sum != "" && ok && other != s.File {
					t.Errorf("%s and %s have the same checksum or address %s", s.File, other, sum)
				}
				files[sum] = s.File
			}
		}
	}
}
