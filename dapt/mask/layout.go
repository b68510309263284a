package mask

import (
	"path"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// Layout is the rule by which an image's path leads to its mask's.
type Layout string

const (
	// AnyLayout tries DAPT, then FVGPT.
	AnyLayout Layout = ""
	// DAPT is where DAPT's SEEM masks lie (Ferenas/DAPT datasets/data_manager.py, DatasetWrapperMask): one folder for a
	// class, one for all, or the images' own folders, by data set. For an unknown data set, or before [Files.For], all
	// three are tried, the images' own folders first.
	DAPT Layout = "dapt"
	// FVGPT is where FVG-PT's masks lie (JREion/FVG-PT dassl/data/data_manager.py): the image's path below the data set's
	// folder, here also below the images' folder. Its masks are white on black.
	FVGPT Layout = "fvg-pt"
)

// paths are where an item's mask may be, below the masks' folder, the likeliest first: with the image's file name, or
// with its stem and .png. An item that names its mask has it there only, unless there is a Root, and that is below FS: the
// path leads out of the masks' folder.
func (f Files) paths(item dataset.Item) []string {
	if item.Mask != "" && f.Root == "" {
		up := ""
		if folder := path.Clean(f.folder()); folder != "." {
			up = strings.Repeat("../", 1+strings.Count(folder, "/"))
		}
		return []string{up + item.Mask}
	}
	name, below := f.place(item)
	var rules []string
	if f.Layout != FVGPT {
		rules = daptPaths(name, below)
	}
	if f.Layout != DAPT {
		rules = append(rules, item.Path, below)
	}
	var paths []string
	for _, rule := range rules {
		for _, candidate := range []string{rule, strings.TrimSuffix(rule, path.Ext(rule)) + ".png"} {
			if !slices.Contains(paths, candidate) {
				paths = append(paths, candidate)
			}
		}
	}
	return paths
}

// place returns the data set's name and the item's path below the images' folder, as far as they are known: without a
// data set, the first folder is taken for the images'.
func (f Files) place(item dataset.Item) (name, below string) {
	if f.data == nil {
		if _, below, ok := strings.Cut(item.Path, "/"); ok {
			return "", below
		}
		return "", item.Path
	}
	return f.data.Name, strings.TrimPrefix(item.Path, path.Clean(f.data.Images)+"/")
}

func daptPaths(name, below string) []string {
	file := path.Base(below)
	inClass := path.Join(path.Base(path.Dir(below)), file)
	switch name {
	case "Food101", "Caltech101", "DescribableTextures", "EuroSAT", "UCF101":
		return []string{inClass}
	case "OxfordPets", "OxfordFlowers", "StanfordCars", "FGVCAircraft":
		return []string{file}
	case "SUN397", "ImageNet":
		return []string{below}
	}
	return []string{below, inClass, file}
}
