package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

var dog = Global{"pets", "Dog"}

// rules know a class that may be made, a function that returns its arguments, and numbers of things outside.
var rules = Rules{
	Name: func(g Global) error {
		if g != dog && g != (Global{"pets", "walk"}) {
			return fmt.Errorf("%s is a stranger", g)
		}
		return nil
	},
	New: func(g Global) error {
		if g != dog {
			return fmt.Errorf("%s is no class", g)
		}
		return nil
	},
	Call: func(g Global, arguments Tuple) (any, error) {
		if g == dog {
			return nil, errors.New("a dog is called")
		}
		return arguments, nil
	},
	Persistent: func(id any) (any, error) {
		if _, ok := id.(int); !ok {
			return nil, fmt.Errorf("%v is no number", id)
		}
		return id, nil
	},
}

func TestValuesAreDecoded(t *testing.T) {
	for pickled, want := range map[string]any{
		"\x80\x02K\x07.": 7, "M\x01\x02.": 513, "J\xff\xff\xff\xff.": -1, "\x8a\x00.": 0, "\x8a\x02\x00\xff.": -256, "N.": nil, "\x88.": true,
		"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.": math.MaxInt, "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.": math.MinInt,
		"G?\xf8\x00\x00\x00\x00\x00\x00.": 1.5, "X\x02\x00\x00\x00ab.": "ab", "\x8c\x01a.": "a", "U\x01a.": "a",
		"K\x01K\x02\x86.": Tuple{1, 2}, "(K\x01K\x02K\x03t.": Tuple{1, 2, 3}, ").": Tuple{}, "](K\x01K\x02e.": &List{[]any{1, 2}}, "]K\x01a.": &List{[]any{1}},
		"}\x8c\x01aK\x01s.": &Record{Keys: []any{"a"}, Values: []any{1}}, "K\x05q\x000h\x00.": 5, "K\x05\x940h\x00.": 5,
		"cpets\nDog\n.": dog, "\x8c\x04pets\x8c\x03Dog\x93.": dog, "cpets\nwalk\nK\x01\x85R.": Tuple{1}, "K\x03Q.": 3,
		"cpets\nDog\n)\x81K\x01\x85b.":        &Record{Class: dog}, // a state that is no dictionary
		"cpets\nDog\n)\x81}\x8c\x01aK\x01sb.": &Record{Class: dog, Keys: []any{"a"}, Values: []any{1}},
	} {
		if got, err := Decode([]byte(pickled), rules); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Decode(%q) = %v, %v, want %v", pickled, got, err, want)
		}
	}
}

func TestValuesFollowEachOther(t *testing.T) {
	rest := []byte("K\x01.\x80\x02K\x02.more")
	for want := 1; want <= 2; want++ {
		got, left, err := DecodeFirst(rest, rules)
		if err != nil || got != any(want) {
			t.Fatalf("DecodeFirst(%q) = %v, %v, want %d", rest, got, err, want)
		}
		rest = left
	}
	if string(rest) != "more" {
		t.Errorf("DecodeFirst leaves %q, want more", rest)
	}
}

func TestBrokenAndHostilePicklesAreErrors(t *testing.T) {
	for pickled, want := range map[string]string{
		"cos\nsystem\n(X\x02\x00\x00\x00lstR.": "os.system is a stranger",
		"\x8c\x02os\x8c\x06system\x93.":        "os.system is a stranger",
		"K\x01K\x02\x93.":                      ". is a stranger",
		"cpets\nwalk\n)\x81.":                  "pets.walk is no class",
		"cpets\nDog\n)R.":                      "a dog is called",
		"\x8c\x01aQ.":                          "a is no number",
		"(S'ls'\nios\nsystem\n.":               "instruction 0x53",
		"N\x82\x01.":                           "instruction 0x82",
		"K\x01K\x02R.":                         "a int is called",
		"K\x01K\x02b.":                         "is the state of",
		"h\x07.":                               "never stored",
		".":                                    "nothing is left",
		"(.":                                   "nothing is left",
		"K\x01(0.":                             "nothing is left",
		"t.":                                   "no mark",
		"}K\x01a.":                             "do not go into",
		"]K\x01K\x02s.":                        "do not go into",
		"}(K\x01u.":                            "1 values do not go into",
		"K\x01":                                "cut short",
		"X\xff\xff\xff\x7fab.":                 "cut short",
		"\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.": "cut short",
		"cpets\nDo": "cut short",
		"\x8a\xff" + strings.Repeat("\x01", 255) + ".": "255 bytes",
		strings.Repeat("N0", maxInstructions/2) + "N.": "more than 2097152 instructions",
	} {
		if value, err := Decode([]byte(pickled), rules); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%.60q) = %v, %v, want an error with %q", pickled, value, err, want)
		}
	}
}

func TestWithoutRulesNothingMayBeNamed(t *testing.T) {
	known := Rules{Name: func(Global) error { return nil }}
	for _, c := range []struct {
		pickled string
		rules   Rules
		want    string
	}{
		{"cpets\nDog\n.", Rules{}, `it names "pets.Dog"`},
		{"cpets\nDog\n)\x81.", known, `it makes a "pets.Dog"`},
		{"cpets\nDog\n)R.", known, `it calls "pets.Dog"`},
		{"K\x01Q.", known, "outside of the pickle"},
	} {
		if value, err := Decode([]byte(c.pickled), c.rules); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode(%q) = %v, %v, want an error with %q", c.pickled, value, err, c.want)
		}
	}
}

func TestTheLastValueOfAKeyCounts(t *testing.T) {
	r := Record{Keys: []any{"a", 1, Tuple{}, "a"}, Values: []any{1, 2, 3, 4}}
	if got := r.Get("a"); got != 4 {
		t.Errorf(`Get("a") = %v, want 4`, got)
	}
	if got := r.Get("b"); got != nil {
		t.Errorf(`Get("b") = %v, want nil`, got)
	}
}

func TestMemoryIsBoundedByTheInput(t *testing.T) {
	const size = 1 << 16
	for _, code := range []string{"}", "]", ")", "N", "(", "(t", "}q\x00", "K\x01\x85", "U\x00", "cpets\nDog\n)\x81", "h\x00h\x00h\x00\x87", "]K\x01a"} {
		pickled := append([]byte("}q\x00"), bytes.Repeat([]byte(code), size/len(code))...)
		t.Run(fmt.Sprintf("%q", code), func(t *testing.T) {
			alloc.Bound(t, 400*size, func() { _, _ = Decode(pickled, rules) }) // only what it takes counts
		})
	}
}

func TestOtherValuesAreNotEncoded(t *testing.T) {
	for want, value := range map[string]any{
		"a float64 is not written":  1.5,
		"a <nil> is not written":    &List{[]any{nil}},
		"a bool is not written":     &Record{Keys: []any{true}, Values: []any{1}},
		"a []int is not written":    &Record{Keys: []any{1}, Values: []any{[]int{}}},
		`text "\xff" is no UTF-8`:   "\xff",
		`text "a\xff" is no UTF-8`:  &Record{Class: Global{"a\xff", "Dog"}},
		`text "\xed\xa0\x80" is no`: &Record{Class: Global{"pets", "\xed\xa0\x80"}},
	} {
		if data, err := Encode(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%v) = %q, %v, want an error with %q", value, data, err, want)
		}
	}
}

func FuzzWhatIsEncodedIsDecodedEqual(f *testing.F) {
	f.Add("", "a", 0)
	f.Add("été", strings.Repeat("long", 100), 255)
	f.Add("a", "a", -1)
	f.Add("b", "a", math.MaxInt32+1)
	f.Add("b", "a", math.MinInt)
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		one := &Record{Class: dog, Keys: []any{a, b}, Values: []any{n, a}}
		two := &Record{Class: dog, Keys: []any{b}, Values: []any{&List{}}}
		want := &Record{Keys: []any{n, b, a}, Values: []any{&List{[]any{one, two, n, b}}, &Record{}, b}}
		data, err := Encode(want)
		if err != nil {
			return // not UTF-8
		}
		if got, err := Decode(data, rules); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Decode(%q) = %v, %v, want %v", data, got, err, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x80\x02}q\x00X\x05\x00\x00\x00trainq\x01]q\x02cpets\nDog\nq\x03)\x81q\x04}q\x05X\x01\x00\x00\x00aq\x06K\x01sbas."))
	f.Add([]byte("}q\x00\x8c\x01ah\x00s."))
	f.Add([]byte("]q\x00h\x00a."))
	f.Add([]byte("cpets\nDog\n)\x81q\x00h\x00b."))
	f.Add([]byte("cos\nsystem\n(X\x02\x00\x00\x00lstR."))
	f.Add([]byte("\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc."))                       // a text of 2^63-1 bytes
	f.Add([]byte("r\xff\xff\xff\x7f" + "\x94}r\xff\xff\xff\x7fj\xff\xff\xff\x7f.")) // a value numbered 2^31-1
	f.Add([]byte("(((((((((((((((((((((((((((((((((}}}}}}}}]]]]]]]]]t."))
	f.Add([]byte("]\x94(h\x00h\x00h\x00e\x94(h\x00h\x01h\x00e."))
	f.Fuzz(func(t *testing.T, data []byte) {
		var err error
		// An instruction of one byte makes an empty dictionary, with its places on the stack and in the memo.
		alloc.Bound(t, 1<<20+400*uint64(len(data)), func() { _, err = Decode(data, rules) })
		if err != nil {
			return
		}
		if _, err := Decode(append(data, "more"...), rules); err != nil {
			t.Errorf("what follows the end was read: %v", err)
		}
	})
}
