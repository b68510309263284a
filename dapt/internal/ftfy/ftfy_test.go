package ftfy

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func ExampleFixText() {
	fmt.Println(FixText("schÃ¶n, it&#x2019;s ﬂuﬀy"))
	// Output: schön, it's fluffy
}

func ExampleUnescapeHTML() {
	fmt.Println(UnescapeHTML("caf&eacute; &lt;3 &notit; &#x2665"))
	// Output: café <3 ¬it; ♥
}

// pairs reads inputs and what Python makes of them, by subject: ftfy 6.3.1's fix_text, or CPython 3.11's html.unescape.
func pairs(t testing.TB, file string) (groups map[string][][2]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	if len(groups) == 0 {
		t.Fatalf("%s holds no pairs", file)
	}
	return groups
}

// compare checks that f does what Python did.
func compare(t *testing.T, file string, f func(string) string) {
	t.Helper()
	for subject, group := range pairs(t, file) {
		t.Run(subject, func(t *testing.T) {
			for _, pair := range group {
				if got := f(pair[0]); got != pair[1] {
					t.Errorf("f(%+q) = %+q, want %+q", pair[0], got, pair[1])
				}
			}
		})
	}
}

func TestFixTextEqualsPython(t *testing.T) { compare(t, "testdata/fix_text.json", FixText) }

func TestUnescapeHTMLEqualsPython(t *testing.T) { compare(t, "testdata/unescape.json", UnescapeHTML) }

func TestPlainTextSkipsTheRepairsItDoesNotNeed(t *testing.T) {
	for c := range rune(0x80) {
		text := string(c)
		if isPlain(text) && fixSegment(text, true) != text {
			t.Errorf("isPlain(%+q), but it is repaired", text)
		}
	}
	if text := "Boeing 707-320"; !isPlain(text) {
		t.Errorf("isPlain(%q) = false, want true", text)
	}
}

func TestBytesThatAreNotUTF8BecomeReplacementCharacters(t *testing.T) {
	if got, want := FixText("caf\xe9 \xff!"), "caf\ufffd \ufffd!"; got != want {
		t.Errorf("FixText = %+q, want %+q", got, want)
	}
}

func TestLongLinesAreCutAfterAMillionCharacters(t *testing.T) {
	long := strings.Repeat("é", maxSegment)
	for _, c := range []struct{ name, text, want string }{
		{"one line", "é\nb", "é\n"},
		{"no line break", "éb", "éb"},
		{"a million characters", long, long},
		{"a million and one", long + "b", long},
		{"a million and a line break", long + "\nb", long},
	} {
		if got := segmentEnd(c.text); got != len(c.want) {
			t.Errorf("segmentEnd(%s) = %d, want %d", c.name, got, len(c.want))
		}
	}
}

func FuzzFixText(f *testing.F) {
	for _, group := range pairs(f, "testdata/fix_text.json") {
		for _, pair := range group {
			f.Add(pair[0])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := FixText(s); !utf8.ValidString(got) {
			t.Errorf("FixText(%+q) = %+q is not UTF-8", s, got)
		}
	})
}

func FuzzUnescapeHTML(f *testing.F) {
	for _, group := range pairs(f, "testdata/unescape.json") {
		for _, pair := range group {
			f.Add(pair[0])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := UnescapeHTML(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("UnescapeHTML(%+q) = %+q is not UTF-8", s, got)
		}
		if !strings.Contains(s, "&") && got != s {
			t.Errorf("UnescapeHTML(%+q) = %+q, want it unchanged", s, got)
		}
	})
}

func FuzzComposeUnboundedIsNFC(f *testing.F) {
	f.Add("e\u0323\u0302")
	f.Add("\u1100\u1161\u11a8\u0301")
	f.Add("\u0301\u0323a\u0958")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		want := composeCanonically(s)
		if got := composeUnbounded(s); got != want {
			t.Errorf("composeUnbounded(%+q) = %+q, want %+q", s, got, want)
		}
	})
}

func BenchmarkFixText(b *testing.B) {
	for _, text := range []string{"a photo of a Boeing 707-320", "a photo of a crÃ¨me brÃ»lÃ©e"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				FixText(text)
			}
		})
	}
}
