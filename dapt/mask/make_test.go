package mask

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// pictures is a data set of images images/a/0.jpg and so on, of 4 x 3 pixels.
func pictures(t testing.TB, count int) (*dataset.Dataset, fstest.MapFS) {
	files := fstest.MapFS{}
	d := &dataset.Dataset{Name: "Own", Images: "images", FS: files, Classes: []string{"a"}}
	for i := range count {
		item := dataset.Item{Path: fmt.Sprintf("images/a/%d.jpg", i), Class: "a"}
		files[item.Path] = &fstest.MapFile{Data: encode(t, image.NewGray(image.Rect(0, 0, 4, 3)))}
		d.Train = append(d.Train, item)
	}
	return d, files
}

// striped makes the columns of a mask foreground whose number is that of the image, modulo 4.
type striped struct{}

func (striped) Name() string { return "striped" }

func (striped) Mask(_ context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	var number int
	if _, err := fmt.Sscanf(item.Path, "images/a/%d.jpg", &number); err != nil {
		return nil, err
	}
	mask := image.NewGray(img.Bounds())
	for y := range 3 {
		mask.Pix[y*mask.Stride+number%4] = 255
	}
	return mask, nil
}

// prepared is a Prepare that decodes all images, as a network's does.
func prepared(d *dataset.Dataset) func(context.Context, []dataset.Item) (Source, error) {
	return func(ctx context.Context, items []dataset.Item) (Source, error) {
		for _, item := range items {
			if data, err := fs.ReadFile(d.FS, item.Path); err != nil || len(data) < 50 {
				return nil, fmt.Errorf("cannot map %s", item.Path)
			}
		}
		return striped{}, ctx.Err()
	}
}

// same compares all masks with those of striped, and looks for files that should not be there.
func same(t *testing.T, folder string, d *dataset.Dataset, items []dataset.Item) {
	t.Helper()
	files := Files{FS: os.DirFS(folder), Folder: "."}.For(d)
	for _, item := range items {
		img := image.NewGray(image.Rect(0, 0, 4, 3))
		got, err := files.Mask(t.Context(), item, img)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := striped{}.Mask(t.Context(), item, img)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, item.Path, got.Pix, want.Pix)
	}
	count := 0
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			count++
		}
		return err
	})
	if err != nil || count != len(items) {
		t.Errorf("the folder has %d files (%v), want %d", count, err, len(items))
	}
}

func TestMadeMasksAreReadBack(t *testing.T) {
	d, _ := pictures(t, 9)
	folder := filepath.Join(t.TempDir(), "new", "mask")
	var told []int
	j := Job{Folder: folder, Data: d, Items: append(d.Train, d.Train[2]), Prepare: prepared(d), Chunk: 4, Done: func(done int) { told = append(told, done) }}
	for _, want := range []Made{{Written: 9}, {Kept: 9}} {
		told = nil
		made, err := Make(t.Context(), j)
		if err != nil || made.Written != want.Written || made.Kept != want.Kept || made.Failed != nil {
			t.Errorf("Make = %+v, %v, want %+v", made, err, want)
		}
		if !slices.Equal(told, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("Done is told %v, want 1 to 9", told)
		}
		same(t, folder, d, d.Train)
	}
}

func TestMakingGoesOnWhereItStopped(t *testing.T) {
	d, _ := pictures(t, 9)
	folder := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	j := Job{Folder: folder, Data: d, Items: d.Train, Prepare: prepared(d), Chunk: 2, Done: func(done int) {
		if done == 4 {
			stop()
		}
	}}
	first, err := Make(ctx, j)
	if !errors.Is(err, context.Canceled) || first.Written < 4 || first.Written > 5 {
		t.Fatalf("Make that is stopped after 4 masks = %+v, %v, want 4 or 5 written and context.Canceled", first, err)
	}
	j.Done = nil
	second, err := Make(t.Context(), j)
	if err != nil || second.Kept != first.Written || second.Written != 9-first.Written {
		t.Errorf("Make once more = %+v, %v, want %d kept and the rest written", second, err, first.Written)
	}
	same(t, folder, d, d.Train)
}

func TestMasksThatAreNoGoodAreMadeAnew(t *testing.T) {
	d, _ := pictures(t, 5)
	folder := t.TempDir()
	write := func(name string, data []byte) {
		if err := errors.Join(os.MkdirAll(filepath.Join(folder, "images/a"), 0o755), os.WriteFile(filepath.Join(folder, "images/a", name), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("0.png", encode(t, image.NewGray(image.Rect(0, 0, 3, 4))))
	write("1.png", good(t).Data[:30])
	write("2.png", nil)
	keep, err := striped{}.Mask(t.Context(), d.Train[3], image.NewGray(image.Rect(0, 0, 4, 3)))
	if err != nil {
		t.Fatal(err)
	}
	write("3.png", encode(t, keep))
	made, err := Make(t.Context(), Job{Folder: folder, Data: d, Items: d.Train, Prepare: prepared(d)})
	if err != nil || made.Written != 4 || made.Kept != 1 {
		t.Errorf("Make = %+v, %v, want 4 written and 1 kept", made, err)
	}
	same(t, folder, d, d.Train)
}

func TestABrokenImageHoldsUpNoOther(t *testing.T) {
	d, files := pictures(t, 6)
	files["images/a/2.jpg"].Data = files["images/a/2.jpg"].Data[:40]
	delete(files, "images/a/5.jpg")
	folder := t.TempDir()
	made, err := Make(t.Context(), Job{Folder: folder, Data: d, Items: d.Train, Prepare: prepared(d), Chunk: 3})
	if err != nil || made.Written != 4 || len(made.Failed) != 2 {
		t.Fatalf("Make = %+v, %v, want 4 written and 2 failed", made, err)
	}
	for i, want := range []string{"corrupt or truncated", "restore the file"} {
		if got := made.Failed[i]; got.Path != []string{"images/a/2.jpg", "images/a/5.jpg"}[i] || !strings.Contains(got.Err.Error(), want) {
			t.Errorf("failure %d = %v, want one with %q", i, got, want)
		}
	}
	same(t, folder, d, slices.Concat(d.Train[:2], d.Train[3:5]))
}

// odd makes masks of a value that is neither foreground nor background.
type odd struct{ Whole }

func (odd) Mask(_ context.Context, _ dataset.Item, img image.Image) (*image.Gray, error) {
	return full(img.Bounds(), 7), nil
}

func TestMakeSaysWhatIsWrong(t *testing.T) {
	d, _ := pictures(t, 2)
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	twins := []dataset.Item{{Path: "images/a/1.jpg"}, {Path: "images/a/1.png"}}
	broken := errors.New("the device is gone")
	whole := func(context.Context, []dataset.Item) (Source, error) { return Whole{}, nil }
	for name, c := range map[string]struct {
		job  Job
		want string
	}{
		"two images with one mask":  {Job{Folder: folder, Data: d, Items: twins, Prepare: whole}, "images/a/1.jpg and images/a/1.png would have the same mask images/a/1.png: rename one"},
		"a device that is gone":     {Job{Folder: folder, Data: d, Items: d.Train, Prepare: func(context.Context, []dataset.Item) (Source, error) { return nil, broken }}, "the device is gone"},
		"a folder that is a file":   {Job{Folder: file, Data: d, Items: d.Train, Prepare: whole}, "choose one that can be written to"},
		"a mask of neither 0 nor 1": {Job{Folder: folder, Data: d, Items: d.Train, Prepare: func(context.Context, []dataset.Item) (Source, error) { return odd{}, nil }}, "the value 7"},
	} {
		made, err := Make(t.Context(), c.job)
		for _, failure := range made.Failed {
			err = errors.Join(err, failure.Err)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || made.Written > 0 {
			t.Errorf("Make of %s = %+v, %v, want nothing written and a message with %q", name, made, err, c.want)
		}
	}
}

func TestAMaskBehindABadOneIsAFailure(t *testing.T) {
	d, _ := pictures(t, 1)
	folder := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(folder, "a"), 0o755), os.WriteFile(filepath.Join(folder, "a/0.jpg"), []byte("bad"), 0o600)); err != nil {
		t.Fatal(err)
	}
	made, err := Make(t.Context(), Job{Folder: folder, Data: d, Items: d.Train, Prepare: prepared(d)})
	if err != nil || len(made.Failed) != 1 || !strings.Contains(made.Failed[0].Err.Error(), "a/0.jpg is no mask of images/a/0.jpg but would be read before images/a/0.png: remove it") {
		t.Errorf("Make = %+v, %v, want one failure that names the bad file", made, err)
	}
}
