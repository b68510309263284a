package clip

import (
	"archive/zip"
	"bytes"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestPickledValuesAreRead(t *testing.T) {
	for pickled, want := range map[string]any{
		"\x80\x02K\x07.": 7, "M\x01\x02.": 513, "J\xff\xff\xff\xff.": -1, "\x8a\x00.": 0, "\x8a\x02\x00\xff.": -256, "N.": nil, "\x88.": true,
		"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.": math.MaxInt, "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.": math.MinInt,
		"G?\xf8\x00\x00\x00\x00\x00\x00.": 1.5, "X\x02\x00\x00\x00ab.": "ab", "\x8c\x01a.": "a", "U\x01a.": "a",
		"K\x01K\x02\x86.": tuple{1, 2}, "(K\x01K\x02K\x03t.": tuple{1, 2, 3}, ").": tuple{}, "](K\x01K\x02e.": list{},
		"}\x8c\x01aK\x01s.": &record{keys: []any{"a"}, values: []any{1}}, "K\x05q\x000h\x00.": 5, "K\x05\x940h\x00.": 5,
		"ctorch\nFloatStorage\n.": global{"torch", "FloatStorage"}, "\x8c\x05torch\x8c\x04Size\x93.": global{"torch", "Size"},
	} {
		if got, err := unpickle([]byte(pickled)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("unpickle(%q) = %v, %v, want %v", pickled, got, err, want)
		}
	}
}

func TestPicklesThatWantMoreThanTensorsAreRefused(t *testing.T) {
	for pickled, want := range map[string]string{
		"cos\nsystem\n(X\x02\x00\x00\x00lstR.":  `"os.system"`,
		"cposix\nsystem\n.":                     `"posix.system"`,
		"cbuiltins\neval\n.":                    `"builtins.eval"`,
		"\x8c\x02os\x8c\x06system\x93.":         `"os.system"`,
		"ctorch\nload\n.":                       `"torch.load"`,
		"ctorch._utils\n_import_dotted_name\n.": `"torch._utils._import_dotted_name"`,
		"c__main__\nCLIP\n.":                    `"__main__.CLIP"`,
		"c__torch__evil\nX\n.":                  `"__torch__evil.X"`,
		"c__torch__.a\nX\n)R.":                  "which is no part of a tensor",
		"ccollections\nOrderedDict\n)\x81.":     "which is no part of a tensor",
		"ctorch\nFloatStorage\nK\x01\x85R.":     "which is no part of a tensor",
		"(S'ls'\nios\nsystem\n.":                "instruction 0x53",
		"N\x82\x01.":                            "instruction 0x82",
		"K\x01K\x02R.":                          "a int is called",
		"K\x01K\x02b.":                          "is the state of",
		"K\x01Q.":                               "no storage",
		"\x8c\x07storageK\x01K\x02\x87Q.":       "a int as its type",
		"h\x07.":                                "never stored",
		".":                                     "nothing is left",
		"(.":                                    "nothing is left",
		"K\x01(0.":                              "nothing is left",
		"t.":                                    "no mark",
		"}K\x01a.":                              "do not go into",
		"}(K\x01u.":                             "1 values do not go into",
		"K\x01":                                 "cut short",
		"X\xff\xff\xff\x7fab.":                  "cut short",
		"\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.":               "cut short",
		"\x8a\xff" + strings.Repeat("\x01", 255) + ".":          "255 bytes",
		"ctorch._utils\n_rebuild_tensor_v2\n)R.":                "0 arguments",
		"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))tR.":       "no storage",
		"ccollections\nOrderedDict\nK\x01\x85R.":                "1 arguments",
		"ctorch\nFloatSt":                                       "cut short",
		float("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85"):    "no natural numbers",
		float("K\x00", "K\x01\x85", ")"):                        "but strides",
		float("J\xff\xff\xff\xff", ")", ")"):                    "no place in it",
		float("K\x00", "("+strings.Repeat("K\x01", 9)+"t", ")"): "at most 8",
	} {
		if value, err := unpickle([]byte(pickled)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("unpickle(%.60q) = %v, %v, want an error with %q", pickled, value, err, want)
		}
	}
}

// float pickles a tensor of float32.
func float(offset, dims, strides string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01tQ" + offset + dims + strides + "tR."
}

// hostile are pickles that would take endless time or memory of a careless reader.
var hostile = map[string]struct{ pickled, want string }{
	"a dictionary in itself": {"}q\x00\x8c\x01ah\x00s.", "nested too deep"},
	"deep dictionaries":      {strings.Repeat("}\x8c\x01a", 1000) + "N" + strings.Repeat("s", 1000) + ".", "nested too deep"},
	"doubling dictionaries":  {doubling(30) + ".", "more than 200000 values"},
	"long names":             {"}\x8c\xff" + strings.Repeat("a", 255) + strings.Repeat("}\x8c\xff"+strings.Repeat("a", 255), 5) + "N" + strings.Repeat("s", 6) + ".", "a name has"},
	"doubling states": {
		"c__torch__\nX\n)\x81q\x000c__torch__\nX\n)\x81q\x01}\x8c\x01aNsb0" + strings.Repeat("h\x00h\x01b0h\x01h\x00b0", 50) + "h\x00.",
		"visual.conv1.weight is missing",
	},
}

// doubling nests dictionaries, each of which holds the one below twice.
func doubling(levels int) string {
	return "}q\x00" + strings.Repeat("0}(\x8c\x01ah\x00\x8c\x01bh\x00uq\x00", levels)
}

func TestHostilePicklesEndSoonInLittleMemory(t *testing.T) {
	for name, c := range hostile {
		data := archive(t, zip.Store, map[string][]byte{"x/data.pkl": []byte(c.pickled)})
		var err error
		if taken := allocated(func() { _, err = decodeFile(data, "x") }); taken > 32<<20 {
			t.Errorf("%s: it took %d MB", name, taken>>20)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestMemoryIsBoundedByTheInput(t *testing.T) {
	const size = 1 << 16
	for _, code := range []string{"}", "]", ")", "N", "(", "(t", "}q\x00", "K\x01\x85", "U\x00", "c__torch__\nX\n)\x81", "h\x00h\x00h\x00\x87"} {
		pickled := append([]byte("}q\x00"), bytes.Repeat([]byte(code), size/len(code))...)
		if taken := allocated(func() { _, _ = unpickle(pickled) }); taken > 400*size {
			t.Errorf("%d bytes of %q took %d bytes", size, code, taken)
		}
	}
}

// allocated returns the bytes that f takes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzUnpickle(f *testing.F) {
	for _, c := range hostile {
		f.Add([]byte(c.pickled))
	}
	f.Add([]byte(float("K\x00", "K\x01\x85", "K\x01\x85")))
	f.Add([]byte("cos\nsystem\n(X\x02\x00\x00\x00lstR."))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := unpickle(data); err != nil {
			return
		}
		if _, err := unpickle(append(data, "more"...)); err != nil {
			t.Errorf("what follows the end was read: %v", err)
		}
	})
}
