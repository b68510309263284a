package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// MakeSplit divides a benchmark whose split file is missing, as CoOp's code does then, after Python's random.seed(seed). Its
// items are not those of the published split file: results are comparable with those on the same split only, so nothing
// calls it unasked. Files of a folder are taken in sorted order, where CoOp's code takes that of the file system.
//
// Where there is an official test list it stays the test list, and of the other images of a class two tenths are for
// validation (OxfordPets, SUN397, UCF101). Elsewhere half of a class is for training and two tenths are for validation
// (Caltech101, Food101, DescribableTextures, EuroSAT). Numbers are rounded as by Python. StanfordCars and OxfordFlowers have
// their labels in MATLAB files, which are not read, and are an error, as are benchmarks without a split file.
func MakeSplit(spec Spec, fsys fs.FS, seed uint64) (*Dataset, error) {
	random := pyrand.NewPython(seed)
	open := func(fsys fs.FS) (*Dataset, error) {
		switch spec.Name {
		case "Caltech101":
			return byFolder(fsys, random, spec.Images, caltechNames)
		case "EuroSAT":
			return byFolder(fsys, random, spec.Images, euroNames)
		case "Food101", "DescribableTextures":
			return byFolder(fsys, random, spec.Images, nil)
		case "OxfordPets":
			return byLists(fsys, random, petsList, "annotations/trainval.txt", "annotations/test.txt")
		case "SUN397":
			return byLists(fsys, random, sunList, "Training_01.txt", "Testing_01.txt")
		case "UCF101":
			return byLists(fsys, random, ucfList, "ucfTrainTestlist/trainlist01.txt", "ucfTrainTestlist/testlist01.txt")
		case "StanfordCars", "OxfordFlowers":
			return nil, fmt.Errorf("its labels are in MATLAB files, which are not read here: fetch %s, which CoOp's DATASETS.md links", spec.Split)
		}
		return nil, errors.New("it has no split file: open it as it is")
	}
	made := spec
	made.Open = open
	return Open(made, fsys)
}

// caltechNames are the classes that CoOp's datasets/caltech101.py calls otherwise than their folders; "" leaves one out.
var caltechNames = map[string]string{
	"BACKGROUND_Google": "", "Faces_easy": "", "airplanes": "airplane", "Faces": "face", "Leopards": "leopard", "Motorbikes": "motorbike",
}

// euroNames are those of datasets/eurosat.py.
var euroNames = map[string]string{
	"AnnualCrop": "Annual Crop Land", "HerbaceousVegetation": "Herbaceous Vegetation Land", "Highway": "Highway or Road",
	"Industrial": "Industrial Buildings", "Pasture": "Pasture Land", "PermanentCrop": "Permanent Crop Land",
	"Residential": "Residential Buildings", "SeaLake": "Sea or Lake",
}

// byFolder divides the images of each folder (datasets/dtd.py, read_and_split_data).
func byFolder(fsys fs.FS, random pyrand.Python, images string, names map[string]string) (*Dataset, error) {
	found, err := foldersOf(fsys, images)
	if err != nil {
		return nil, err
	}
	d := new(Dataset)
	for _, folder := range found {
		class, renamed := names[folder]
		if renamed && class == "" {
			continue
		}
		if !renamed {
			class = folder
		}
		files, err := fs.ReadDir(fsys, path.Join(images, folder))
		if err != nil {
			return nil, fmt.Errorf("listing images: %w", err)
		}
		var all []Item
		for _, file := range files {
			if !strings.HasPrefix(file.Name(), ".") {
				all = append(all, Item{Path: path.Join(folder, file.Name()), Label: len(d.Classes), Class: class})
			}
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		train, val := part(len(all), 0.5), part(len(all), 0.2)
		if train == 0 || val == 0 || train+val >= len(all) {
			return nil, fmt.Errorf("class %q has %d images, too few to train, validate and test: unpack the images anew", class, len(all))
		}
		d.Classes = append(d.Classes, class)
		d.Train, d.Val, d.Test = append(d.Train, all[:train]...), append(d.Val, all[train:train+val]...), append(d.Test, all[train+val:]...)
	}
	return d, distinct(d.Classes)
}

// part is round(n * p) in Python, which rounds halves to even numbers.
func part(n int, p float64) int { return int(math.RoundToEven(float64(n) * p)) }

// byLists reads an official list of training and validation images and one of test images, and divides the former
// (datasets/oxford_pets.py, split_trainval).
func byLists(fsys fs.FS, random pyrand.Python, read func(fs.FS, string) ([]Item, error), both, test string) (*Dataset, error) {
	all, err := read(fsys, both)
	if err != nil {
		return nil, err
	}
	d := new(Dataset)
	if d.Test, err = read(fsys, test); err != nil {
		return nil, err
	}
	if d.Classes, err = classes(slices.Concat(all, d.Test)); err != nil {
		return nil, err
	}
	var order []int
	groups := map[int][]Item{}
	for _, item := range all {
		if len(groups[item.Label]) == 0 {
			order = append(order, item.Label)
		}
		groups[item.Label] = append(groups[item.Label], item)
	}
	for _, label := range order {
		group := groups[label]
		val := part(len(group), 0.2)
		if val == 0 {
			return nil, fmt.Errorf("%s has %d images of class %q, too few to train and validate: fetch the list anew", both, len(group), d.Classes[label])
		}
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		d.Val, d.Train = append(d.Val, group[:val]...), append(d.Train, group[val:]...)
	}
	return d, nil
}

// eachLine calls add with the lines of an official list.
func eachLine(fsys fs.FS, list, want string, add func(line string) (Item, bool)) ([]Item, error) {
	all, err := lines(fsys, list, asCoOp)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(all))
	for i, line := range all {
		var ok bool
		if items[i], ok = add(line); !ok || !fs.ValidPath(items[i].Path) {
			return nil, fmt.Errorf("%s has %q as line %d: want %s", list, line, i+1, want)
		}
	}
	return items, nil
}

// petsList reads lines of an image's name, its class, counted from 1, species and breed. The name is that of the class, with a
// number.
func petsList(fsys fs.FS, list string) ([]Item, error) {
	return eachLine(fsys, list, "an image and its class, such as Abyssinian_1 1 1 1", func(line string) (Item, bool) {
		fields := strings.Fields(line)
		if len(fields) != 4 {
			return Item{}, false
		}
		label, err := strconv.Atoi(fields[1])
		at := strings.LastIndex(fields[0], "_")
		if err != nil || label < 1 || at < 1 {
			return Item{}, false
		}
		return Item{Path: fields[0] + ".jpg", Label: label - 1, Class: strings.ToLower(fields[0][:at])}, true
	})
}

// sunList reads paths, whose folders are those of ClassName.txt. A class is named by its folders but the first, which is a
// letter, from the last on.
func sunList(fsys fs.FS, list string) ([]Item, error) {
	names, err := lines(fsys, "ClassName.txt", asCoOp)
	if err != nil {
		return nil, err
	}
	labels := map[string]int{}
	for label, name := range names {
		labels[strings.TrimPrefix(name, "/")] = label
	}
	return eachLine(fsys, list, "a path below a folder of ClassName.txt", func(line string) (Item, bool) {
		name := strings.TrimPrefix(line, "/")
		label, ok := labels[path.Dir(name)]
		folders := strings.Split(path.Dir(name), "/")[1:]
		slices.Reverse(folders)
		return Item{Path: name, Label: label, Class: strings.Join(folders, " ")}, ok && len(folders) > 0
	})
}

// capital begins each word of an action's name.
var capital = regexp.MustCompile(`[A-Z][^A-Z]*`)

// ucfList reads videos, whose folders are the actions of classInd.txt. Their middle frames are images in folders whose names
// have the words apart.
func ucfList(fsys fs.FS, list string) ([]Item, error) {
	const index = "ucfTrainTestlist/classInd.txt"
	names, err := lines(fsys, index, asCoOp)
	if err != nil {
		return nil, err
	}
	labels := map[string]int{}
	for i, line := range names {
		number, name, _ := strings.Cut(line, " ")
		label, err := strconv.Atoi(number)
		if err != nil || label < 1 || name == "" {
			return nil, fmt.Errorf("%s has %q as line %d: want a number from 1 on and an action", index, line, i+1)
		}
		labels[name] = label - 1
	}
	return eachLine(fsys, list, "a video of an action of "+index, func(line string) (Item, bool) {
		video, _, _ := strings.Cut(line, " ")
		action, file, _ := strings.Cut(video, "/")
		label, ok := labels[action]
		class := strings.Join(capital.FindAllString(action, -1), "_")
		return Item{Path: path.Join(class, strings.ReplaceAll(file, ".avi", ".jpg")), Label: label, Class: class}, ok && isName(file)
	})
}
