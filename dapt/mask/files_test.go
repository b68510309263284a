package mask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// good is a mask of 2 x 1 pixels, the right one foreground.
func good(t testing.TB) *fstest.MapFile {
	return &fstest.MapFile{Data: encode(t, gray([]uint8{0, 255}))}
}

var size = image.Pt(2, 1)

func TestFilesFindMasksInBothLayouts(t *testing.T) {
	for _, c := range []struct {
		dataset, images, item string
		layout                Layout
		mask                  string
	}{
		{"Food101", "images", "images/pho/1.jpg", DAPT, "mask/pho/1.jpg"},
		{"Caltech101", "101_ObjectCategories", "101_ObjectCategories/cup/1.jpg", DAPT, "mask/cup/1.jpg"},
		{"DescribableTextures", "images", "images/banded/1.jpg", DAPT, "mask/banded/1.jpg"},
		{"EuroSAT", "2750", "2750/River/1.jpg", DAPT, "mask/River/1.jpg"},
		{"UCF101", "UCF-101-midframes", "UCF-101-midframes/Apply_Lipstick/v_1.jpg", DAPT, "mask/Apply_Lipstick/v_1.jpg"},
		{"SUN397", "SUN397", "SUN397/a/apse/indoor/s_1.jpg", DAPT, "mask/a/apse/indoor/s_1.jpg"},
		{"ImageNet", "images", "images/train/n01/n01_1.JPEG", DAPT, "mask/train/n01/n01_1.JPEG"},
		{"OxfordPets", "images", "images/Beagle_1.jpg", DAPT, "mask/Beagle_1.jpg"},
		{"OxfordFlowers", "jpg", "jpg/image_1.jpg", DAPT, "mask/image_1.jpg"},
		{"StanfordCars", "", "cars_train/1.jpg", DAPT, "mask/1.jpg"},
		{"FGVCAircraft", "images", "images/1.jpg", DAPT, "mask/1.png"},
		{"Own", "images", "images/a/b/1.jpg", DAPT, "mask/a/b/1.jpg"},
		{"Own", "images", "images/a/b/1.jpg", DAPT, "mask/b/1.png"},
		{"Own", "images", "images/a/b/1.jpg", AnyLayout, "mask/1.jpg"},
		{"Food101", "images", "images/pho/1.jpg", FVGPT, "mask/images/pho/1.jpg"},
		{"Food101", "images", "images/pho/1.jpg", AnyLayout, "mask/images/pho/1.png"},
		{"Caltech101", "101_ObjectCategories", "101_ObjectCategories/cup/1.jpg", AnyLayout, "mask/101_ObjectCategories/cup/1.jpg"},
		{"StanfordCars", "", "cars_train/1.jpg", AnyLayout, "mask/cars_train/1.jpg"},
		{"Own", "images", "images/train/a/1.png", FVGPT, "mask/train/a/1.png"},
	} {
		d := &dataset.Dataset{Name: c.dataset, Images: c.images, FS: fstest.MapFS{c.mask: good(t), "mask/pho/2.jpg/x": good(t)}}
		got, err := maskOf(Files{Layout: c.layout}.For(d), c.item, size)
		if err != nil {
			t.Errorf("%s, layout %q: %v", c.dataset, c.layout, err)
			continue
		}
		equal(t, c.mask, got.Pix, []uint8{0, 255})
	}
}

func TestAnItemsOwnMaskIsBelowFS(t *testing.T) {
	item := dataset.Item{Path: "images/1.jpg", Mask: "drawn/by hand.png"}
	for _, folder := range []string{"", ".", "masks", "masks/of/all/"} {
		files := fstest.MapFS{"drawn/by hand.png": good(t)}
		source := Files{FS: files, Folder: folder}
		if _, err := source.Mask(t.Context(), item, image.NewNRGBA(image.Rectangle{Max: size})); err != nil {
			t.Errorf("Mask in folder %q fails with %v, want drawn/by hand.png", folder, err)
		}
		delete(files, "drawn/by hand.png")
		for _, name := range []string{"mask/1.png", "masks/1.png", "masks/of/all/1.png", "1.png"} {
			files[name] = good(t)
		}
		want := "1 of 1 images have no mask: images/1.jpg: looked for the first as drawn/by hand.png:"
		if err := source.Check(t.Context(), []dataset.Item{item}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check in folder %q fails with %v, want a message with %q", folder, err, want)
		}
	}
}

func TestLayoutsAreNotMixedUp(t *testing.T) {
	for layout, elsewhere := range map[Layout]string{DAPT: "mask/images/pho/1.jpg", FVGPT: "mask/1.jpg"} {
		d := &dataset.Dataset{Name: "Food101", Images: "images", FS: fstest.MapFS{elsewhere: good(t)}}
		if _, err := maskOf(Files{Layout: layout}.For(d), "images/pho/1.jpg", size); err == nil {
			t.Errorf("layout %q takes %s, want an error", layout, elsewhere)
		}
	}
}

func TestFilesOfAFolderOfTheirOwn(t *testing.T) {
	masks := fstest.MapFS{"1.png": good(t), "VOC2012/Segmentation/1.png": good(t)}
	for _, folder := range []string{".", "VOC2012/Segmentation"} {
		source := Files{FS: masks, Folder: folder}.For(&dataset.Dataset{Name: "Own", FS: fstest.MapFS{}, Images: "JPEGImages"})
		if _, err := maskOf(source, "JPEGImages/1.jpg", size); err != nil {
			t.Errorf("folder %q: %v", folder, err)
		}
	}
}

func TestMaskHasTheImagesBounds(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 6, 7, 7))
	got, err := Files{FS: fstest.MapFS{"mask/1.png": good(t)}}.Mask(t.Context(), dataset.Item{Path: "1.png"}, img)
	if err != nil || got.Rect != img.Rect || got.GrayAt(6, 6).Y != 255 {
		t.Errorf("Mask = %v, %v, want bounds %v and 255 on the right", got, err, img.Rect)
	}
}

// benchmark has these mask files and seven images a/0.jpg to a/6.jpg.
func benchmark(masks fstest.MapFS) (Files, []dataset.Item) {
	items := make([]dataset.Item, 7)
	for i := range items {
		items[i] = dataset.Item{Path: fmt.Sprintf("images/a/%d.jpg", i)}
	}
	return Files{FS: masks}, items
}

func masks(t testing.TB, count int) fstest.MapFS {
	all := fstest.MapFS{}
	for i := range count {
		all[fmt.Sprintf("mask/a/%d.png", i)] = good(t)
	}
	return all
}

func TestCheckPassesWhatMaskCanRead(t *testing.T) {
	files, items := benchmark(masks(t, 7))
	if err := files.Check(t.Context(), items); err != nil {
		t.Error(err)
	}
	if err := files.Check(t.Context(), append(items, items[0])); err != nil {
		t.Errorf("with an image that is listed twice: %v", err)
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	empty := &fstest.MapFile{Data: encode(t, gray([]uint8{0, 0}))}
	for _, c := range []struct {
		name   string
		change func(f *Files, masks fstest.MapFS)
		want   []string
	}{
		{"missing masks", func(f *Files, _ fstest.MapFS) { f.Folder = "masks" }, []string{
			"7 of 7 images have no mask: images/a/0.jpg", "images/a/4.jpg, …", "masks/a/0.jpg, masks/a/0.png", "set Folder or Layout, or set a Fallback",
		}},
		{"one missing mask", func(_ *Files, m fstest.MapFS) { delete(m, "mask/a/3.png") }, []string{"1 of 7 images have no mask: images/a/3.jpg:"}},
		{"a corrupt mask", func(_ *Files, m fstest.MapFS) { m["mask/a/2.png"] = &fstest.MapFile{Data: good(t).Data[:40]} }, []string{
			"reading mask/a/2.png", "corrupt or truncated", "replace the file",
		}},
		{"a mask that is no image", func(_ *Files, m fstest.MapFS) { m["mask/a/2.png"] = &fstest.MapFile{Data: []byte("hello")} }, []string{
			"reading mask/a/2.png", "want PNG",
		}},
		{"empty masks", func(_ *Files, m fstest.MapFS) { m["mask/a/1.png"], m["mask/a/5.png"] = empty, empty }, []string{
			"2 of 7 masks have no foreground: mask/a/1.png, mask/a/5.png", "set Decode", "set AllowEmpty",
		}},
		{"masks read wrongly", func(f *Files, _ fstest.MapFS) { f.Decode = Labels }, []string{"7 of 7 masks have no foreground"}},
		{"one mask for all", func(_ *Files, m fstest.MapFS) {
			clear(m)
			m["mask/0.jpg"], m["mask/1.jpg"] = good(t), good(t)
		}, []string{"5 of 7 images have no mask: images/a/2.jpg"}},
		{"an unknown layout", func(f *Files, _ fstest.MapFS) { f.Layout = "seem" }, []string{`Layout is "seem", want "", "dapt" or "fvg-pt"`}},
		{"no file system", func(f *Files, _ fstest.MapFS) { f.FS = nil }, []string{"no FS: set it, or call For"}},
		{"Grad-CAM as fallback", func(f *Files, _ fstest.MapFS) { f.Fallback = GradCAM{} }, []string{"use FilesOrGradCAM"}},
	} {
		all := masks(t, 7)
		files, items := benchmark(all)
		c.change(&files, all)
		err := files.Check(t.Context(), items)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Check with %s fails with %v, want a message with %q", c.name, err, want)
			}
		}
	}
}

func TestCheckFindsTwoImagesWithOneMask(t *testing.T) {
	files := Files{FS: fstest.MapFS{"mask/1.jpg": good(t)}}
	err := files.Check(t.Context(), []dataset.Item{{Path: "images/cat/1.jpg"}, {Path: "images/dog/1.jpg"}})
	if want := "images images/cat/1.jpg and images/dog/1.jpg have the same mask mask/1.jpg"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Check fails with %v, want a message with %q", err, want)
	}
}

func TestEmptyMasksCanBeAllowed(t *testing.T) {
	files := Files{FS: fstest.MapFS{"mask/1.png": {Data: encode(t, gray([]uint8{0, 0}))}}, AllowEmpty: true}
	if err := files.Check(t.Context(), []dataset.Item{{Path: "1.png"}}); err != nil {
		t.Error(err)
	}
	got, err := maskOf(files, "1.png", size)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "an empty mask", got.Pix, []uint8{0, 0})
}

func TestCheckStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files, items := benchmark(masks(t, 7))
	if err := files.Check(ctx, items); !errors.Is(err, context.Canceled) {
		t.Errorf("Check fails with %v, want context.Canceled", err)
	}
	if err := files.readAll(ctx, []pair{{"a/0.png", "mask/a/0.png"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("readAll fails with %v, want context.Canceled", err)
	}
}

func TestMaskSaysWhatIsWrong(t *testing.T) {
	files := Files{FS: fstest.MapFS{"mask/1.png": good(t), "mask/bad.png": {Data: []byte("bad")}}}
	for _, c := range []struct {
		source Source
		item   string
		size   image.Point
		want   string
	}{
		{files, "2.jpg", size, "1 of 1 images have no mask: 2.jpg: looked for the first as mask/2.jpg, mask/2.png"},
		{files, "1.jpg", image.Pt(3, 2), `mask/1.png has 2 x 1 pixels but its image 1.jpg has 3 x 2: make the mask anew from this image, or set Decode to "official"`},
		{files, "bad.png", size, "reading mask/bad.png"},
		{Files{}, "1.jpg", size, "no FS"},
		{FilesOrGradCAM{Files: files}, "2.jpg", size, "Grad-CAM of 2.jpg needs the model"},
	} {
		if _, err := maskOf(c.source, c.item, c.size); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s fails with %v, want a message with %q", c.source.Name(), c.item, err, c.want)
		}
	}
}

// forbidden is a folder that may not be looked into.
type forbidden struct{}

func (forbidden) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestAFolderThatCannotBeReadIsNoMissingMask(t *testing.T) {
	files := Files{FS: forbidden{}, Fallback: Whole{}}
	if _, err := maskOf(files, "1.jpg", size); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Mask fails with %v, want fs.ErrPermission", err)
	}
	if err := files.Check(t.Context(), []dataset.Item{{Path: "1.jpg"}}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Check fails with %v, want fs.ErrPermission", err)
	}
}

func TestFallbackStandsInForMissingFilesOnly(t *testing.T) {
	files := Files{FS: fstest.MapFS{"mask/1.png": good(t)}, Fallback: Whole{}}
	if err := files.Check(t.Context(), []dataset.Item{{Path: "1.jpg"}, {Path: "2.jpg"}}); err != nil {
		t.Error(err)
	}
	for item, want := range map[string][]uint8{"1.jpg": {0, 255}, "2.jpg": {255, 255}} {
		got, err := maskOf(files, item, size)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, item, got.Pix, want)
	}
	files.Decode = Official
	got, err := maskOf(files, "2.jpg", size)
	if err != nil {
		t.Fatal(err)
	}
	whole := transform.Crop{Width: 2, Height: 1}
	equal(t, "an official crop of the fallback", Crop(files, got, whole, 2).Pix, []uint8{255, 255, 255, 255})
	equal(t, "Name", files.Name(), "files or whole")
}

func TestGradCAMStandsInForMissingFiles(t *testing.T) {
	source := FilesOrGradCAM{Files: Files{FS: fstest.MapFS{"mask/1.png": good(t)}}}
	items := []dataset.Item{{Path: "1.jpg"}, {Path: "2.jpg"}}
	if err := source.Check(t.Context(), items); err != nil {
		t.Error(err)
	}
	now := source.Refresh(items, [][]float32{{1, 0, 1, 0}, {1, 0, 1, 0}}, 2)
	for item, want := range map[string][]uint8{"1.jpg": {0, 255}, "2.jpg": {255, 0}} {
		got, err := maskOf(now, item, size)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, item, got.Pix, want)
	}
}

// The crops and masks are the published code's (Pillow's resampling), copied for package transform's tests.
func TestOfficialFilesEqualThePublishedCode(t *testing.T) {
	files := Files{FS: fstest.MapFS{}, Decode: Official}
	data := os.DirFS("../transform/testdata")
	read := func(name string) []byte {
		content, err := fs.ReadFile(data, name)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	var crops [][]transform.Crop
	if err := json.Unmarshal(read("crops.json"), &crops); err != nil {
		t.Fatal(err)
	}
	for i, list := range crops {
		name := fmt.Sprintf("image%d.png", i)
		files.FS.(fstest.MapFS)["mask/"+name] = &fstest.MapFile{Data: read(fmt.Sprintf("mask%d.png", i))}
		img, err := transform.Open(data, name)
		if err != nil {
			t.Fatal(err)
		}
		mask, err := files.Mask(t.Context(), dataset.Item{Path: name}, img)
		if err != nil {
			t.Fatal(err)
		}
		for j, crop := range list {
			file := fmt.Sprintf("cropmask%d_%d.png", i, j)
			want, err := png.Decode(strings.NewReader(string(read(file))))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, file, Crop(files, mask, crop, 32).Pix, brightness(want).Pix)
		}
	}
}

func TestFilesReadTheMiniBenchmark(t *testing.T) {
	spec := dataset.Spec{Name: "Mini", Images: "images", Split: "split_zhou_Mini.json"}
	d, err := dataset.Open(spec, mini.FS())
	if err != nil {
		t.Fatal(err)
	}
	d = d.FewShot(1, 1)
	for name, source := range map[string]Source{"bound": For(Files{}, d), "given": Files{FS: mini.FS()}, "FVGPT": Files{FS: mini.FS(), Layout: FVGPT}} {
		if err := source.(Checker).Check(t.Context(), d.Train); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		item := d.Test[7]
		img, err := transform.Open(d.FS, item.Path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := source.Mask(t.Context(), item, img)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := transform.Open(d.FS, strings.Replace(item.Path, "images/", "mask/", 1))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the mask of "+item.Path, got.Pix, brightness(want).Pix)
	}
}

func TestSettingsOfFilesAreEncodedWithoutData(t *testing.T) {
	source := Files{Layout: DAPT, Fallback: Whole{}}.For(&dataset.Dataset{FS: fstest.MapFS{"x": {}}})
	text, err := json.Marshal(source)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the settings", string(text), `{"Layout":"dapt","Fallback":{}}`)
}
