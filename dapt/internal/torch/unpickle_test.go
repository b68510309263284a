package torch

import (
	"archive/zip"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
	"github.com/dapt-go/dapt-go/internal/alloc"
)

func TestPickledTensorsAreRead(t *testing.T) {
	for pickled, want := range map[string]any{
		"ctorch\nFloatStorage\n.":                          pickle.Global{Module: "torch", Name: "FloatStorage"},
		"\x8c\x05torch\x8c\x04Size\x93.":                   pickle.Global{Module: "torch", Name: "Size"},
		"ctorch\nSize\nK\x01K\x02\x86\x85R.":               pickle.Tuple{1, 2},
		"ccollections\nOrderedDict\n)R\x8c\x01aK\x01s.":    &pickle.Record{Keys: []any{"a"}, Values: []any{1}},
		"c__torch__.a\nX\n)\x81}\x8c\x01aK\x01sb.":         &pickle.Record{Class: pickle.Global{Module: "__torch__.a", Name: "X"}, Keys: []any{"a"}, Values: []any{1}},
		float("K\x03", "K\x02K\x01\x86", "K\x01K\x05\x86"): view{storage{"F32", "0"}, 3, []int{2, 1}, []int{1, 5}},
	} {
		if got, _, err := unpickle([]byte(pickled), nil); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("unpickle(%q) = %v, %v, want %v", pickled, got, err, want)
		}
	}
}

func TestPicklesThatWantMoreThanTensorsAreRefused(t *testing.T) {
	for pickled, want := range map[string]string{
		"cos\nsystem\n(X\x02\x00\x00\x00lstR.":                  `"os.system"`,
		"cposix\nsystem\n.":                                     `"posix.system"`,
		"cbuiltins\neval\n.":                                    `"builtins.eval"`,
		"\x8c\x02os\x8c\x06system\x93.":                         `"os.system"`,
		"ctorch\nload\n.":                                       `"torch.load"`,
		"ctorch._utils\n_import_dotted_name\n.":                 `"torch._utils._import_dotted_name"`,
		"c__main__\nCLIP\n.":                                    `"__main__.CLIP"`,
		"c__torch__evil\nX\n.":                                  `"__torch__evil.X"`,
		"c__torch__.a\nX\n)R.":                                  "which is no part of a tensor",
		"ccollections\nOrderedDict\n)\x81.":                     "which is no part of a tensor",
		"ctorch\nFloatStorage\nK\x01\x85R.":                     "which is no part of a tensor",
		"K\x01Q.":                                               "no storage",
		"\x8c\x07storageK\x01K\x02\x87Q.":                       "a int as its type",
		"ctorch._utils\n_rebuild_tensor_v2\n)R.":                "0 arguments",
		"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))tR.":       "no storage",
		"ccollections\nOrderedDict\nK\x01\x85R.":                "1 arguments",
		float("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85"):    "no natural numbers",
		float("K\x00", "K\x01\x85", ")"):                        "but strides",
		float("J\xff\xff\xff\xff", ")", ")"):                    "no place in it",
		float("K\x00", "("+strings.Repeat("K\x01", 9)+"t", ")"): "at most 8",
	} {
		if value, _, err := unpickle([]byte(pickled), nil); err == nil || !strings.Contains(err.Error(), want) {
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
	"doubling dictionaries":  {doubling(30) + ".", "some of them too often"},
	"long names":             {"}\x8c\xff" + strings.Repeat("a", 255) + strings.Repeat("}\x8c\xff"+strings.Repeat("a", 255), 5) + "N" + strings.Repeat("s", 6) + ".", "a name has"},
	"doubling states": {
		"c__torch__\nX\n)\x81q\x000c__torch__\nX\n)\x81q\x01}\x8c\x01aNsb0" + strings.Repeat("h\x00h\x01b0h\x01h\x00b0", 50) + "h\x00.",
		"",
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
		t.Log(name)
		alloc.Bound(t, 32<<20, func() { _, err = decodeAll(data) })
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}
