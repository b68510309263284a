package mask

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// home is where the two public collections keep a data set, below the folder that they were unpacked to.
type home struct {
	dapt         string // the data set's folder, in DAPT's archive of SEEM masks (Ferenas/DAPT README)
	outer, inner string // in FVG-PT's collection (JREion/FVG-PT docs/DATASETS.md); "" where it lacks the data set
}

// homes are by data set. DAPT's archive has the folders of CoOp's DATASETS.md.
var homes = map[string]home{
	"ImageNet":            {"imagenet", "imagenet-1k", "imagenet"},
	"Caltech101":          {"caltech-101", "caltech-101", "caltech-101"},
	"OxfordPets":          {"oxford_pets", "oxford_pets", "oxford_pets"},
	"StanfordCars":        {"stanford_cars", "stanford_cars", "stanford_cars"},
	"OxfordFlowers":       {"oxford_flowers", "flowers-102", "oxford_flowers"},
	"Food101":             {"food-101", "food101", "food-101"},
	"FGVCAircraft":        {"fgvc_aircraft", "fgvc_aircraft/fgvc-aircraft-2013b", "fgvc_aircraft"},
	"SUN397":              {"sun397", "sun-397", "sun397"},
	"DescribableTextures": {"dtd", "dtd/dtd", "dtd"},
	"EuroSAT":             {"eurosat", "eurosat", "eurosat"},
	"UCF101":              {"ucf101", "ucf101", "ucf101"},
	"ImageNetV2":          {dapt: "imagenetv2"},
	"ImageNetSketch":      {dapt: "imagenet-sketch"},
	"ImageNetA":           {dapt: "imagenet-adversarial"},
	"ImageNetR":           {dapt: "imagenet-rendition"},
	"VOC12":               {dapt: "voc12data"},
}

// HomeOf is the folder that a data set's masks have below a collection's, "mask" included, such as "oxford_pets/mask":
// DAPT's for a benchmark, the data set's name for any other.
func HomeOf(name string) string { return path.Join(cmp.Or(homes[name].dapt, name), "mask") }

// lodging is a folder of a collection that may hold a data set's masks.
type lodging struct {
	folder string
	layout Layout // that the folder stands for; AnyLayout where both have it
}

// lodgings are where a collection may hold a data set's masks, the most telling first. FVG-PT's code adds the inner folder to
// the images' paths (dassl/data/data_manager.py, whose root is the outer one), its comment does not, so both are looked for.
func lodgings(name string) []lodging {
	var all []lodging
	h := homes[name]
	if h.outer != "" {
		all = []lodging{{path.Join(h.outer, "mask", h.inner), FVGPT}, {path.Join(h.outer, h.inner, "mask"), FVGPT}}
		if h.outer != h.dapt {
			all = append(all, lodging{path.Join(h.outer, "mask"), FVGPT})
		}
	}
	own := []lodging{{HomeOf(name), AnyLayout}, {"mask", AnyLayout}}
	if name == "VOC12" {
		own = []lodging{{path.Join(h.dapt, vocMasks), AnyLayout}, {vocMasks, AnyLayout}, own[0], own[1]}
	}
	return append(all, own...)
}

// vocMasks is where DAPT's reader of VOC12 has its masks, below the data set's folder (Ferenas/DAPT
// datasets/data_manager.py).
const vocMasks = "VOCdevkit/VOC2012/SegmentationClass_All"

// settle chooses the masks' folder of a collection where none is given.
func (f Files) settle() Files {
	if f.Folder != "" || f.Root == "" {
		return f
	}
	choice := lodgings(f.data.Name)
	at := slices.IndexFunc(choice, func(l lodging) bool { return isFolder(f.FS, l.folder) })
	if at < 0 {
		f.lost = lost(f.Root, f.data, choice)
		return f
	}
	f.Folder, f.Layout = choice[at].folder, cmp.Or(f.Layout, choice[at].layout)
	return f
}

func isFolder(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// lost is the error of a collection that lacks a data set.
func lost(root string, d *dataset.Dataset, choice []lodging) error {
	names := make([]string, len(choice))
	for i, l := range choice {
		names[i] = l.folder
	}
	return fmt.Errorf("mask: %s has no masks of %s: looked for the folders %s in it: name the folder that DAPT's archive, FVG-PT's collection or masks made here were unpacked to: %w",
		root, d.Name, strings.Join(names, ", "), fs.ErrNotExist)
}
