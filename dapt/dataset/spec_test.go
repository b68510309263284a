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
		"stanford_cars": "StanfordCars", "oxford_flowers": "OxfordFlowers", "imagenetv2": "ImageNetV2", "imagenet_sketch": "ImageNetSketch",
		"imagenet-sketch": "ImageNetSketch", "imagenet_a": "ImageNetA", "imagenet-adversarial": "ImageNetA", "imagenet_r": "ImageNetR",
		"imagenet-rendition": "ImageNetR", "VOC12": "VOC12", "voc12data": "VOC12", "pascal_voc": "VOC12",
	} {
		if spec, err := Find(name); err != nil || spec.Name != want {
			t.Errorf("Find(%q) = %q, %v, want %q", name, spec.Name, err, want)
		}
	}
	for _, name := range []string{"pets", ""} {
		_, err := Find(name)
		fails(t, "Find", err, `"`+name+`"`, "want ImageNet, Caltech101, OxfordPets", "ImageNetR, VOC12")
	}
}

func TestATemplateIsOnesOwnIfNoBenchmarkHasIt(t *testing.T) {
	for _, c := range []struct{ name, template, want string }{
		{"EuroSAT", "a centered satellite photo of {}.", ""},
		{"EuroSAT", "a photo of a {}.", "a photo of a {}."},
		{"photos", "a photo of a {}.", ""},
		{"photos", "a {} seen from above.", "a {} seen from above."},
	} {
		if got := (&Dataset{Name: c.name, Template: c.template}).OwnTemplate(); got != c.want {
			t.Errorf("OwnTemplate() of %q in %s = %q, want %q", c.template, c.name, got, c.want)
		}
	}
}

func TestSpecsAreComplete(t *testing.T) {
	for _, spec := range Specs {
		if spec.Folder == "" || strings.Count(spec.Template, "{}") != 1 || (spec.Split == "") == (spec.Open == nil) {
			t.Errorf("row %s lacks a folder, a template with one {} or one way to be opened: %+v", spec.Name, spec)
		}
	}
	equal(t, "number of benchmarks", len(Specs), 16)
	equal(t, "the last of the eleven", Eleven()[10].Name, "UCF101")
}
