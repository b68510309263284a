package mask

import (
	"context"
	"errors"
	"image"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// published are an image of each data set, and where the two public collections have its mask: DAPT's archive, and FVG-PT's
// collection, which holds eleven.
var published = []struct{ name, images, item, dapt, fvgpt string }{
	{"ImageNet", "images", "images/train/n01/n01_1.JPEG", "imagenet/mask/train/n01/n01_1.JPEG", "imagenet-1k/mask/imagenet/images/train/n01/n01_1.JPEG"},
	{"Caltech101", "101_ObjectCategories", "101_ObjectCategories/cup/1.jpg", "caltech-101/mask/cup/1.jpg", "caltech-101/mask/caltech-101/101_ObjectCategories/cup/1.jpg"},
	{"OxfordPets", "images", "images/Beagle_1.jpg", "oxford_pets/mask/Beagle_1.jpg", "oxford_pets/mask/oxford_pets/images/Beagle_1.jpg"},
	{"StanfordCars", "", "cars_train/1.jpg", "stanford_cars/mask/1.jpg", "stanford_cars/mask/stanford_cars/cars_train/1.jpg"},
	{"OxfordFlowers", "jpg", "jpg/image_1.jpg", "oxford_flowers/mask/image_1.jpg", "flowers-102/mask/oxford_flowers/jpg/image_1.jpg"},
	{"Food101", "images", "images/pho/1.jpg", "food-101/mask/pho/1.jpg", "food101/mask/food-101/images/pho/1.jpg"},
	{"FGVCAircraft", "images", "images/1.jpg", "fgvc_aircraft/mask/1.png", "fgvc_aircraft/fgvc-aircraft-2013b/mask/fgvc_aircraft/images/1.jpg"},
	{"SUN397", "SUN397", "SUN397/a/apse/indoor/s_1.jpg", "sun397/mask/a/apse/indoor/s_1.jpg", "sun-397/mask/sun397/SUN397/a/apse/indoor/s_1.jpg"},
	{"DescribableTextures", "images", "images/banded/1.jpg", "dtd/mask/banded/1.jpg", "dtd/dtd/mask/dtd/images/banded/1.jpg"},
	{"EuroSAT", "2750", "2750/River/1.jpg", "eurosat/mask/River/1.jpg", "eurosat/mask/eurosat/2750/River/1.jpg"},
	{"UCF101", "UCF-101-midframes", "UCF-101-midframes/Archery/v_1.jpg", "ucf101/mask/Archery/v_1.jpg", "ucf101/mask/ucf101/UCF-101-midframes/Archery/v_1.jpg"},
	{"ImageNetV2", "imagenetv2-matched-frequency-format-val", "imagenetv2-matched-frequency-format-val/0/1.jpeg", "imagenetv2/mask/0/1.jpeg", ""},
	{"ImageNetSketch", "images", "images/n01/s.JPEG", "imagenet-sketch/mask/n01/s.JPEG", ""},
	{"ImageNetA", "imagenet-a", "imagenet-a/n01/a.jpg", "imagenet-adversarial/mask/n01/a.jpg", ""},
	{"ImageNetR", "imagenet-r", "imagenet-r/n01/r.jpg", "imagenet-rendition/mask/n01/r.png", ""},
	{"VOC12", "VOCdevkit/VOC2012/JPEGImages", "VOCdevkit/VOC2012/JPEGImages/2007_1.jpg", "voc12data/VOCdevkit/VOC2012/SegmentationClass_All/2007_1.png", ""},
}

// elsewhere are other places of the same masks that a user may have: FVG-PT's as its comment says, or with the masks inside the
// inner folder; a data set's own folder as the root.
var elsewhere = []struct{ name, images, item, mask string }{
	{"Caltech101", "101_ObjectCategories", "101_ObjectCategories/cup/1.jpg", "caltech-101/mask/101_ObjectCategories/cup/1.jpg"},
	{"Caltech101", "101_ObjectCategories", "101_ObjectCategories/cup/1.jpg", "caltech-101/caltech-101/mask/101_ObjectCategories/cup/1.jpg"},
	{"OxfordFlowers", "jpg", "jpg/image_1.jpg", "flowers-102/mask/jpg/image_1.jpg"},
	{"Food101", "images", "images/pho/1.jpg", "food101/food-101/mask/images/pho/1.jpg"},
	{"SUN397", "SUN397", "SUN397/a/apse/s_1.jpg", "sun-397/mask/sun397/a/apse/s_1.jpg"},
	{"VOC12", "VOCdevkit/VOC2012/JPEGImages", "VOCdevkit/VOC2012/JPEGImages/2007_1.jpg", "voc12data/mask/2007_1.png"},
	{"OxfordPets", "images", "images/Beagle_1.jpg", "mask/Beagle_1.jpg"},
	{"photos", "", "train/cat/1.jpg", "photos/mask/train/cat/1.png"},
}

// found reads the item's mask in a collection of this one file.
func found(t *testing.T, name, images, item, file string) {
	t.Helper()
	d := &dataset.Dataset{Name: name, Images: images, FS: fstest.MapFS{}}
	got, err := maskOf(Files{FS: fstest.MapFS{file: good(t)}, Root: "all"}.For(d), item, size)
	if err != nil {
		t.Errorf("mask of %s's %s in a collection with %s: %v", name, item, file, err)
		return
	}
	equal(t, file, got.Pix, []uint8{0, 255})
}

func TestFilesFindEveryDataSetInBothCollections(t *testing.T) {
	for _, c := range published {
		found(t, c.name, c.images, c.item, c.dapt)
		if c.fvgpt != "" {
			found(t, c.name, c.images, c.item, c.fvgpt)
		}
	}
	if len(published) != 16 || len(homes) != 16 {
		t.Errorf("%d data sets are tested and %d known, want 16", len(published), len(homes))
	}
	for _, c := range elsewhere {
		found(t, c.name, c.images, c.item, c.mask)
	}
}

func TestDAPTsFoldersAreThoseOfTheDataSets(t *testing.T) {
	for _, spec := range dataset.Specs {
		if got, want := HomeOf(spec.Name), spec.Folder+"/mask"; got != want {
			t.Errorf("HomeOf(%q) = %q, want %q", spec.Name, got, want)
		}
	}
	if got := HomeOf("photos"); got != "photos/mask" {
		t.Errorf("HomeOf of a folder of one's own = %q, want %q", got, "photos/mask")
	}
}

func TestFVGPTsCollectionIsWhiteOnBlack(t *testing.T) {
	soft := &fstest.MapFile{Data: encode(t, gray([]uint8{1, 254}))} // labels, if it were DAPT's
	for file, want := range map[string][]uint8{
		"food101/mask/food-101/images/pho/1.jpg": {0, 255}, "food-101/mask/pho/1.jpg": {255, 255},
	} {
		d := &dataset.Dataset{Name: "Food101", Images: "images", FS: fstest.MapFS{}}
		got, err := maskOf(Files{FS: fstest.MapFS{file: soft}, Root: "all"}.For(d), "images/pho/1.jpg", size)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, file, got.Pix, want)
	}
}

func TestACollectionSaysWhatItLacks(t *testing.T) {
	pets := &dataset.Dataset{Name: "OxfordPets", Images: "images", FS: fstest.MapFS{}}
	all := Files{FS: fstest.MapFS{"food101/mask/food-101/images/pho/1.jpg": good(t)}, Root: "~/fvg"}
	for name, c := range map[string]struct {
		source Source
		want   string
	}{
		"a collection without the data set": {all.For(pets), "~/fvg has no masks of OxfordPets: looked for the folders oxford_pets/mask/oxford_pets, oxford_pets/oxford_pets/mask, oxford_pets/mask, mask in it"},
		"Grad-CAM where there is no file":   {FilesOrGradCAM{Files: all}.For(pets), "~/fvg has no masks of OxfordPets"},
		"a collection before For":           {all, "~/fvg is a collection of several data sets' masks: call For with the data set"},
	} {
		if err := c.source.(Checker).Check(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check of %s = %v, want a message with %q", name, err, c.want)
		}
		if _, err := maskOf(c.source, "images/Beagle_1.jpg", size); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Mask of %s fails with %v, want a message with %q", name, err, c.want)
		}
	}
	if _, err := maskOf(all.For(pets), "images/Beagle_1.jpg", size); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lacking data set fails with %v, want fs.ErrNotExist", err)
	}
}

func TestACollectionComesBeforeAnItemsOwnMask(t *testing.T) {
	item := dataset.Item{Path: "images/1.jpg", Mask: "drawn/1.png"}
	d := &dataset.Dataset{Name: "photos", Images: "images", FS: fstest.MapFS{"drawn/1.png": good(t)}}
	all := fstest.MapFS{"photos/mask/images/1.png": good(t)}
	if _, err := (Files{FS: all, Root: "all"}).For(d).Mask(t.Context(), item, image.NewGray(image.Rectangle{Max: size})); err != nil {
		t.Error(err)
	}
	folder := t.TempDir()
	d.FS = fstest.MapFS{"images/1.jpg": {Data: encode(t, image.NewGray(image.Rectangle{Max: size}))}}
	made, err := Make(t.Context(), Job{Folder: folder, Data: d, Items: []dataset.Item{item}, Prepare: func(context.Context, []dataset.Item) (Source, error) { return Whole{}, nil }})
	if _, failed := os.Stat(folder + "/images/1.png"); err != nil || failed != nil || made.Written != 1 {
		t.Errorf("Make = %+v, %v, %v, want images/1.png", made, err, failed)
	}
}
