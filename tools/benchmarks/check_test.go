package benchmarks

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// checked is the state of a small OxfordPets after a change, with its table.
func checked(t *testing.T, change func(folder string)) (State, string) {
	t.Helper()
	spec, err := dataset.Find("OxfordPets")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), spec.Folder)
	write(t, folder, pets(t))
	change(folder)
	s, err := Check(t.Context(), spec, folder, mask.Files{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Decode(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := s.Write(&text); err != nil {
		t.Fatal(err)
	}
	return s, text.String()
}

func TestATableSaysWhatIsThereAndWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		change func(folder string)
		usable bool
		next   string
		lines  []string
	}{
		"all there": {func(string) {}, true, "", []string{
			"can be used", "decoded 8 of 8 images", "images here", "split_zhou_OxfordPets.json here", "classes 2 DIFFERS: 37 are published",
			"train images 4 DIFFERS: 2944 are published", "train masks 0 DAPT-S needs all; from Ferenas/DAPT",
		}},
		"masks, too": {func(folder string) {
			write(t, folder, map[string][]byte{"mask/abyssinian_0.png": picture(t, 8), "mask/beagle_0.png": picture(t, 8), "mask/beagle_3.png": picture(t, 8)})
		}, true, "", []string{"train masks 2 DAPT-S"}},
		"masks that are no folder": {func(folder string) { write(t, folder, map[string][]byte{"mask": nil}) }, true, "", []string{
			"can be used", "train masks 0 mask: looking for the mask of images/",
		}},
		"no folder": {func(folder string) { os.RemoveAll(folder) }, false, "GET", []string{"CANNOT BE USED: there is no folder", "MISSING", "about 1.6 GB"}},
		"no split":  {func(folder string) { os.Remove(filepath.Join(folder, "split_zhou_OxfordPets.json")) }, false, "GET", []string{"MISSING from KaiyangZhou/CoOp"}},
		"no images": {func(folder string) { os.RemoveAll(filepath.Join(folder, "images")) }, false, "GET", []string{
			"8 of 8 images of OxfordPets are missing", "MISSING from images.tar.gz (792 MB) of Oxford VGG, https://",
		}},
		"an image is missing": {func(folder string) { os.Remove(filepath.Join(folder, "images", "beagle_3.jpg")) }, false, "move images out of ", []string{
			"1 of 8 images of OxfordPets are missing: images/beagle_3.jpg",
		}},
		"an image is broken": {func(folder string) {
			write(t, folder, map[string][]byte{"images/beagle_3.jpg": []byte("\xff\xd8 cut")})
		}, false, "move images out of ", []string{
			"CANNOT BE USED: 1 of 8 images cannot be decoded", "decoded 7 of 8 images", "broken image images/beagle_3.jpg: ",
		}},
	} {
		s, text := checked(t, test.change)
		if (s.Wrong == nil) != test.usable {
			t.Errorf("%s: wrong is %v, want usable: %v", name, s.Wrong, test.usable)
		}
		if next := s.Next("GET"); !strings.HasPrefix(next, test.next) || test.next == "" && next != "" {
			t.Errorf("%s: next is %q, want %q", name, next, test.next)
		}
		for _, line := range test.lines {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), line) {
				t.Errorf("%s: the table lacks %q:\n%s", name, line, text)
			}
		}
	}
}

func TestWhatABenchmarkCanBeUsedWithoutIsSaid(t *testing.T) {
	spec, err := dataset.Find("VOC12")
	if err != nil {
		t.Fatal(err)
	}
	files, err := layout.Draw(spec, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, files); err != nil {
		t.Fatal(err)
	}
	for _, extra := range []string{"ImageSets/Segmentation/train_aug.txt", "SegmentationClass_All"} {
		if err := os.RemoveAll(filepath.Join(folder, "VOCdevkit", "VOC2012", extra)); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	s, err := Check(t.Context(), spec, folder, mask.Files{})
	if err := errors.Join(err, s.Wrong, s.Write(&text)); err != nil {
		t.Fatal(err)
	}
	line := strings.Join(strings.Fields(text.String()), " ")
	for _, want := range []string{"train_aug.txt not here from augmented segmentation labels of the Semantic Boundaries Dataset", "without the list, train.txt is taken", "train masks 0 DAPT-S needs all, such as VOCdevkit/VOC2012/SegmentationClass_All/"} {
		if !strings.Contains(line, want) {
			t.Errorf("the table lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(line, "disk") {
		t.Errorf("the table tells of the disk, though nothing is downloaded:\n%s", text.String())
	}
	if err := os.Remove(filepath.Join(folder, s.Data.Train[0].Path)); err != nil {
		t.Fatal(err)
	}
	if s, err = Check(t.Context(), spec, folder, mask.Files{}); err != nil || !strings.HasPrefix(s.Next("GET"), "move VOCdevkit/VOC2012/JPEGImages out of ") {
		t.Errorf("without an image, next is %q, %v, want the images", s.Next("GET"), err)
	}
}

func TestWhatHasToBeAskedForIsSaid(t *testing.T) {
	for name, want := range map[string]string{
		"ImageNet": "GET", // the class names
		"UCF101":   "GET", // the split
	} {
		spec, err := dataset.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Check(t.Context(), spec, filepath.Join(t.TempDir(), "none"), mask.Files{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next("GET"); got != want {
			t.Errorf("%s: next is %q, want %q", name, got, want)
		}
		s.Entry.Sources = s.Entry.Sources[:1]
		if got := s.Next("GET"); !strings.Contains(got, s.Entry.Sources[0].Do) {
			t.Errorf("%s without what is public: next is %q, want %q", name, got, s.Entry.Sources[0].Do)
		}
	}
}
