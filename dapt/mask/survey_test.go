package mask

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// square is 30 x 30 pixels of one value, with a square of 10 x 10 of another in the middle.
func square(around, middle uint8) *image.Gray {
	img := full(image.Rect(0, 0, 30, 30), around)
	for y := 10; y < 20; y++ {
		for x := 10; x < 20; x++ {
			img.Pix[y*30+x] = middle
		}
	}
	return img
}

// painted is 30 x 30 pixels, each of the value that its number has.
func painted(value func(i int) uint8) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 30, 30))
	for i := range img.Pix {
		img.Pix[i] = value(i)
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// surveyed returns what Survey finds of one image of 30 x 30 pixels with this mask; nil is none.
func surveyed(t *testing.T, f Files, data []byte) (Report, Finding) {
	t.Helper()
	files := fstest.MapFS{"images/a/1.png": {Data: encode(t, square(9, 90))}}
	if data != nil {
		files["mask/a/1.png"] = &fstest.MapFile{Data: data}
	}
	d := &dataset.Dataset{Name: "Own", Images: "images", FS: files}
	report, err := Survey(t.Context(), f.bind(d), []dataset.Item{{Path: "images/a/1.png", Class: "a"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report, report.Findings[0]
}

func TestSurveyFindsEveryDefect(t *testing.T) {
	good := encode(t, square(0, 255))
	soft := painted(func(i int) uint8 { // white in the middle, with a rim of gray
		switch x, y := i%30-15, i/30-15; {
		case x*x+y*y < 60:
			return 255
		case x*x+y*y < 70:
			return 130
		}
		return 0
	})
	for name, c := range map[string]struct {
		files   Files
		data    []byte
		want    []Defect
		refused bool
	}{
		"a good mask":                     {data: good},
		"labels":                          {data: encode(t, square(0, 3))},
		"labels with void":                {data: encode(t, painted(func(i int) uint8 { return []uint8{0, 0, 0, 5, 5, 5, 255, 0, 0, 5}[i%10] }))},
		"a good JPEG":                     {data: asJPEG(t, square(0, 255))},
		"smooth edges":                    {data: encode(t, disc(30, 255, 1))},
		"no file":                         {want: []Defect{Missing}, refused: true},
		"no file, but a fallback":         {files: Files{Fallback: Whole{}}, want: []Defect{Missing}},
		"text":                            {data: []byte("hello"), want: []Defect{Undecodable}, refused: true},
		"half a file":                     {data: good[:60], want: []Defect{Undecodable}, refused: true},
		"an empty file":                   {data: []byte{}, want: []Defect{Undecodable}, refused: true},
		"another size":                    {data: encode(t, image.NewGray(image.Rect(0, 0, 30, 31))), want: []Defect{MisSized, Empty}, refused: true},
		"another size that is resized":    {files: Files{Decode: Official}, data: encode(t, disc(31, 9, 0))},
		"nothing":                         {data: encode(t, square(0, 0)), want: []Defect{Empty}, refused: true},
		"nothing, which is allowed":       {files: Files{AllowEmpty: true}, data: encode(t, square(0, 0)), want: []Defect{Empty}},
		"everything":                      {data: encode(t, square(255, 255)), want: []Defect{Full}},
		"black on white":                  {data: encode(t, square(255, 0)), want: []Defect{Inverted}},
		"an object that fills the border": {data: encode(t, painted(func(i int) uint8 { return []uint8{255, 0}[i/870] }))},
		"a photograph":                    {data: encode(t, painted(func(i int) uint8 { return uint8(i * 37) })), want: []Defect{Grays}},
		"white with a gray rim":           {data: encode(t, soft), want: []Defect{Rim}},
		"labels in JPEG":                  {data: asJPEG(t, disc(30, 9, 0)), want: []Defect{Ringing}},
		"black and white read as labels":  {files: Files{Decode: Labels}, data: good, want: []Defect{Empty, Rim}, refused: true},
	} {
		report, got := surveyed(t, c.files, c.data)
		if !slices.Equal(got.Defects, c.want) {
			t.Errorf("Survey of %s finds %v, want %v", name, got.Defects, c.want)
		}
		if (report.Refused == 1) != c.refused {
			t.Errorf("Survey of %s says that training refuses %d, want it refused: %v", name, report.Refused, c.refused)
		}
		for _, d := range c.want {
			if report.Counts[d] != 1 || len(report.Of(d)) != 1 {
				t.Errorf("Survey of %s counts %v, want %s once", name, report.Counts, d)
			}
		}
	}
}

// What Survey says training refuses, Check must refuse, and nothing else.
func TestSurveyRefusesWhatCheckRefuses(t *testing.T) {
	for name, data := range map[string][]byte{
		"good": encode(t, square(0, 255)), "missing": nil, "broken": []byte("x"), "empty": encode(t, square(0, 0)),
		"full": encode(t, square(255, 255)), "mis-sized": encode(t, disc(31, 255, 0)), "inverted": encode(t, square(255, 0)),
	} {
		for rule, f := range map[string]Files{"": {}, "official": {Decode: Official}, "empty allowed": {AllowEmpty: true}, "fallback": {Fallback: Whole{}}} {
			report, finding := surveyed(t, f, data)
			d := &dataset.Dataset{Name: "Own", Images: "images", FS: fstest.MapFS{"images/a/1.png": {Data: encode(t, square(9, 90))}}}
			if data != nil {
				d.FS.(fstest.MapFS)["mask/a/1.png"] = &fstest.MapFile{Data: data}
			}
			err := f.bind(d).Check(t.Context(), []dataset.Item{{Path: "images/a/1.png"}})
			if (err != nil) != (report.Refused > 0) {
				t.Errorf("%s mask, %q: Survey refuses %d (%v), Check says %v", name, rule, report.Refused, finding.Defects, err)
			}
		}
	}
}

func TestSurveySumsUpClassesAndValues(t *testing.T) {
	files := fstest.MapFS{}
	var items []dataset.Item
	add := func(name, class string, mask []byte) {
		files["images/"+name+".png"] = &fstest.MapFile{Data: encode(t, square(9, 90))}
		files["mask/"+name+".png"] = &fstest.MapFile{Data: mask}
		items = append(items, dataset.Item{Path: "images/" + name + ".png", Class: class})
	}
	add("c/1", "cat", encode(t, square(0, 255)))
	add("c/2", "cat", encode(t, square(0, 0)))
	add("b/1", "boat", encode(t, square(0, 7)))
	add("b/2", "boat", []byte("broken"))
	add("e/1", "eel", nil)
	var told []int
	d := &dataset.Dataset{Name: "Own", Images: "images", FS: files}
	report, err := Survey(t.Context(), Files{}.bind(d), append(items, items[1]), func(done int) { told = append(told, done) })
	if err != nil {
		t.Fatal(err)
	}
	share := 100.0 / 900
	want := []ClassShare{{"boat", 1, share, share, share}, {"cat", 2, share / 2, 0, share}, {Class: "eel"}}
	if !slices.EqualFunc(report.Classes, want, func(a, b ClassShare) bool {
		return a.Class == b.Class && a.Masks == b.Masks && math.Abs(a.Mean-b.Mean)+math.Abs(a.Min-b.Min)+math.Abs(a.Max-b.Max) < 1e-12
	}) {
		t.Errorf("classes are %v, want %v", report.Classes, want)
	}
	if got := [4]int64{report.Values[0], report.Values[7], report.Values[255], report.Values[1]}; got != [4]int64{800 + 900 + 800, 100, 100, 0} {
		t.Errorf("pixels of 0, 7, 255 and 1 are %v, want 2500, 100, 100 and 0", got)
	}
	if !slices.Equal(told, []int{1, 2, 3, 4, 5}) || len(report.Findings) != 5 || report.Findings[2].Image != "images/b/1.png" {
		t.Errorf("%d findings, told %v, want 5 in the order of the items", len(report.Findings), told)
	}
	if !strings.Contains(report.Findings[3].Detail, "reading mask/b/2.png") {
		t.Errorf("detail of a broken mask is %q, want its name", report.Findings[3].Detail)
	}
}

func TestSurveyFindsTwoImagesWithOneMask(t *testing.T) {
	picture := &fstest.MapFile{Data: encode(t, square(9, 90))}
	files := fstest.MapFS{"cat/1.png": picture, "dog/1.png": picture, "mask/1.png": {Data: encode(t, square(0, 255))}}
	items := []dataset.Item{{Path: "cat/1.png"}, {Path: "dog/1.png"}}
	report, err := Survey(t.Context(), Files{}.bind(&dataset.Dataset{Name: "Own", FS: files}), items, nil)
	if err != nil || report.Counts[Shared] != 2 || report.Refused != 2 {
		t.Errorf("Survey = %v, %v, want both images refused", report.Counts, err)
	}
}

// opened counts how often each file is opened.
type opened struct {
	fstest.MapFS
	lock  *sync.Mutex
	times map[string]int
}

func (o opened) Open(name string) (fs.File, error) {
	o.lock.Lock()
	o.times[name]++
	o.lock.Unlock()
	return o.MapFS.Open(name)
}

// Stat does not open.
func (o opened) Stat(name string) (fs.FileInfo, error) { return o.MapFS.Stat(name) }

func TestSurveyReadsEachFileOnce(t *testing.T) {
	o := opened{fstest.MapFS{"images/a/1.png": {Data: encode(t, square(9, 90))}, "mask/a/1.png": {Data: encode(t, square(0, 255))}}, &sync.Mutex{}, map[string]int{}}
	d := &dataset.Dataset{Name: "Own", Images: "images", FS: o}
	if _, err := Survey(t.Context(), Files{}.bind(d), []dataset.Item{{Path: "images/a/1.png"}}, nil); err != nil {
		t.Fatal(err)
	}
	if o.times["mask/a/1.png"] != 1 || o.times["images/a/1.png"] != 1 {
		t.Errorf("files are opened %v times, want each once", o.times)
	}
}

func TestSurveyStopsWhenAskedAndRefusesWhatItCannotRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, _ := pictures(t, 3)
	if _, err := Survey(ctx, Files{}.bind(d), d.Train, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Survey that is stopped fails with %v, want context.Canceled", err)
	}
	locked := &dataset.Dataset{Name: "Own", FS: forbidden{}}
	if _, err := Survey(t.Context(), Files{}.bind(locked), d.Train, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Survey of a folder that may not be read fails with %v, want fs.ErrPermission", err)
	}
	for want, f := range map[string]Files{"call For with the data set": {FS: fstest.MapFS{}}, "no FS": {}, "Layout is": {FS: fstest.MapFS{}, Layout: "x", data: d}} {
		if _, err := Survey(t.Context(), f, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Survey fails with %v, want a message with %q", err, want)
		}
	}
	wrong := Files{FS: fstest.MapFS{"mask/a/1.png": good(t)}, Decode: "soft"}.bind(d)
	if _, err := Survey(t.Context(), wrong, d.Train, nil); err == nil || !strings.Contains(err.Error(), `Decode is "soft"`) {
		t.Errorf("Survey by an unknown rule fails with %v, want a message that names it", err)
	}
}

// FuzzSurveyAgreesWithMask is about what a mask file of any content comes to: Survey calls it unreadable or mis-sized where Mask
// fails, and nowhere else.
func FuzzSurveyAgreesWithMask(f *testing.F) {
	whole := encode(f, square(0, 255))
	for _, data := range [][]byte{
		whole, whole[:50], nil, []byte("GIF89a"), asJPEG(f, square(0, 255)), encode(f, square(0, 3)), encode(f, paletted(vocPalette(), 0, 1, 255)),
		encode(f, image.NewNRGBA(image.Rect(0, 0, 30, 30))),
	} {
		f.Add(data)
	}
	d := &dataset.Dataset{Name: "Own", Images: "images", FS: fstest.MapFS{"images/a/1.png": {Data: encode(f, square(9, 90))}}}
	item := dataset.Item{Path: "images/a/1.png"}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := Files{FS: fstest.MapFS{"mask/a/1.png": {Data: data}}}.bind(d)
		found, _, err := files.look(item)
		if err != nil {
			t.Fatal(err)
		}
		mask, err := files.Mask(t.Context(), item, square(9, 90))
		if bad := slices.Contains(found.Defects, Undecodable) || slices.Contains(found.Defects, MisSized); bad != (err != nil) {
			t.Fatalf("Survey finds %v, but Mask fails with %v", found.Defects, err)
		}
		if err == nil && (found.Share != Covered(mask) || (found.Share == 0) != slices.Contains(found.Defects, Empty)) {
			t.Fatalf("Survey finds %v and a share of %v, but the mask has %v", found.Defects, found.Share, Covered(mask))
		}
	})
}
