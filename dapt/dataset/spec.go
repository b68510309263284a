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
	Folder   string // below the data root, such as "oxford_pets"
	Images   string // the images' folder below Folder; "" is Folder itself
	Split    string // the split file below Folder
	Template string // hand-crafted sentence for zero-shot, with one {}
	// Open lists a benchmark that has no split file; nil reads Split. Its Dataset needs only Classes and lists whose
	// paths are below Images.
	Open func(fsys fs.FS) (*Dataset, error)
}

// plain is the sentence of most benchmarks.
const plain = "a photo of a {}."

// Specs are the eleven benchmarks (KaiyangZhou/CoOp DATASETS.md), with the zero-shot sentences of its
// trainers/zsclip.py.
var Specs = []Spec{
	{Name: "ImageNet", Folder: "imagenet", Images: "images", Template: plain, Open: imageNet},
	{Name: "Caltech101", Folder: "caltech-101", Images: "101_ObjectCategories", Split: "split_zhou_Caltech101.json", Template: plain},
	{Name: "OxfordPets", Folder: "oxford_pets", Images: "images", Split: "split_zhou_OxfordPets.json", Template: "a photo of a {}, a type of pet."},
	{Name: "StanfordCars", Folder: "stanford_cars", Split: "split_zhou_StanfordCars.json", Template: plain},
	{Name: "OxfordFlowers", Folder: "oxford_flowers", Images: "jpg", Split: "split_zhou_OxfordFlowers.json", Template: "a photo of a {}, a type of flower."},
	{Name: "Food101", Folder: "food-101", Images: "images", Split: "split_zhou_Food101.json", Template: "a photo of {}, a type of food."},
	{Name: "FGVCAircraft", Folder: "fgvc_aircraft", Images: "images", Template: "a photo of a {}, a type of aircraft.", Open: aircraft},
	{Name: "SUN397", Folder: "sun397", Images: "SUN397", Split: "split_zhou_SUN397.json", Template: plain},
	{Name: "DescribableTextures", Folder: "dtd", Images: "images", Split: "split_zhou_DescribableTextures.json", Template: "{} texture."},
	{Name: "EuroSAT", Folder: "eurosat", Images: "2750", Split: "split_zhou_EuroSAT.json", Template: "a centered satellite photo of {}."},
	{Name: "UCF101", Folder: "ucf101", Images: "UCF-101-midframes", Split: "split_zhou_UCF101.json", Template: "a photo of a person doing {}."},
}

// Find returns the row of [Specs] with this Name or Folder, whatever its case, underscores and hyphens. The error
// lists the known names.
func Find(name string) (Spec, error) {
	simple := func(s string) string {
		return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
	}
	known := make([]string, len(Specs))
	for i, spec := range Specs {
		if simple(name) == simple(spec.Name) || simple(name) == simple(spec.Folder) {
			return spec, nil
		}
		known[i] = spec.Name
	}
	return Spec{}, fmt.Errorf("dataset: no benchmark is called %q: want %s, or open your own with a Spec", name, strings.Join(known, ", "))
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
