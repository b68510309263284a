package download

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

// pictures are a data set as archives of them are.
var pictures = []member{
	{name: "set/", kind: tar.TypeDir, mode: 0o700},
	{name: "set/images/", kind: tar.TypeDir},
	{name: "set/images/cat.jpg", content: "a cat", mode: 0o4777},
	{name: "set/images/dog.jpg", content: "a dog"},
	{name: "set/read me.txt", content: "licence"},
	{name: "__MACOSX/set/._cat.jpg", content: "litter"},
	{name: "set/.DS_Store", content: "litter"},
}

func TestArchivesOfEachKindAreUnpacked(t *testing.T) {
	var zipped []member
	for _, m := range pictures {
		if m.kind != tar.TypeDir {
			zipped = append(zipped, m)
		}
	}
	want := map[string]string{"images/": "", "images/cat.jpg": "a cat", "images/dog.jpg": "a dog", "read me.txt": "licence"}
	for name, data := range map[string][]byte{
		"a.zip": zipOf(t, zipped...), "a.tar": tarOf(t, pictures...), "a.tar.gz": gzipped(t, tarOf(t, pictures...)),
		"A.TGZ": gzipped(t, tarOf(t, pictures...)), "plain.tar.gz": tarOf(t, pictures...), // as ImageNetV2's is
	} {
		target := filepath.Join(t.TempDir(), "new", "set")
		done, err := Unpack(t.Context(), Archive{Path: put(t, name, data), Inner: "set"}, target)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := tree(t, target); !maps.Equal(got, want) {
			t.Errorf("%s unpacks to %q, want %q", name, got, want)
		}
		if want := (Unpacked{Files: 3, Bytes: 17, Left: 2}); done != want {
			t.Errorf("%s: %+v, want %+v", name, done, want)
		}
		if info, err := os.Stat(filepath.Join(target, "images", "cat.jpg")); err != nil || info.Mode()&0o7133 != 0 {
			t.Errorf("%s: the permissions are %v, %v, want none of the archive's", name, info.Mode(), err)
		}
	}
}

func TestAFileThatIsNoArchiveIsCopied(t *testing.T) {
	target := t.TempDir()
	if _, err := Unpack(t.Context(), Archive{Path: put(t, "labels.mat", []byte("PK\x03\x04 or whatever"))}, target); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, target); len(got) != 1 || got["labels.mat"] != "PK\x03\x04 or whatever" {
		t.Errorf("there is %q, want the file", got)
	}
}

func TestArchivesInArchivesAreUnpackedWhereAsked(t *testing.T) {
	inner := func(name string) string { return string(tarOf(t, member{name: name, content: name})) }
	packed := string(gzipped(t, tarOf(t, member{name: "101/cat/1.jpg", content: "cat"}, member{name: "deep.tar", content: "stays"})))
	imageNet := tarOf(t, member{name: "n02.tar", content: inner("n02_1.JPEG")}, member{name: "n01.tar", content: inner("n01_1.JPEG")})
	for name, test := range map[string]struct {
		archive Archive
		want    map[string]string
	}{
		"ImageNet": {
			Archive{Path: put(t, "train.tar", imageNet), To: "images/train", Nested: Folders},
			map[string]string{
				"images/": "", "images/train/": "", "images/train/n01/": "", "images/train/n01/n01_1.JPEG": "n01_1.JPEG", "images/train/n02/": "", "images/train/n02/n02_1.JPEG": "n02_1.JPEG",
			},
		},
		"Caltech101": {
			Archive{Path: put(t, "a.zip", zipOf(t, member{name: "c/101.tar.gz", content: packed}, member{name: "c/other.tar", content: "no"})), Inner: "c/101.tar.gz", Nested: Here},
			map[string]string{"101/": "", "101/cat/": "", "101/cat/1.jpg": "cat", "deep.tar": "stays"},
		},
		"neither": {
			Archive{Path: put(t, "b.zip", zipOf(t, member{name: "s/x.tar", content: "as it is"})), Inner: "s", To: "new"},
			map[string]string{"new/": "", "new/x.tar": "as it is"},
		},
	} {
		target := t.TempDir()
		if _, err := Unpack(t.Context(), test.archive, target); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := tree(t, target); !maps.Equal(got, test.want) {
			t.Errorf("%s unpacks to %q, want %q", name, got, test.want)
		}
	}
}

func TestWhatIsThereIsKept(t *testing.T) {
	target := t.TempDir()
	old := filepath.Join(target, "images", "cat.jpg")
	if err := errors.Join(os.Mkdir(filepath.Dir(old), 0o755), os.WriteFile(old, []byte("A CAT"), 0o644), os.WriteFile(filepath.Join(target, "mine"), nil, 0o644),
		os.Mkdir(filepath.Join(target, ".unpacking-a.tar"), 0o755)); err != nil {
		t.Fatal(err)
	}
	a := Archive{Path: put(t, "a.tar", tarOf(t, pictures...)), Inner: "set"}
	for _, want := range []Unpacked{{Files: 2, Kept: 1, Bytes: 12, Left: 2}, {Kept: 3, Left: 2}} {
		done, err := Unpack(t.Context(), a, target)
		if err != nil || done != want {
			t.Errorf("%+v, %v, want %+v", done, err, want)
		}
	}
	all := map[string]string{"images/": "", "images/cat.jpg": "A CAT", "images/dog.jpg": "a dog", "mine": "", "read me.txt": "licence"}
	if got := tree(t, target); !maps.Equal(got, all) {
		t.Errorf("there is %q, want %q", got, all)
	}
	if err := errors.Join(os.WriteFile(old, []byte("a larger cat"), 0o644), os.Remove(filepath.Join(target, "read me.txt"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(t.Context(), a, target); err == nil || !strings.Contains(err.Error(), "images/cat.jpg is there already and is another one (12 bytes, the archive's has 5)") {
		t.Errorf("another cat: %v, want an error that names it", err)
	}
	if _, err := os.Stat(filepath.Join(target, "read me.txt")); err == nil {
		t.Error("after an error something was moved")
	}
}

func TestLinksInsideAnArchiveAreMade(t *testing.T) {
	target := filepath.Join(t.TempDir(), "to")
	data := tarOf(t, member{name: "s/first/a", kind: tar.TypeSymlink, link: "../real/b"}, member{name: "s/real/b", content: "b"},
		member{name: "s/hard", kind: tar.TypeLink, link: "s/real/b"}, member{name: "s/folder", kind: tar.TypeSymlink, link: "real"})
	done, err := Unpack(t.Context(), Archive{Path: put(t, "a.tar", data), Inner: "s", To: "to"}, filepath.Dir(target))
	want := map[string]string{"first/": "", "first/a": "-> ../real/b", "real/": "", "real/b": "b", "hard": "b", "folder": "-> real"}
	if got := tree(t, target); err != nil || !maps.Equal(got, want) || done.Files != 4 {
		t.Errorf("%+v, %v: there is %q, want %q", done, err, got, want)
	}
}

// hostile are archives that are refused, with a part of the error.
func hostile(t testing.TB) map[string][]member {
	t.Helper()
	var deepest strings.Builder
	for range 40 {
		deepest.WriteString("d/")
	}
	return map[string][]member{
		"leaves its folder":                     {{name: "a"}, {name: "../evil"}},
		`"a/../../evil" leaves`:                 {{name: "a/../../evil"}},
		"has an absolute name":                  {{name: "/etc/evil"}},
		`"C:/evil" has an absolute name`:        {{name: "C:/evil"}},
		`has a backslash or a NUL`:              {{name: `..\evil`}},
		"is no UTF-8":                           {{name: "\xff\xfe"}},
		"has a long name":                       {{name: strings.Repeat("n", 1100)}},
		"in too many folders":                   {{name: deepest.String() + "f"}},
		"is there twice":                        {{name: "a/b", content: "1"}, {name: "a/b", content: "2"}},
		`"A.JPG" is there twice, or differs`:    {{name: "a.jpg"}, {name: "A.JPG"}},
		`folders "a" and "A" differ`:            {{name: "a/1"}, {name: "A/2"}},
		`"a" is a file and a folder`:            {{name: "a"}, {name: "a/b"}},
		`"A" is there twice, or`:                {{name: "a/b"}, {name: "A"}},
		`link to "../evil", which is refused`:   {{name: "l", kind: tar.TypeSymlink, link: "../evil"}},
		`link to "/etc/passwd", which is`:       {{name: "l", kind: tar.TypeSymlink, link: "/etc/passwd"}},
		`link to "none", which leads out`:       {{name: "l", kind: tar.TypeSymlink, link: "none"}},
		`link to "b/../..", which`:              {{name: "b/c"}, {name: "l", kind: tar.TypeSymlink, link: "b/../.."}},
		`entry "l" is a link to "l2", which`:    {{name: "l", kind: tar.TypeSymlink, link: "l2"}, {name: "l2", kind: tar.TypeSymlink, link: "l"}},
		`"l" is a file and a folder`:            {{name: "l", kind: tar.TypeSymlink, link: "."}, {name: "l/evil"}},
		"has a name that only unpacking uses":   {{name: ".unpacking-a.tar/x"}},
		`of kind`:                               {{name: "console", kind: tar.TypeChar}},
		"is allowed for an archive of its size": {{name: "zeros", content: string(make([]byte, 20<<20))}},
	}
}

func TestHostileArchivesAreRefusedAndLeaveNothing(t *testing.T) {
	for want, members := range hostile(t) {
		for _, name := range []string{"a.tar.gz", "a.zip"} {
			data := zipOf(t, members...)
			if name == "a.tar.gz" {
				data = gzipped(t, tarOf(t, members...))
			}
			refused(t, name, data, Archive{}, want)
		}
	}
	for want, m := range map[string]member{
		"link of entry \"h\": entry \"../evil\" leaves":  {name: "h", kind: tar.TypeLink, link: "../evil"},
		`link to "/etc/passwd"`:                          {name: "h", kind: tar.TypeLink, link: "/etc/passwd"},
		`"h" is a link to "none", which is refused: the`: {name: "h", kind: tar.TypeLink, link: "none"},
		`is of kind '6'`:                                 {name: "pipe", kind: tar.TypeFifo},
	} {
		if strings.HasPrefix(want, "link to") {
			want = "has an absolute name"
		}
		refused(t, "a.tar", tarOf(t, m), Archive{}, want)
	}
}

// refused checks that an archive is an error with a part, and that nothing is written.
func refused(t *testing.T, name string, data []byte, a Archive, want string) {
	t.Helper()
	parent := t.TempDir()
	a.Path = put(t, name, data)
	_, err := Unpack(t.Context(), a, filepath.Join(parent, "target"))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want an error with %q", name, err, want)
	}
	if left := tree(t, parent); len(left) > 0 {
		t.Errorf("%s (%s): there are %q, want nothing", name, want, slices.Collect(maps.Keys(left)))
	}
}

func TestBrokenArchivesAreRefusedAndLeaveNothing(t *testing.T) {
	files := []member{{name: "a", content: strings.Repeat("a", 3000)}, {name: "b", content: "b"}}
	whole := gzipped(t, tarOf(t, files...))
	zipped := zipOf(t, files...)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	renamed := bytes.Replace(zipped, []byte("aPK"), []byte("aPK"), 1)
	small := bytes.Clone(renamed)
	at := bytes.LastIndex(small, []byte("PK\x01\x02")) // what the directory says of b
	binary.LittleEndian.PutUint32(small[at+24:], 2)
	encrypted := bytes.Clone(zipped)
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	for name, test := range map[string]struct {
		file string
		data []byte
		a    Archive
		want string
	}{
		"cut gzip":         {"a.tgz", whole[:len(whole)-20], Archive{}, "unexpected EOF"},
		"cut tar":          {"a.tar", tarOf(t, files...)[:2000], Archive{}, "unexpected EOF"},
		"flipped bit":      {"a.tgz", flipped, Archive{}, "invalid checksum"},
		"cut zip":          {"a.zip", zipped[:len(zipped)-30], Archive{}, "broken or cut short"},
		"a lying size":     {"a.zip", small, Archive{}, `entry "b"`},
		"encrypted":        {"a.zip", encrypted, Archive{}, "is encrypted"},
		"a web page":       {"a.zip", []byte("<html>"), Archive{}, "is no zip, tar or gzipped tar"},
		"nothing":          {"a.tar.gz", nil, Archive{}, "is no zip, tar or gzipped tar"},
		"no tar in a gzip": {"a.tar.gz", gzipped(t, []byte(strings.Repeat("text", 500))), Archive{}, "broken or cut short"},
		"another archive":  {"a.zip", zipped, Archive{Inner: "images"}, "there is no images in it"},
		"too many files":   {"a.zip", zipped, Archive{Limits: Limits{Files: 1}}, "2 entries, more than the 1"},
		"too many in tar":  {"a.tgz", whole, Archive{Limits: Limits{Files: 1}}, "more entries than are allowed"},
		"too many bytes":   {"a.tgz", whole, Archive{Limits: Limits{Bytes: 2999}}, "more than is allowed"},
		"bytes of a zip":   {"a.zip", zipped, Archive{Limits: Limits{Bytes: 3000}}, "more than is allowed"},
		"broken inside":    {"b.zip", zipOf(t, member{name: "n.tar", content: "no tar"}), Archive{Nested: Here}, "broken or cut short"},
	} {
		t.Log(name)
		refused(t, test.file, test.data, test.a, test.want)
	}
}

func TestEntriesOfAZipThatShareTheirBytesAreRefused(t *testing.T) {
	data := zipOf(t, member{name: "a", content: strings.Repeat("0123456789abcdef", 200)}, member{name: "b", content: "b"})
	reader, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	first, second := bytes.Index(data, []byte("PK\x01\x02")), bytes.LastIndex(data, []byte("PK\x01\x02"))
	copy(data[second+10:second+32], data[first+10:first+32]) // sizes and checksum
	binary.LittleEndian.PutUint32(data[second+42:], 0)       // and place
	binary.LittleEndian.PutUint32(data[first+20:], uint32(len(data)-10))
	refused(t, "a.zip", data, Archive{}, "its entries have more bytes than the archive")
	if len(reader.File) != 2 {
		t.Errorf("%d entries", len(reader.File))
	}
}

func TestABombOfHeadersIsRefused(t *testing.T) {
	// After the last file of a tar, zeros may follow; these would be a hundred gigabytes.
	data := gzipped(t, append(tarOf(t, member{name: "a"}), make([]byte, 40<<20)...))
	refused(t, "a.tgz", data, Archive{Limits: Limits{Files: 100, Bytes: 1 << 20}}, "more than is allowed")
}

func TestBombsOfEntriesAreRefused(t *testing.T) {
	var empty, deep, nested []member
	for i := range 3000 {
		empty = append(empty, member{name: fmt.Sprintf("%d", i)})
	}
	for i := range 5 {
		deep = append(deep, member{name: fmt.Sprintf("%d/%s", i, strings.Repeat("d/", 30))})
	}
	zeros := string(gzipped(t, append(tarOf(t, member{name: "a"}), make([]byte, 8<<20)...)))
	for i := range 5 {
		nested = append(nested, member{name: fmt.Sprintf("%d.tgz", i), content: zeros})
	}
	refused(t, "a.tgz", gzipped(t, tarOf(t, empty...)), Archive{}, "more entries than are allowed")                          // which are 8 bytes each
	refused(t, "a.tgz", gzipped(t, tarOf(t, deep...)), Archive{Limits: Limits{Files: 100}}, "more entries than are allowed") // with the folders on the way
	refused(t, "a.tar", tarOf(t, nested...), Archive{Nested: Folders, Limits: Limits{Files: 100, Bytes: 20 << 20}}, "more than is allowed")
	for name, data := range map[string][]byte{
		"a.tgz": gzipped(t, tarOf(t, member{name: "l", kind: tar.TypeSymlink, link: strings.Repeat("a/", 1<<16)})),
		"a.zip": zipOf(t, member{name: "l", kind: tar.TypeSymlink, link: strings.Repeat("a/", 1<<16)}),
	} {
		refused(t, name, data, Archive{}, "is a link to a long name")
	}
}

func TestInterruptedUnpackingLeavesNothing(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	stopped := errors.New("Ctrl-C")
	stop(stopped)
	target := filepath.Join(t.TempDir(), "target")
	for _, data := range []string{"a.tar", "a.zip"} {
		members := []member{{name: "a", content: "a"}}
		archive := put(t, data, tarOf(t, members...))
		if data == "a.zip" {
			archive = put(t, data, zipOf(t, members...))
		}
		if _, err := Unpack(ctx, Archive{Path: archive}, target); !errors.Is(err, stopped) {
			t.Errorf("%s: %v, want the context's cause", data, err)
		}
		if _, err := os.Stat(target); err == nil {
			t.Errorf("%s: a folder is left", data)
		}
		if _, err := os.Stat(archive); err != nil {
			t.Errorf("%s: the archive is gone: %v", data, err)
		}
	}
}

// checkFuzzed unpacks what a fuzzer made and checks that it stays in its folder and within limits.
func checkFuzzed(t *testing.T, name string, data []byte) {
	parent := t.TempDir()
	target := filepath.Join(parent, "target")
	archive := put(t, name, data)
	const limit = 1 << 16
	var done Unpacked
	var err error
	// Each of at most a hundred entries takes what unpacks it, some 50 kB, and each byte that gzip may bring, some 270 kB, or
	// that is in the archive may be part of a header.
	alloc.Bound(t, 16<<20+64*(270_000+uint64(len(data))), func() {
		done, err = Unpack(t.Context(), Archive{Path: archive, Nested: Folders, Limits: Limits{Files: 100, Bytes: limit}}, target)
	})
	var total int
	for path, content := range tree(t, parent) {
		if path != "target/" && !strings.HasPrefix(path, "target/") {
			t.Errorf("wrote %q", path)
		}
		if link, ok := strings.CutPrefix(content, "-> "); ok {
			real, err := filepath.EvalSymlinks(filepath.Join(parent, path))
			if err != nil || real != target && !strings.HasPrefix(real, target+"/") {
				t.Errorf("%q leads to %q: %s, %v", path, link, real, err)
			}
			continue
		}
		if !strings.HasSuffix(path, "/") {
			total += len(content)
		}
	}
	if err != nil && total > 0 {
		t.Errorf("%d bytes are left after %v", total, err)
	}
	if done.Bytes > limit || err == nil && int64(total) < done.Bytes {
		t.Errorf("%+v, but %d bytes of %d allowed are there", done, total, limit)
	}
}

func FuzzTar(f *testing.F) {
	for _, members := range append([][]member{pictures}, fuzzed(f)...) {
		data := tarOf(f, members...)
		f.Add(data)
		f.Add(gzipped(f, data))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkFuzzed(t, "a.tar.gz", data) })
}

func FuzzZip(f *testing.F) {
	for _, members := range append([][]member{pictures[2:]}, fuzzed(f)...) {
		f.Add(zipOf(f, members...))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkFuzzed(t, "a.zip", data) })
}

// fuzzed are the hostile archives that are small, and such as have others in them.
func fuzzed(t testing.TB) [][]member {
	seeds := [][]member{{{name: "n.tar", content: string(tarOf(t, member{name: "x", content: "x"}))}, {name: "m.tgz", content: string(gzipped(t, tarOf(t, member{name: "../x"})))}}}
	for _, members := range hostile(t) {
		if len(members[0].content) < 1000 {
			seeds = append(seeds, members)
		}
	}
	return seeds
}

func ExampleUnpack() {
	folder, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(folder)
	archive := filepath.Join(folder, "labels.txt")
	_ = os.WriteFile(archive, []byte("cat\ndog\n"), 0o644)
	done, err := Unpack(context.Background(), Archive{Path: archive}, filepath.Join(folder, "pets"))
	fmt.Println(done.Files, done.Bytes, err)
	// Output: 1 8 <nil>
}
