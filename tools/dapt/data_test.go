package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/train"
)

// data runs a command on data sets and returns what it prints to standard output and to standard error.
func data(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr strings.Builder
	root := newRoot()
	root.SetArgs(doubleDashes(append([]string{"data"}, args...)))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err = root.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// put writes a file, and makes its folder.
func put(t *testing.T, content []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// plain is a PNG of one grey.
func plain(t *testing.T, grey int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 20, 16))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{uint8(grey)}.Y
	}
	var content bytes.Buffer
	if err := png.Encode(&content, img); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// pets writes a small OxfordPets below a root, with masks of half its training images.
func pets(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	lists := map[string][][]any{}
	for label, breed := range []string{"abyssinian", "basset_hound"} {
		for i := range 8 {
			name := fmt.Sprintf("%s_%d.jpg", breed, i)
			put(t, plain(t, 16*i), root, "oxford_pets", "images", name)
			list := []string{"train", "train", "train", "train", "val", "test", "test", "test"}[i]
			lists[list] = append(lists[list], []any{name, label, breed})
			if i < 2 {
				put(t, plain(t, 255), root, "oxford_pets", "mask", strings.TrimSuffix(name, ".jpg")+".png")
			}
		}
	}
	split, err := json.Marshal(lists)
	if err != nil {
		t.Fatal(err)
	}
	put(t, split, root, "oxford_pets", "split_zhou_OxfordPets.json")
	return root
}

func TestCheckingDataEndsWithWhatToDo(t *testing.T) {
	root := pets(t)
	out, _, err := data(t, "check", "oxford_pets", "-root", root, "-images")
	if text := strings.Join(strings.Fields(out), " "); err != nil || !strings.Contains(text, "oxford_pets: can be used") || !strings.Contains(text, "train masks 4 ") {
		t.Errorf("check prints %q, %v", text, err)
	}
	_, _, err = data(t, "check", "-root", root)
	if err == nil || !strings.Contains(err.Error(), "data sets cannot be used: ImageNet, Caltech101, StanfordCars") ||
		!strings.Contains(err.Error(), "next: go run ./tools/dapt data get ImageNet -root "+root) {
		t.Errorf("check of all: %v, want which cannot be used and what to do", err)
	}
	put(t, []byte("no image"), root, "oxford_pets", "images", "basset_hound_7.jpg")
	if _, _, err := data(t, "check", "OxfordPets", "-root", root); err != nil {
		t.Errorf("a broken image without -images: %v", err)
	}
	out, _, err = data(t, "check", "OxfordPets", "-root", root, "-images")
	if err == nil || !strings.Contains(out, "broken") || !strings.Contains(out, "images/basset_hound_7.jpg") {
		t.Errorf("a broken image: %v, %q, want an error and its name", err, out)
	}
	if _, _, err := data(t, "check", "Pets"); err == nil || !strings.Contains(err.Error(), `no benchmark is called "Pets"`) {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestGettingDataThatIsThereDoesNothing(t *testing.T) {
	root := pets(t)
	out, said, err := data(t, "get", "OxfordPets", "-root", root)
	if err != nil || said != "" || !strings.Contains(out, "can be used") {
		t.Errorf("get prints %q and says %q, %v", out, said, err)
	}
	if _, _, err := data(t, "get"); err == nil || !strings.Contains(err.Error(), "data get got no argument, want data get NAME..., such as: go run") {
		t.Errorf("get of nothing: %v", err)
	}
}

func TestGettingDataThatIsNotPublicSaysWhereItIs(t *testing.T) {
	root := t.TempDir()
	put(t, []byte("{}"), root, "stanford_cars", "split_zhou_StanfordCars.json")
	_, said, err := data(t, "get", "StanfordCars", "-root", root)
	if !strings.Contains(said, "cars_train.tgz comes from Stanford AI lab") || !strings.Contains(said, "its host is gone") {
		t.Errorf("get says %q, want where it comes from", said)
	}
	if err == nil || !strings.Contains(err.Error(), "next: cars_train.tgz from Stanford AI lab") {
		t.Errorf("get ends with %v, want what to do", err)
	}
	put(t, []byte("no archive"), root, "stanford_cars", "cars_test.tgz")
	_, said, err = data(t, "get", "StanfordCars", "-root", root)
	if err == nil || !strings.Contains(said, "cars_test.tgz has 10 bytes, want 977350468; remove the file") {
		t.Errorf("get of another archive says %q, %v", said, err)
	}
}

func TestShowingDataDrawsASheetAndTestsZeroShot(t *testing.T) {
	own := filepath.Join(t.TempDir(), "photos")
	for i := range 8 {
		put(t, plain(t, 20*i), own, "black cat", fmt.Sprint(i, ".png"))
		put(t, plain(t, 20*i+1), own, "white_dog", fmt.Sprint(i, ".png"))
	}
	for name, test := range map[string]struct {
		args    []string
		want    []string
		warning string
		size    image.Point
	}{
		"a benchmark": {
			[]string{"OxfordPets", "-root", pets(t), "-rows", "8"}, []string{
				"OxfordPets: 2 classes, 8 training, 2 validation and 6 test images", "prompt: a photo of a basset hound, a type of pet.",
				"show-oxfordpets.png (8 images, 4 with masks)", "chance 50.0 % (on all 6 test images)",
			}, "zero-shot is not clearly above chance", image.Pt(552, 16+8*152+8),
		},
		"a folder": {
			[]string{own, "-images", "3"},
			[]string{"photos: 2 classes, 8 training", "prompt: a photo of a white dog.", "(8 images, 0 with masks)", "(on 3 of 6 test images, spread over the list)"},
			"zero-shot is not clearly above chance",
			image.Point{},
		},
		"mini": {[]string{"mini", "-rows", "3", "-images", "60"}, []string{"Mini: 60 classes", "… and 55 more", "(3 images, 3 with masks)", "chance 1.7 % (on 60 of 2400"}, "", image.Pt(552, 16+3*152+8)},
	} {
		folder := t.TempDir()
		out, said, err := data(t, append([]string{"show", "-out", folder}, test.args...)...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: show prints %q, want %q in it", name, out, want)
			}
		}
		if strings.Contains(said, "warning: ") != (test.warning != "") || !strings.Contains(said, test.warning) {
			t.Errorf("%s: show says %q, want a warning %q", name, said, test.warning)
		}
		checkSheet(t, folder, test.size)
	}
}

// checkSheet looks for the one PNG in a folder; a size of 0 may be any.
func checkSheet(t *testing.T, folder string, want image.Point) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil || len(found) != 1 {
		t.Errorf("sheets %q, %v, want one", found, err)
		return
	}
	file, err := os.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	config, err := png.DecodeConfig(file)
	if got := image.Pt(config.Width, config.Height); err != nil || want != (image.Point{}) && got != want {
		t.Errorf("%s is %v, %v, want %v", found[0], got, err, want)
	}
}

func TestWrongFlagsOfDataAreErrors(t *testing.T) {
	for want, args := range map[string][]string{
		"-rows is 0":                    {"show", "mini", "-rows", "0"},
		"-images is -1":                 {"show", "mini", "-images", "-1"},
		`the data are "./none"`:         {"show", "./none"},
		"want data show NAME, such":     {"show"},
		"dapt data show ./own":          {"check", "./own"},
		"data show list.csv":            {"get", "list.csv"},
		`show got ["a" "b"], want data`: {"show", "a", "b"},
		"set the root, which is ":       {"show", "EuroSAT", "-root", t.TempDir()},
	} {
		if _, _, err := data(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("data %q: %v, want an error with %q", args, err, want)
		}
	}
}

func TestChanceIsToldFromKnowledge(t *testing.T) {
	for _, test := range []struct {
		images, classes int
		accuracy        float64
		want            bool
	}{{200, 2, 60, false}, {200, 2, 62, true}, {200, 100, 3, false}, {200, 100, 4, true}, {4, 2, 100, false}, {200, 37, 62.1, true}} {
		if got := aboveChance(train.Score{Images: test.images, Accuracy: test.accuracy}, test.classes); got != test.want {
			t.Errorf("aboveChance(%+v) = %v, want %v", test, got, test.want)
		}
	}
	if got, want := zeroShotLine(train.Score{Images: 200, Accuracy: 62.08}, 20, 200), "zero-shot 62.1 %, chance 5.0 % (on all 200 test images)"; got != want {
		t.Errorf("zeroShotLine = %q, want %q", got, want)
	}
}
