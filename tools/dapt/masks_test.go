package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/session"
)

// runDapt runs a command line and returns what it prints.
func runDapt(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	root.SetArgs(doubleDashes(append(args, "-backend", cmp.Or(os.Getenv("GOMLX_BACKEND"), "go"))))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// mustRunDapt runs a command line that may not fail.
func mustRunDapt(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runDapt(t, args...)
	if err != nil {
		t.Fatalf("%q fails with %v and prints %s", args, err, out)
	}
	return out
}

func TestMadeMasksAreThoseOfTraining(t *testing.T) {
	out := t.TempDir()
	printed := mustRunDapt(t, "masks", "make", "-shots", "1", "-seed", "2", "-masks-out", out)
	folder := filepath.Join(out, "Mini", "mask")
	if !strings.Contains(printed, folder+": 60 masks written, 0 kept\n") || !strings.Contains(printed, "-masks files -masks-root "+out) {
		t.Errorf("masks make prints %q", printed)
	}
	s := session.Setup{CLIP: session.Mini, Data: session.Mini, Out: t.TempDir(), Backend: cmp.Or(os.Getenv("GOMLX_BACKEND"), "go"), MaskRoot: out}
	b, err := s.Benchmark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	written, err := s.Masks("files", b)
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot()
	root.SetContext(t.Context())
	engine, config, done, err := openEngine(root, &s, "")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	items := b.FewShot(1, 2).Train
	heat, err := engine.Heat(t.Context(), b.Dataset, items, nil, config) // as training maps its images
	if err != nil {
		t.Fatal(err)
	}
	inMemory, files := mask.GradCAM{}.Refresh(items, heat, engine.Model.Config.Grid()), mask.For(written, b.Dataset)
	foreground := 0
	for i, item := range items {
		img, err := transform.Open(b.FS, item.Path)
		if err != nil {
			t.Fatal(err)
		}
		want, failed := inMemory.Mask(t.Context(), item, img)
		got, err := files.Mask(t.Context(), item, img)
		if err := errors.Join(failed, err); err != nil {
			t.Fatal(err)
		}
		foreground += bytes.Count(want.Pix, []byte{255})
		crop := transform.Augment(1, 3, uint64(i), img.Bounds().Size(), 0)
		for _, side := range []int{engine.Model.Config.Side, 224} {
			if a, b := mask.Crop(files, got, crop, side), mask.Crop(inMemory, want, crop, side); !bytes.Equal(a.Pix, b.Pix) {
				t.Errorf("%s: the crop of the written mask is not that of the mask in memory", item.Path)
			}
		}
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: the written mask is not that in memory", item.Path)
		}
	}
	if foreground == 0 {
		t.Error("no mask has foreground, so nothing was compared")
	}
}

func TestMasksAreTheSameInOneGoOrResumed(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	mustRunDapt(t, "masks", "make", "-shots", "1", "-masks-out", whole)
	mustRunDapt(t, "masks", "make", "-shots", "1", "-masks-out", parts)
	masks, err := filepath.Glob(filepath.Join(parts, "Mini/mask/images/train/*/*.png"))
	if err != nil || len(masks) != 60 {
		t.Fatalf("there are %d masks (%v), want 60", len(masks), err)
	}
	for i, file := range masks {
		if i%3 > 0 {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := mustRunDapt(t, "masks", "make", "-shots", "1", "-masks-out", parts), "40 masks written, 20 kept"; !strings.Contains(got, want) {
		t.Errorf("masks make once more prints %q, want %q in it", got, want)
	}
	for _, file := range masks {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.Replace(file, parts, whole, 1))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is another mask when resumed (%v)", file, err)
		}
	}
	for _, other := range [][]string{{"-threshold", "0.4"}, {"-template", "a drawing of a {}."}} {
		args := append([]string{"masks", "make", "-shots", "1", "-masks-out", parts}, other...)
		if _, err := runDapt(t, args...); err == nil || !strings.Contains(err.Error(), "choose another -masks-out") {
			t.Errorf("masks with %q in the same folder: error is %v, want one that says to choose another", other, err)
		}
	}
}

func TestMakingMasksSaysWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		`-source is "seem", want gradcam or sam2`:   {"-source", "seem"},
		`Hint is "corner", want "both"`:             {"-source", "sam2", "-hint", "corner"},
		`"small" is neither a folder nor`:           {"-source", "sam2", "-sam2", "small"},
		`-split is "test", want train or all`:       {"-split", "test"},
		"-threshold is 0, want over 0":              {"-threshold", "0"},
		"-threshold is NaN, want over 0":            {"-threshold", "NaN"},
		"-shots is -1, want at least 0":             {"-shots", "-1"},
		"reading the prompts: open none":            {"-prompts", "none"},
		"weights.pt":                                {"-clip", "weights.pt"},
		"no benchmark is called":                    {"-data", "Cats"},
		`unknown command "draw" for "dapt masks"`:   {"draw"},
		"the folder that holds oxford_pets, the fo": {"-data", "OxfordPets"},
	} {
		args = append([]string{"masks", "make", "-masks-out", t.TempDir()}, args...)
		if args[len(args)-1] == "draw" {
			args = []string{"masks", "draw"}
		}
		if _, err := runDapt(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}

func TestMasksOfNoImagesAreAnError(t *testing.T) {
	root, _ := miniature(t, "ImageNetA")
	for _, verb := range []string{"make", "check"} {
		if _, err := runDapt(t, "masks", verb, "-data", "ImageNetA", "-root", root, "-out", t.TempDir()); err == nil || !strings.Contains(err.Error(), "ImageNetA has no training images: give -split all") {
			t.Errorf("masks %s of a list without images: error is %v, want one that says where images are", verb, err)
		}
	}
}

func TestMasksAloneShowsASheet(t *testing.T) {
	for _, args := range [][]string{{"masks"}, {"masks", "show"}} {
		out := t.TempDir()
		printed := mustRunDapt(t, append(args, "-images", "2", "-out", out)...)
		if want := filepath.Join(out, "masks.png") + "\n"; printed != want {
			t.Errorf("%q prints %q, want %q", args, printed, want)
		}
		if _, err := transform.Size(os.DirFS(out), "masks.png"); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// ownPhotos is a folder of one's own of two classes with two training and one test image each, and the masks' folder in it.
func ownPhotos(t *testing.T) (folder, masks string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "photos")
	for _, name := range []string{"train/cat/1", "train/cat/2", "test/cat/3", "train/dog/1", "train/dog/2", "test/dog/3"} {
		picture, m := image.NewGray(image.Rect(0, 0, 9, 9)), image.NewGray(image.Rect(0, 0, 9, 9))
		m.Pix[40], picture.Pix[0] = 255, uint8(len(name))
		if err := errors.Join(session.WritePicture(filepath.Join(folder, name+".png"), picture), session.WritePicture(filepath.Join(folder, "mask", name+".png"), m)); err != nil {
			t.Fatal(err)
		}
	}
	return folder, filepath.Join(folder, "mask")
}

func TestCheckingMasksFailsWhereTrainingWould(t *testing.T) {
	folder, masks := ownPhotos(t)
	check := func(args ...string) (string, error) {
		return runDapt(t, append([]string{"masks", "check", "-data", folder, "-out", t.TempDir()}, args...)...)
	}
	out, err := check("-split", "all")
	if err != nil || !strings.Contains(out, "photos, all: 6 images\n") || !strings.Contains(out, "missing      0\n") {
		t.Errorf("masks check of good masks prints %q and fails with %v", out, err)
	}
	if err := errors.Join(os.Remove(filepath.Join(masks, "train/cat/1.png")), os.Remove(filepath.Join(masks, "test/dog/3.png")),
		session.WritePicture(filepath.Join(masks, "train/dog/2.png"), image.NewGray(image.Rect(0, 0, 9, 9)))); err != nil {
		t.Fatal(err)
	}
	findings := filepath.Join(t.TempDir(), "new", "findings.json")
	out, err = check("-json", findings)
	for _, want := range []string{
		"missing      1  train/cat/1.png\n", "empty        1  train/dog/2.png\n", "cat            1      1.2   1.2  1.2\n", "dog            2      0.6   0.0  1.2\n",
		"masks-check.png\n", "pixels of value  0         99.2 %\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("masks check prints %q, want %q in it", out, want)
		}
	}
	if want := "training refuses 2 of 4 masks"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("masks check fails with %v, want %q", err, want)
	}
	var read mask.Report
	if text, err := os.ReadFile(findings); err != nil || json.Unmarshal(text, &read) != nil {
		t.Fatalf("%s cannot be read: %v", findings, err)
	}
	if read.Refused != 2 || read.Counts[mask.Missing] != 1 || len(read.Findings) != 4 || read.Findings[0].Image != "train/cat/1.png" {
		t.Errorf("findings read back are %+v, want four, of which two are refused", read)
	}
}

func TestFindingsAreKeptAsCSV(t *testing.T) {
	folder, masks := ownPhotos(t)
	if err := os.WriteFile(filepath.Join(masks, "train/cat/2.png"), []byte("no, \"image\""), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "findings.csv")
	if _, err := runDapt(t, "masks", "check", "-data", folder, "-out", t.TempDir(), "-json", file); err == nil {
		t.Error("masks check passes a broken mask")
	}
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	rows, err := csv.NewReader(text).ReadAll()
	if err != nil || len(rows) != 5 || !slices.Equal(rows[0], []string{"image", "class", "mask", "share", "defects", "detail"}) {
		t.Fatalf("rows are %q (%v), want a header and four", rows, err)
	}
	if got := rows[1][:5]; !slices.Equal(got, []string{"train/cat/1.png", "cat", "mask/train/cat/1.png", "0.0123457", ""}) {
		t.Errorf("a good mask is %q", got)
	}
	if got := rows[2]; got[3] != "" || got[4] != "undecodable" || !strings.Contains(got[5], "want PNG") {
		t.Errorf("a broken mask is %q", got)
	}
}

func TestCheckingMasksSaysWhatIsWrong(t *testing.T) {
	folder, _ := ownPhotos(t)
	for want, args := range map[string][]string{
		`-json is "a.txt"`:               {"-json", "a.txt"},
		"-images is -1":                  {"-images", "-1"},
		`Decode is "soft"`:               {"-decode", "soft"},
		`Layout is "seem"`:               {"-layout", "seem"},
		`has no masks of photos: looked`: {"-masks-root", t.TempDir()},
	} {
		if _, err := runDapt(t, append([]string{"masks", "check", "-data", folder, "-out", t.TempDir()}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}

// emptySAM2 is a folder of a tiny SAM2, all of whose weights are 0.
func emptySAM2(t *testing.T) string {
	t.Helper()
	testdata, folder := "../../dapt/mask/sam2/testdata/", t.TempDir()
	var reference struct{ Tensors map[string][]int }
	text, err := os.ReadFile(testdata + "reference.json")
	if err == nil {
		err = json.Unmarshal(text, &reference)
	}
	if err != nil {
		t.Fatal(err)
	}
	header, end := map[string]any{}, 0
	for name, dims := range reference.Tensors {
		first := end
		size := 4
		for _, d := range dims {
			size *= d
		}
		end += size
		header[name] = map[string]any{"dtype": "F32", "shape": dims, "data_offsets": []int{first, end}}
	}
	head, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), append(head, make([]byte, end)...)...)
	config, err := os.ReadFile(testdata + "config.json")
	if err := errors.Join(err, session.WriteFile(filepath.Join(folder, "model.safetensors"), file), session.WriteFile(filepath.Join(folder, "config.json"), config)); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestMasksThatAreThereAreKeptOfSAM2Too(t *testing.T) {
	photos, masks := ownPhotos(t)
	args := []string{"masks", "make", "-source", "sam2", "-sam2", emptySAM2(t), "-data", photos, "-masks-out", filepath.Dir(filepath.Dir(masks))}
	if got, want := mustRunDapt(t, args...), masks+": 0 masks written, 4 kept\n"; !strings.HasPrefix(got, want) {
		t.Errorf("%q prints %q, want %q", args, got, want)
	}
	if _, err := runDapt(t, append(args, "-hint", "box")...); err == nil || !strings.Contains(err.Error(), `"hint":"both"`) {
		t.Errorf("another hint for the same folder: error is %v, want one that names the first", err)
	}
}
