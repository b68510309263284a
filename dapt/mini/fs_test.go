package mini_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/mini"
)

func ExampleFS() {
	file, err := mini.FS().Open("images/natural/penguin/000.png")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	picture, err := png.DecodeConfig(file)
	fmt.Println(picture.Width, picture.Height, err)
	// Output: 64 64 <nil>
}

func TestFolderKeepsTheContractOfFS(t *testing.T) {
	for _, folder := range []string{"images/val/cat", "mask/shift/whale"} {
		below, err := fs.Sub(mini.FS(), folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(below, "000.png", "007.png"); err != nil {
			t.Error(err)
		}
	}
}

func TestFoldersListTheirContent(t *testing.T) {
	for folder, want := range map[string][]string{
		".":          {"images", "mask", "split_zhou_Mini.json", "split_zhou_MiniBackground.json", "split_zhou_MiniShift.json"},
		"images":     {"background", "natural", "shift", "train", "val"},
		"mask":       {"natural", "shift", "train", "val"},
		"images/val": mini.Classes(),
	} {
		entries, err := fs.ReadDir(mini.FS(), folder)
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("ReadDir(%q) = %v, %v, want %v", folder, got, err, want)
		}
	}
}

func TestOpenRefusesWhatIsNotThere(t *testing.T) {
	for name, want := range map[string]error{
		"images/val/cat/008.png":         fs.ErrNotExist,
		"images/val/cat/1.png":           fs.ErrNotExist,
		"images/val/cat/000.png/x":       fs.ErrNotExist,
		"images/val/unicorn":             fs.ErrNotExist,
		"mask/background/cat/000.png":    fs.ErrNotExist,
		"split_zhou_Other.json":          fs.ErrNotExist,
		"split_zhou_Mini.json/something": fs.ErrNotExist,
		"../images":                      fs.ErrInvalid,
	} {
		var located *fs.PathError
		if _, err := mini.FS().Open(name); !errors.Is(err, want) || !errors.As(err, &located) {
			t.Errorf("Open(%q) = %v, want %v with the path", name, err, want)
		}
	}
	folder, err := mini.FS().Open("images")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Read(make([]byte, 1)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("reading a folder: %v, want %v", err, fs.ErrInvalid)
	}
}

func TestMasksAreBlackAndWhitePicturesOfTheImagesSize(t *testing.T) {
	for _, split := range []string{"train", "val", "natural", "shift"} {
		for _, class := range []string{"airplane", "penguin", "whale"} {
			name := split + "/" + class + "/003.png"
			mask, ok := decode(t, "mask/"+name).(*image.Gray)
			if size := decode(t, "images/"+name).Bounds(); !ok || mask.Bounds() != size || size != image.Rect(0, 0, mini.Side, mini.Side) {
				t.Fatalf("%s: mask is %T %v, image %v", name, mask, mask.Bounds(), size)
			}
			white := 0
			for _, v := range mask.Pix {
				if v != 0 && v != 255 {
					t.Fatalf("%s: mask value %d", name, v)
				}
				white += int(v) / 255
			}
			if white < 100 || white > mini.Side*mini.Side*2/3 {
				t.Errorf("%s: %d pixels of object", name, white)
			}
		}
	}
}

func decode(t *testing.T, name string) image.Image {
	t.Helper()
	data, err := fs.ReadFile(mini.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// The benchmark is the same on every machine and must stay what published numbers were measured on.
func TestPicturesNeverChange(t *testing.T) {
	for folder, want := range map[string]string{
		"images": "cc3761e188896ab0",
		"mask":   "5ca8a4ae575c2391",
	} {
		sum := sha256.New()
		for i, class := range mini.Classes() {
			for _, split := range []string{"train", "val", "natural", "shift"} {
				switch decoded := decode(t, fmt.Sprintf("%s/%s/%s/%03d.png", folder, split, class, i%8)).(type) {
				case *image.RGBA:
					sum.Write(decoded.Pix)
				case *image.Gray:
					sum.Write(decoded.Pix)
				default:
					t.Fatalf("%s/%s/%s is a %T", folder, split, class, decoded)
				}
			}
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)[:8]); got != want {
			t.Errorf("%s: hash %s, want %s", folder, got, want)
		}
	}
}

func BenchmarkReadImage(b *testing.B) {
	files := mini.FS()
	item := 0
	for b.Loop() {
		if _, err := fs.ReadFile(files, fmt.Sprintf("images/train/%s/%03d.png", mini.Classes()[item%60], item/60%32)); err != nil {
			b.Fatal(err)
		}
		item++
	}
	b.ReportMetric(float64(item)/b.Elapsed().Seconds(), "images/s")
}
