package layout_test

import (
	"bytes"
	"image"
	_ "image/jpeg" // for image.DecodeConfig
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// open draws a miniature and opens it as the real one is opened.
func open(t *testing.T, spec dataset.Spec, o layout.Options) *dataset.Dataset {
	t.Helper()
	files, err := layout.Draw(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(spec, files)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryBenchmarkHasAMiniatureThatOpens(t *testing.T) {
	for _, spec := range dataset.Specs {
		d := open(t, spec, layout.Options{})
		for i, list := range [][]dataset.Item{d.Train, d.Val, d.Test} {
			if got, want := len(list) > 0, spec.Sizes[i] > 0; got != want {
				t.Errorf("%s has %d images in list %d, as published there are %d", spec.Name, len(list), i, spec.Sizes[i])
			}
			if spec.Sizes[i] > 0 && len(counts(list)) != len(d.Classes) && spec.Name != "VOC12" { // which always has 20 classes
				t.Errorf("%s has images of %d of %d classes in list %d", spec.Name, len(counts(list)), len(d.Classes), i)
			}
		}
		largest := d.Train
		if len(largest) == 0 {
			largest = d.Test
		}
		for label, count := range counts(largest) {
			if count != 4 {
				t.Errorf("%s has %d images of class %q, want 4", spec.Name, count, d.Classes[label])
			}
		}
	}
}

// counts are the numbers of images by label.
func counts(items []dataset.Item) map[int]int {
	found := map[int]int{}
	for _, item := range items {
		found[item.Label]++
	}
	return found
}

func TestMiniaturesHaveMasksInBothLayouts(t *testing.T) {
	for _, spec := range dataset.Specs {
		for _, where := range []mask.Layout{mask.DAPT, mask.FVGPT} {
			if spec.Name == "VOC12" && where == mask.FVGPT {
				continue // FVG-PT has no VOC, whose masks are where PASCAL puts them
			}
			d := open(t, spec, layout.Options{Masks: where})
			items := d.Train
			if len(items) == 0 {
				items = d.Test
			}
			source := mask.Files{Layout: where}.For(d)
			if err := source.(mask.Checker).Check(t.Context(), items); err != nil {
				t.Errorf("masks of %s in layout %s: %v", spec.Name, where, err)
			}
		}
	}
}

func TestMiniaturesAreSmallAndTheSameEachTime(t *testing.T) {
	total := 0
	for _, spec := range dataset.Specs {
		first, err := layout.Draw(spec, layout.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := layout.Draw(spec, layout.Options{Seed: 1})
		other, _ := layout.Draw(spec, layout.Options{Seed: 2})
		size, differ := 0, 0
		for name, file := range first {
			size += len(file.Data)
			if again[name] == nil || !bytes.Equal(again[name].Data, file.Data) {
				t.Errorf("%s: %s differs from that of the same seed", spec.Name, name)
			}
			if other[name] == nil || !bytes.Equal(other[name].Data, file.Data) {
				differ++
			}
		}
		if size > 300_000 || differ == 0 {
			t.Errorf("%s has %d bytes, of which another seed changes %d files, want at most 300000 and some", spec.Name, size, differ)
		}
		total += size
	}
	t.Logf("%d bytes in all", total)
}

func TestOddFilesOfTheOriginalsAreThere(t *testing.T) {
	for name, want := range map[string][]string{
		"ImageNet":      {"classnames.txt", "images/train/n01443537/n01443537_6.JPEG"},
		"Caltech101":    {"101_ObjectCategories/BACKGROUND_Google/image_0001.jpg", "101_ObjectCategories/Faces_easy/image_0001.jpg"},
		"OxfordPets":    {"images/american_pit_bull_terrier_1.jpg", "annotations/trainval.txt"},
		"OxfordFlowers": {"jpg/image_00001.jpg", "cat_to_name.json"},
		"StanfordCars":  {"cars_train/00001.jpg", "cars_test/00001.jpg"},
		"FGVCAircraft":  {"variants.txt", "images_variant_test.txt"},
		"SUN397":        {"ClassName.txt", "Testing_01.txt"},
		"UCF101":        {"UCF-101-midframes/Handstand_Pushups/v_HandStandPushups_g01_c04.jpg", "ucfTrainTestlist/classInd.txt"},
		"ImageNetA":     {"imagenet-a/README.txt", "classnames.txt"},
		"VOC12":         {"VOCdevkit/VOC2012/ImageSets/Segmentation/train_aug.txt", "VOCdevkit/VOC2012/Annotations/2007_000032.xml"},
	} {
		spec, err := dataset.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		files, err := layout.Draw(spec, layout.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range want {
			if files[file] == nil {
				t.Errorf("%s has no %s, but %q", name, file, slices.Sorted(maps.Keys(files)))
			}
		}
	}
	d := open(t, dataset.Specs[0], layout.Options{})
	formats := map[string]int{}
	for _, item := range d.Train {
		file, err := d.FS.Open(item.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, format, err := image.DecodeConfig(file)
		if err != nil {
			t.Errorf("%s: %v", item.Path, err)
		}
		formats[format]++
	}
	if formats["png"] != 1 || formats["jpeg"] != len(d.Train)-1 {
		t.Errorf("ImageNet's files are %v, want JPEG and one PNG, all called JPEG", formats)
	}
}

func TestDrawRefusesWhatItCannotDraw(t *testing.T) {
	pets, err := dataset.Find("OxfordPets")
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		spec    dataset.Spec
		options layout.Options
	}{
		"no miniature of photos": {dataset.Spec{Name: "photos"}, layout.Options{}},
		"-1 images a class":      {pets, layout.Options{Images: -1}},
		`masks "seem"`:           {pets, layout.Options{Masks: "seem"}},
	} {
		if _, err := layout.Draw(c.spec, c.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Draw fails with %v, want a message with %q", err, want)
		}
	}
}
