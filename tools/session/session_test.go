package session

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

func TestDataAreABenchmarkOrAFolder(t *testing.T) {
	t.Setenv("HOME", "/home")
	for data, want := range map[string]string{
		"OxfordPets": "/home/data/oxford_pets", "./photos": "./photos", "/my/photos": "/my/photos", "~/photos": "/home/photos", "photos/cats": "photos/cats",
	} {
		if got := (Setup{Data: data, Root: "~/data"}).Folder(); got != want {
			t.Errorf("the folder of %q is %s, want %s", data, got, want)
		}
	}
	for data, want := range map[string]string{"Pets": "./photos", "OxfordPets": "the folder that holds oxford_pets", "./none": "/tools/session/none: name a folder"} {
		if _, err := (Setup{Data: data, Root: t.TempDir()}).Benchmark(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("data %q: error is %v, want one with %q", data, err, want)
		}
	}
}

func TestAFolderHasDAPTSOnlyWithMasks(t *testing.T) {
	for name, test := range map[string]struct {
		data  string
		files fstest.MapFS
		want  string
	}{
		"with masks":              {"./photos", fstest.MapFS{"mask/cat/1.png": {}}, "zero-shot maple maple+dapt-s maple+dapt-g"},
		"without masks":           {"./photos", fstest.MapFS{}, "zero-shot maple maple+dapt-g"},
		"a benchmark's come late": {"OxfordPets", fstest.MapFS{}, "zero-shot maple maple+dapt-s maple+dapt-g"},
	} {
		p := Setup{CLIP: Mini, Data: test.data}.Preset(experiment.Benchmark{Dataset: &dataset.Dataset{FS: test.files}})
		var names []string
		for _, m := range p.Methods {
			names = append(names, m.Name())
		}
		if got := strings.Join(names, " "); got != test.want || p.Train.Batch != 16 {
			t.Errorf("%s: methods %s in batches of %d, want %s in those of the embedded CLIP", name, got, p.Train.Batch, test.want)
		}
	}
}

func TestAFolderOfMasksIsForAllDataSets(t *testing.T) {
	root := t.TempDir()
	if err := WritePicture(filepath.Join(root, "flowers-102/mask/oxford_flowers/jpg/1.jpg"), image.NewGray(image.Rect(0, 0, 2, 1))); err != nil {
		t.Fatal(err)
	}
	flowers := experiment.Benchmark{Dataset: &dataset.Dataset{Name: "OxfordFlowers", Images: "jpg", FS: fstest.MapFS{}}}
	item := dataset.Item{Path: "jpg/1.jpg"}
	for name, clip := range map[string]string{"the published setting": "ViT-B/16", "that of the embedded CLIP": Mini} {
		s := Setup{CLIP: clip, Data: "OxfordFlowers", MaskRoot: root}
		named, err := s.Masks("files", flowers)
		if err != nil {
			t.Fatal(err)
		}
		for _, source := range []mask.Source{named, s.Preset(flowers).Methods[2].Masks} {
			if _, err := mask.For(source, flowers.Dataset).Mask(t.Context(), item, image.NewGray(image.Rect(0, 0, 2, 1))); err != nil {
				t.Errorf("%s reads no mask of the root: %v", name, err)
			}
			if got := source.(mask.Files).Root; got != root {
				t.Errorf("%s: results tell the masks' root as %q, want %q", name, got, root)
			}
		}
	}
}

func TestFilesAreNamedByTheirTitles(t *testing.T) {
	if got := FileName("Mini, loss: cls (0.1)", ".svg"); got != "mini-loss-cls-0.1.svg" {
		t.Errorf("file is %s", got)
	}
	path := filepath.Join(t.TempDir(), "new", "folder", "a.txt")
	if err := WriteFile(path, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if err := WriteFile(filepath.Join(path, "b.txt"), nil); err == nil || !strings.Contains(err.Error(), "choose one that can be written to") {
		t.Errorf("below a file: error is %v", err)
	}
}

func TestOnlyWhatIsFetchedIsAnnounced(t *testing.T) {
	for _, name := range []string{"RN50", "nonsense", "session_test.go", "none.pt"} {
		said := ""
		_, err := Setup{CLIP: name}.Model(t.Context(), Teller{Notice: func(line string) { said += line }})
		if err == nil || said != "" {
			t.Errorf("reading %s fails with %v and says %q, want an error alone", name, err, said)
		}
	}
}
