package transform

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"os"
	"testing"
)

// testdata holds inputs and what Pillow and torchvision made of them. side is the size of the golden crops.
const side = 32

func open(t testing.TB, name string) *image.NRGBA {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return img
}

func openGray(t testing.TB, name string) *image.Gray {
	t.Helper()
	img := open(t, name)
	gray := image.NewGray(img.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = img.Pix[4*i]
	}
	return gray
}

func parse(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want []uint8, size, wantSize image.Point) {
	t.Helper()
	if size != wantSize {
		t.Errorf("%s has size %v, want %v", what, size, wantSize)
	} else if i := diff(got, want); i >= 0 {
		t.Errorf("%s: byte %d = %d, want %d", what, i, got[i], want[i])
	}
}

func diff(got, want []uint8) int {
	for i := range want {
		if got[i] != want[i] {
			return i
		}
	}
	return -1
}

func equalRGB(t *testing.T, what string, got, want *image.NRGBA) {
	t.Helper()
	equal(t, what, got.Pix, want.Pix, got.Rect.Size(), want.Rect.Size())
}

func equalGray(t *testing.T, what string, got, want *image.Gray) {
	t.Helper()
	equal(t, what, got.Pix, want.Pix, got.Rect.Size(), want.Rect.Size())
}

func TestGoldenPixels(t *testing.T) {
	var crops [][]Crop
	parse(t, "crops.json", &crops)
	for i, list := range crops {
		img, labels := open(t, fmt.Sprintf("image%d.png", i)), openGray(t, fmt.Sprintf("mask%d.png", i))
		equalRGB(t, fmt.Sprint("eval ", i), Eval(img, side), open(t, fmt.Sprintf("eval%d.png", i)))
		resized := ResizeGray(labels, img.Rect.Dx(), img.Rect.Dy(), Bicubic)
		equalGray(t, fmt.Sprint("labels ", i), resized, openGray(t, fmt.Sprintf("labels%d.png", i)))
		for j, crop := range list {
			name := fmt.Sprintf("%d_%d.png", i, j)
			equalRGB(t, "crop "+name, crop.Image(img, side), open(t, "crop"+name))
			equalGray(t, "mask "+name, crop.OfficialMask(resized, side), openGray(t, "cropmask"+name))
		}
	}
}

func TestNormalizeEqualsTorch(t *testing.T) {
	img := open(t, "eval0.png")
	raw, err := os.ReadFile("testdata/eval0.f32")
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(raw)/4)
	Normalize(got, img)
	for i, v := range got {
		want := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		if math.Abs(float64(v-want)) > 1e-6 {
			t.Fatalf("Normalize: value %d = %g, want %g", i, v, want)
		}
	}
}

func TestForegroundIsOneWhereTheMaskIsFull(t *testing.T) {
	mask := &image.Gray{Pix: []uint8{255, 0, 9, 254, 255, 9}, Stride: 3, Rect: image.Rect(0, 0, 2, 2)}
	got := []float32{7, 7, 7, 7}
	Foreground(got, mask)
	if want := [4]float32{1, 0, 0, 1}; [4]float32(got) != want {
		t.Errorf("Foreground = %v, want %v", got, want)
	}
}

func TestResizeEqualsPillow(t *testing.T) {
	var cases []struct {
		Filter, RGB, Gray string
		Width, Height     int
	}
	parse(t, "resized.json", &cases)
	img, mask := open(t, "image0.png"), openGray(t, "mask1.png")
	for _, c := range cases {
		filter := Bicubic
		if c.Filter == "nearest" {
			filter = Nearest
		}
		big := Resize(img, c.Width, c.Height, filter)
		var packed []uint8
		for i := 0; i < len(big.Pix); i += 4 {
			packed = append(packed, big.Pix[i:i+3]...)
		}
		if got := digest(packed); got != c.RGB {
			t.Errorf("Resize(%d, %d, %s) has hash %s, want %s", c.Width, c.Height, c.Filter, got, c.RGB)
		}
		if got := digest(ResizeGray(mask, c.Width, c.Height, filter).Pix); got != c.Gray {
			t.Errorf("ResizeGray(%d, %d, %s) has hash %s, want %s", c.Width, c.Height, c.Filter, got, c.Gray)
		}
	}
}

func digest(pix []uint8) string {
	sum := sha256.Sum256(pix)
	return hex.EncodeToString(sum[:8])
}

func TestResizeToTheSameSizeChangesNothing(t *testing.T) {
	img := open(t, "image1.png")
	for _, filter := range []Filter{Bicubic, Nearest} {
		equalRGB(t, "Resize", Resize(img, img.Rect.Dx(), img.Rect.Dy(), filter), img)
	}
}

func TestResizeReadsOnlyTheSubImage(t *testing.T) {
	img := open(t, "image1.png")
	window := image.Rect(5, 16, 18, 56)
	part := img.SubImage(window).(*image.NRGBA)
	equalRGB(t, "Resize", Resize(part, 20, 30, Bicubic), Resize(RGB(part), 20, 30, Bicubic))
	equalRGB(t, "Image", Crop{2, 1, 9, 7, true}.Image(part, 8), Crop{18, 6, 9, 7, true}.Image(img, 8))
}

func TestEvalOfAThinImageStaysSmall(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 200_000, 1))
	if got := Eval(img, 224).Rect; got != image.Rect(0, 0, 224, 224) {
		t.Errorf("Eval has bounds %v, want 224 x 224", got)
	}
}

func TestEvalMaskCutsWhatEvalCuts(t *testing.T) {
	mask := image.NewGray(image.Rect(0, 0, 40, 20))
	for i := range mask.Pix {
		if x := i % 40; x >= 10 && x < 30 {
			mask.Pix[i] = 255
		}
	}
	if got := EvalMask(mask, 10); !bytes.Equal(got.Pix, bytes.Repeat([]uint8{255}, 100)) {
		t.Errorf("EvalMask of a mask whose centre is full = %v, want all 255", got.Pix)
	}
}

func BenchmarkCrop(b *testing.B) {
	img := image.NewNRGBA(image.Rect(0, 0, 500, 375))
	crop := Crop{Top: 20, Left: 30, Height: 300, Width: 320}
	for b.Loop() {
		crop.Image(img, 224)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
