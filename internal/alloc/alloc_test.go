package alloc

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
)

// recorder is a test that keeps what it is told.
type recorder struct {
	testing.TB
	told string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.told += fmt.Sprintf(format, arguments...)
}

var kept []byte

func TestBoundCountsAllThatIsAllocated(t *testing.T) {
	for name, c := range map[string]struct {
		f    func()
		over bool
	}{
		"nothing":           {func() {}, false},
		"less":              {func() { kept = make([]byte, 1<<20) }, false},
		"more":              {func() { kept = make([]byte, 9<<20) }, true},
		"much, bit by bit":  {func() { grow(9 << 20) }, true},
		"a little, as bits": {func() { grow(1 << 20) }, false},
	} {
		r := &recorder{TB: t}
		runs := 0
		Bound(r, 8<<20, func() { runs++; c.f() })
		if over := strings.Contains(r.told, "want at most 8388608"); over != c.over || over != (runs == 2) {
			t.Errorf("%s: Bound tells %q after %d runs, want over the limit %v", name, r.told, runs, c.over)
		}
	}
}

func TestPixelsAreThoseThatTheHeaderDeclares(t *testing.T) {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 7, 33))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want uint64
		most uint64
	}{
		"an image": {out.Bytes(), 2048, 231}, "its header": {out.Bytes()[:40], 2048, 231}, "a large image": {out.Bytes(), 0, 230}, "no image": {[]byte("text"), 0, 231},
	} {
		if got := Pixels(c.data, c.most); got != c.want {
			t.Errorf("Pixels of %s = %d, want %d", name, got, c.want)
		}
	}
}

// grow allocates so many bytes in small pieces and drops them.
func grow(bytes int) {
	for range bytes / 64 {
		kept = make([]byte, 64)
	}
}
