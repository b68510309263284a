package layout

import (
	"fmt"
	"strings"
)

// kind is how a benchmark names its files.
type kind struct {
	classes []class                        // some of the benchmark's, in the order of their labels
	path    func(w *writer, n name) string // of an image below the images' folder
	finish  func(w *writer) error          // adds the lists
}

// kinds are the benchmarks, by their names.
var kinds = map[string]kind{
	"ImageNet": {imageNetClasses[:6], imageNetPath, classNames},
	"Caltech101": {
		[]class{{"Faces", "face"}, {"Leopards", "leopard"}, {"Motorbikes", "motorbike"}, {"accordion", "accordion"}, {"airplanes", "airplane"}, {"yin_yang", "yin_yang"}},
		func(_ *writer, n name) string { return fmt.Sprintf("%s/image_%04d.jpg", n.folder, n.number+1) }, caltech,
	},
	"OxfordPets": {
		[]class{
			{"Abyssinian", "abyssinian"},
			{"american_bulldog", "american_bulldog"},
			{"american_pit_bull_terrier", "american_pit_bull_terrier"},
			{"basset_hound", "basset_hound"},
			{"beagle", "beagle"},
			{"Bengal", "bengal"},
		},
		func(_ *writer, n name) string { return fmt.Sprintf("%s_%d.jpg", n.folder, n.number+1) }, pets,
	},
	"StanfordCars": {
		named("2000 AM General Hummer SUV", "2012 Acura RL Sedan", "2012 Acura TL Sedan", "2008 Acura TL Type-S", "2012 Audi TT Coupe", "2012 Ram C/V Cargo Van Minivan"),
		carPath, split,
	},
	"OxfordFlowers": {
		named("pink primrose", "hard-leaved pocket orchid", "canterbury bells", "sweet pea", "english marigold", "colt's foot"),
		func(_ *writer, n name) string { return fmt.Sprintf("image_%05d.jpg", n.total+1) }, flowers,
	},
	"Food101": {
		named("apple_pie", "baby_back_ribs", "baklava", "beef_carpaccio", "beef_tartare", "beet_salad"),
		func(w *writer, n name) string {
			return fmt.Sprintf("%s/%d.jpg", n.folder, 1000000+1000*n.total+w.IntN(1000))
		}, split,
	},
	"FGVCAircraft": {
		named("707-320", "727-200", "737-200", "An-12", "F/A-18", "Yak-42"),
		func(w *writer, n name) string { return fmt.Sprintf("%07d.jpg", 34000+1000*n.total+w.IntN(1000)) }, aircraft,
	},
	"SUN397": {
		[]class{
			{"a/abbey", "abbey"},
			{"a/airplane_cabin", "airplane_cabin"},
			{"a/apartment_building/outdoor", "outdoor apartment_building"},
			{"a/apse/indoor", "indoor apse"},
			{"b/balcony/exterior", "exterior balcony"},
			{"y/youth_hostel", "youth_hostel"},
		},
		func(w *writer, n name) string {
			return fmt.Sprintf("%s/sun_a%s.jpg", n.folder, w.letters("abcdefghijklmnopqrstuvwxyz", 15))
		}, sun,
	},
	"DescribableTextures": {
		named("banded", "blotchy", "braided", "bubbly", "bumpy", "chequered"),
		func(_ *writer, n name) string { return fmt.Sprintf("%s/%s_%04d.jpg", n.folder, n.folder, 2+n.number) }, split,
	},
	"EuroSAT": {
		[]class{
			{"AnnualCrop", "Annual Crop Land"},
			{"Forest", "Forest"},
			{"HerbaceousVegetation", "Herbaceous Vegetation Land"},
			{"Highway", "Highway or Road"},
			{"Industrial", "Industrial Buildings"},
			{"SeaLake", "Sea or Lake"},
		},
		func(_ *writer, n name) string { return fmt.Sprintf("%s/%s_%d.jpg", n.folder, n.folder, n.number+1) }, split,
	},
	"UCF101": {
		[]class{
			{"Apply_Eye_Makeup", "Apply_Eye_Makeup"},
			{"Apply_Lipstick", "Apply_Lipstick"},
			{"Archery", "Archery"},
			{"Handstand_Pushups", "Handstand_Pushups"},
			{"Jumping_Jack", "Jumping_Jack"},
			{"Yo_Yo", "Yo_Yo"},
		},
		actionPath, actions,
	},
	"ImageNetV2": {
		imageNetClasses[:6],
		func(w *writer, n name) string {
			return fmt.Sprintf("%d/%s.jpeg", n.label, w.letters("0123456789abcdef", 40))
		}, classNames,
	},
	"ImageNetSketch": {
		imageNetClasses[:6],
		func(_ *writer, n name) string { return fmt.Sprintf("%s/sketch_%d.JPEG", n.folder, n.number) }, classNames,
	},
	"ImageNetA": {
		[]class{imageNetClasses[1], imageNetClasses[4]},
		func(w *writer, n name) string {
			return fmt.Sprintf("%s/0.%06d_digital clock _ digital clock_0.%06d.jpg", n.folder, n.total, w.IntN(1000000))
		}, classNames,
	},
	"ImageNetR": {
		[]class{imageNetClasses[0], imageNetClasses[2], imageNetClasses[5]},
		func(_ *writer, n name) string {
			return fmt.Sprintf("%s/%s_%d.jpg", n.folder, []string{"art", "cartoon", "sticker"}[n.number%3], n.number)
		}, classNames,
	},
	"VOC12": {vocClasses, func(_ *writer, n name) string { return fmt.Sprintf("2007_%06d.jpg", 32+n.total) }, voc},
}

// imageNetClasses are some of ImageNet's, of which two have one name.
var imageNetClasses = []class{
	{"n01443537", "goldfish"},
	{"n01498041", "stingray"},
	{"n02119789", "kit fox"},
	{"n03773504", "missile"},
	{"n04008634", "missile"},
	{"n04522168", "vase"},
}

// named are classes whose folders are called as they are.
func named(names ...string) []class {
	classes := make([]class, len(names))
	for i, name := range names {
		classes[i] = class{name, name}
	}
	return classes
}

// letters draws some characters.
func (w *writer) letters(from string, count int) string {
	var text strings.Builder
	for range count {
		text.WriteByte(from[w.IntN(len(from))])
	}
	return text.String()
}

func imageNetPath(_ *writer, n name) string {
	if n.list == test {
		return fmt.Sprintf("val/%s/ILSVRC2012_val_%08d.JPEG", n.folder, n.total+1)
	}
	return fmt.Sprintf("train/%s/%s_%d.JPEG", n.folder, n.folder, 10*n.number+6)
}

// carPath numbers the images of each of the two folders.
func carPath(w *writer, n name) string {
	if n.list == test {
		return fmt.Sprintf("cars_test/%05d.jpg", len(w.lists[test])+1)
	}
	return fmt.Sprintf("cars_train/%05d.jpg", len(w.lists[train])+len(w.lists[val])+1)
}

// actionPath names an action's video as UCF101 does, which once writes HandStand for Handstand.
func actionPath(_ *writer, n name) string {
	video := strings.ReplaceAll(strings.ReplaceAll(n.folder, "_", ""), "Handstand", "HandStand")
	return fmt.Sprintf("%s/v_%s_g%02d_c%02d.jpg", n.folder, video, 1+n.number, 1+n.label)
}
