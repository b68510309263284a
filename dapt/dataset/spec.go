package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Spec is where a benchmark keeps its files.
type Spec struct {
	Name     string // as in configuration files, such as "OxfordPets"
	Config   string // a further name, that of the configuration file, where it is like neither Name nor Folder
	Folder   string // below the data root, such as "oxford_pets"
	Images   string // the images' folder below Folder; "" is Folder itself
	Split    string // the split file below Folder
	Template string // hand-crafted sentence for zero-shot, with one {}
	Labels   int    // classes, as published
	Sizes    [3]int // images in train, val and test, as published; a list that there is not has 0
	// Open lists a benchmark that has no split file; nil reads Split. Its Dataset needs only Classes and lists whose
	// paths are below Images.
	Open func(fsys fs.FS) (*Dataset, error)
}

// plain is the sentence of most benchmarks.
const plain = "a photo of a {}."

// Specs are the benchmarks (KaiyangZhou/CoOp DATASETS.md), with the zero-shot sentences of its trainers/zsclip.py: first
// the eleven that averages are published over, then ImageNet's variants, which have test images only, and PASCAL VOC, which
// DAPT has a loader for (datasets/pascal_voc.py) and where an image has one class here: that of the largest objects.
var Specs = []Spec{
	{Name: "ImageNet", Folder: "imagenet", Images: "images", Template: plain, Labels: 1000, Sizes: [3]int{1281167, 0, 50000}, Open: imageNet},
	{Name: "Caltech101", Folder: "caltech-101", Images: "101_ObjectCategories", Split: "split_zhou_Caltech101.json", Template: plain, Labels: 100, Sizes: [3]int{4128, 1649, 2465}},
	{Name: "OxfordPets", Folder: "oxford_pets", Images: "images", Split: "split_zhou_OxfordPets.json", Template: "a photo of a {}, a type of pet.", Labels: 37, Sizes: [3]int{2944, 736, 3669}},
	{Name: "StanfordCars", Folder: "stanford_cars", Split: "split_zhou_StanfordCars.json", Template: plain, Labels: 196, Sizes: [3]int{6509, 1635, 8041}},
	{Name: "OxfordFlowers", Folder: "oxford_flowers", Images: "jpg", Split: "split_zhou_OxfordFlowers.json", Template: "a photo of a {}, a type of flower.", Labels: 102, Sizes: [3]int{4093, 1633, 2463}},
	{Name: "Food101", Folder: "food-101", Images: "images", Split: "split_zhou_Food101.json", Template: "a photo of {}, a type of food.", Labels: 101, Sizes: [3]int{50500, 20200, 30300}},
	{Name: "FGVCAircraft", Folder: "fgvc_aircraft", Images: "images", Template: "a photo of a {}, a type of aircraft.", Labels: 100, Sizes: [3]int{3334, 3333, 3333}, Open: aircraft},
	{Name: "SUN397", Folder: "sun397", Images: "SUN397", Split: "split_zhou_SUN397.json", Template: plain, Labels: 397, Sizes: [3]int{15880, 3970, 19850}},
	{Name: "DescribableTextures", Folder: "dtd", Images: "images", Split: "split_zhou_DescribableTextures.json", Template: "{} texture.", Labels: 47, Sizes: [3]int{2820, 1128, 1692}},
	{Name: "EuroSAT", Folder: "eurosat", Images: "2750", Split: "split_zhou_EuroSAT.json", Template: "a centered satellite photo of {}.", Labels: 10, Sizes: [3]int{13500, 5400, 8100}},
	{Name: "UCF101", Folder: "ucf101", Images: "UCF-101-midframes", Split: "split_zhou_UCF101.json", Template: "a photo of a person doing {}.", Labels: 101, Sizes: [3]int{7639, 1898, 3783}},
	{Name: "ImageNetV2", Folder: "imagenetv2", Images: "imagenetv2-matched-frequency-format-val", Template: plain, Labels: 1000, Sizes: [3]int{0, 0, 10000}, Open: imageNetV2},
	{Name: "ImageNetSketch", Folder: "imagenet-sketch", Images: "images", Template: plain, Labels: 1000, Sizes: [3]int{0, 0, 50889}, Open: sketch},
	{Name: "ImageNetA", Folder: "imagenet-adversarial", Images: "imagenet-a", Template: plain, Labels: 200, Sizes: [3]int{0, 0, 7500}, Open: someOfImageNet("imagenet-a")},
	{Name: "ImageNetR", Folder: "imagenet-rendition", Images: "imagenet-r", Template: plain, Labels: 200, Sizes: [3]int{0, 0, 30000}, Open: someOfImageNet("imagenet-r")},
	{Name: "VOC12", Config: "pascal_voc", Folder: "voc12data", Images: vocFolder + "JPEGImages", Template: plain, Labels: 20, Sizes: [3]int{10582, 1448, 1448}, Open: voc},
}

// Eleven are the benchmarks that averages are published over.
func Eleven() []Spec { return Specs[:11:11] }

// Find returns the row of [Specs] with this Name, Folder or Config, whatever its case, underscores and hyphens. The error
// lists the known names.
func Find(name string) (Spec, error) {
	simple := func(s string) string {
		return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
	}
	known := make([]string, len(Specs))
	for i, spec := range Specs {
		known[i] = spec.Name
		for _, other := range []string{spec.Name, spec.Folder, spec.Config} {
			if other != "" && simple(name) == simple(other) {
				return spec, nil
			}
		}
	}
	return Spec{}, fmt.Errorf("dataset: no benchmark is called %q: want %s", name, strings.Join(known, ", "))
}

// OwnTemplate returns Template where it is not the one that [Specs] has for a data set of this Name, and that all others are
// opened with; else "". Results with another sentence are other results.
func (d *Dataset) OwnTemplate() string {
	usual := plain
	for _, spec := range Specs {
		if spec.Name == d.Name {
			usual = spec.Template
		}
	}
	if d.Template == usual {
		return ""
	}
	return d.Template
}

// Open lists a benchmark; fsys is its own folder. Images are not looked for: see [Dataset.Check].
func Open(spec Spec, fsys fs.FS) (*Dataset, error) {
	list := spec.Open
	if list == nil {
		list = func(fsys fs.FS) (*Dataset, error) { return ReadSplit(fsys, spec.Split) }
	}
	d, err := list(fsys)
	if err != nil {
		return nil, fmt.Errorf("dataset: opening %s: %w", spec.Name, err)
	}
	d.Name, d.FS, d.Images, d.Template = spec.Name, fsys, spec.Images, spec.Template
	for _, list := range d.lists() {
		for i := range *list {
			(*list)[i].Path = path.Join(spec.Images, (*list)[i].Path)
		}
	}
	return d, nil
}
