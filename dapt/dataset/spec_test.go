package dataset

import (
	"strings"
	"testing"
)

func TestFindTakesFolderAndConfigurationNames(t *testing.T) {
	for name, want := range map[string]string{
		"oxford_pets": "OxfordPets", "OxfordPets": "OxfordPets", "imagenet": "ImageNet", "caltech-101": "Caltech101",
		"caltech101": "Caltech101", "food101": "Food101", "dtd": "DescribableTextures", "describable_textures": "DescribableTextures",
		"sun397": "SUN397", "EuroSAT": "EuroSAT", "ucf101": "UCF101", "fgvc_aircraft": "FGVCAircraft",
		"stanford_cars": "StanfordCars", "oxford_flowers": "OxfordFlowers",
	} {
		if spec, err := Find(name); err != nil || spec.Name != want {
			t.Errorf("Find(%q) = %q, %v, want %q", name, spec.Name, err, want)
		}
	}
	_, err := Find("pets")
	fails(t, "Find", err, `"pets"`, "want ImageNet, Caltech101, OxfordPets")
}

func TestSpecsAreComplete(t *testing.T) {
	for _, spec := range Specs {
		if spec.Folder == "" || strings.Count(spec.Template, "{}") != 1 || (spec.Split == "") == (spec.Open == nil) {
			t.Errorf("row %s lacks a folder, a template with one {} or one way to be opened: %+v", spec.Name, spec)
		}
	}
	equal(t, "number of benchmarks", len(Specs), 11)
}

// imageNetFiles is a small ImageNet with two classes of one name, as the real one has.
func imageNetFiles() map[string]string {
	return map[string]string{
		"classnames.txt":         "n01 missile\nn02 great white shark\nn03 missile\n",
		"images/train/n01/2.JPG": "", "images/train/n01/10.JPG": "", "images/train/n02/1.JPG": "", "images/train/n03/1.JPG": "",
		"images/train/n03/.hidden": "", "images/train/README.txt": "",
		"images/val/n01/1.JPG": "", "images/val/n02/1.JPG": "", "images/val/n03/9.JPG": "",
	}
}

func TestImageNetIsReadFromItsFolders(t *testing.T) {
	d, err := Open(Specs[0], files(imageNetFiles()))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", d.Classes, []string{"missile", "great white shark", "missile"})
	equal(t, "Train", d.Train, []Item{
		{Path: "images/train/n01/10.JPG", Label: 0, Class: "missile"},
		{Path: "images/train/n01/2.JPG", Label: 0, Class: "missile"},
		{Path: "images/train/n02/1.JPG", Label: 1, Class: "great white shark"},
		{Path: "images/train/n03/1.JPG", Label: 2, Class: "missile"},
	})
	equal(t, "Test", d.Test[2], Item{Path: "images/val/n03/9.JPG", Label: 2, Class: "missile"})
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check fails with %v", err)
	}
}

func TestImageNetSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(map[string]string)
		problem string
	}{
		{"without names", func(f map[string]string) { delete(f, "classnames.txt") }, "fetch it as CoOp's DATASETS.md says"},
		{"with no names", func(f map[string]string) { f["classnames.txt"] = "\n" }, "classnames.txt is empty"},
		{"with unsorted names", func(f map[string]string) { f["classnames.txt"] = "n02 a\nn01 b\n" }, `"n01 b" as line 2`},
		{"with a nameless class", func(f map[string]string) { f["classnames.txt"] = "n01\n" }, `"n01" as line 1`},
		{"with an extra folder", func(f map[string]string) { f["images/train/n04/1.JPG"] = "" }, "images/train has n04 as folder 4"},
		{"lacking a folder", func(f map[string]string) { delete(f, "images/val/n03/9.JPG") }, "images/val lacks folder n03"},
		{"lacking a middle folder", func(f map[string]string) { delete(f, "images/val/n02/1.JPG") }, "images/val has n03 as folder 2"},
	} {
		contents := imageNetFiles()
		c.change(contents)
		_, err := Open(Specs[0], files(contents))
		fails(t, "ImageNet "+c.name, err, "opening ImageNet", c.problem)
	}
}

func aircraftFiles() map[string]string {
	return map[string]string{
		"variants.txt":             "707-320\nF/A-18\nAn-12\n",
		"images_variant_train.txt": "0034309 F/A-18\n1340192 707-320\n", "images_variant_val.txt": "2 An-12\n", "images_variant_test.txt": "3 707-320\n",
	}
}

func TestAircraftIsReadFromItsLists(t *testing.T) {
	spec, err := Find("FGVCAircraft")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(spec, files(aircraftFiles()))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", d.Classes, []string{"707-320", "F/A-18", "An-12"})
	equal(t, "Train", d.Train, []Item{{Path: "images/0034309.jpg", Label: 1, Class: "F/A-18"}, {Path: "images/1340192.jpg", Label: 0, Class: "707-320"}})
	equal(t, "Val and Test", append(d.Val, d.Test...), []Item{{Path: "images/2.jpg", Label: 2, Class: "An-12"}, {Path: "images/3.jpg", Label: 0, Class: "707-320"}})

	contents := aircraftFiles()
	contents["images_variant_val.txt"] = "2 Zeppelin\n"
	_, err = Open(spec, files(contents))
	fails(t, "an unknown class", err, "opening FGVCAircraft", "images_variant_val.txt has the line 2 Zeppelin")
	contents["variants.txt"] = "Zeppelin\nzeppelin\n"
	_, err = Open(spec, files(contents))
	fails(t, "a class twice", err, "variants.txt", `"Zeppelin" and "zeppelin"`)
	delete(contents, "variants.txt")
	_, err = Open(spec, files(contents))
	fails(t, "no variants", err, "fetch it as CoOp's DATASETS.md says")
}
