package mask

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/internal/alloc"
)

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decode reads a mask file's bytes.
func (f Files) decode(data []byte) (*image.Gray, error) {
	f.FS = fstest.MapFS{"mask": {Data: data}}
	return f.read("mask")
}

func paletted(colours []color.Color, pix ...uint8) *image.Paletted {
	return &image.Paletted{Pix: pix, Stride: len(pix), Rect: image.Rect(0, 0, len(pix), 1), Palette: colours}
}

var (
	black, white = color.Gray{0}, color.Gray{255}
	maroon       = color.NRGBA{R: 128, A: 255} // VOC's first class
	green        = color.NRGBA{G: 128, A: 255}
)

// vocPalette ends in VOC's colour of void.
func vocPalette() []color.Color {
	return append(append([]color.Color{black, maroon, green}, slices.Repeat([]color.Color{black}, 252)...), color.NRGBA{224, 224, 192, 255})
}

func TestDecodeReadsBlackAndWhiteAndLabels(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  Files
		img    image.Image
		want   []uint8
		reason string
	}{
		{"black and white", Files{}, gray([]uint8{0, 255, 0}), []uint8{0, 255, 0}, "255 is the object"},
		{"all white", Files{}, gray([]uint8{255, 255}), []uint8{255, 255}, "255 is the object"},
		{"all black", Files{}, gray([]uint8{0, 0}), []uint8{0, 0}, "an empty mask is legal"},
		{"labels 0 and 1", Files{}, gray([]uint8{0, 1, 1}), []uint8{0, 255, 255}, "1 is a segment"},
		{"labels with void", Files{}, gray([]uint8{0, 1, 7, 255}), []uint8{0, 255, 255, 0}, "255 is void"},
		{"labels as binary", Files{Decode: Binary}, gray([]uint8{0, 1, 127, 128, 255}), []uint8{0, 0, 0, 255, 255}, "the threshold is 127"},
		{"black and white as labels", Files{Decode: Labels}, gray([]uint8{0, 255}), []uint8{0, 0}, "asked for"},
		{"layout FVGPT", Files{Layout: FVGPT}, gray([]uint8{0, 1, 128, 255}), []uint8{0, 0, 255, 255}, "its masks are white on black"},
		{"official", Files{Decode: Official}, gray([]uint8{0, 1, 128, 255}), []uint8{0, 1, 128, 255}, "Crop decodes"},
		{"a black and white palette", Files{}, paletted([]color.Color{black, white}, 0, 1), []uint8{0, 255}, "white is the object"},
		{"a white and black palette", Files{}, paletted([]color.Color{white, black}, 0, 1), []uint8{255, 0}, "white is the object"},
		{"a coloured palette", Files{}, paletted(vocPalette(), 0, 1, 2, 255), []uint8{0, 255, 255, 0}, "indices are labels"},
		{"a coloured palette, official", Files{Decode: Official}, paletted(vocPalette(), 0, 1, 2), []uint8{0, 128, 0}, "colours count"},
	} {
		got, err := c.files.decode(encode(t, c.img))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !bytes.Equal(got.Pix, c.want) {
			t.Errorf("decode of %s = %v, want %v: %s", c.name, got.Pix, c.want, c.reason)
		}
	}
}

// disc is a bright disc on black, with edges smooth over some pixels.
func disc(side int, value uint8, edge float64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		x, y := float64(i%side)-float64(side)/2, float64(i/side)-float64(side)/2
		share := (float64(side*side)/9 - x*x - y*y) / (edge*float64(side) + 1e-9)
		img.Pix[i] = uint8(float64(value) * min(max(share+0.5, 0), 1))
	}
	return img
}

func TestDecodeReadsLossyMasks(t *testing.T) {
	asJPEG := func(img image.Image, quality int) []byte {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	sharp := disc(90, 255, 0)
	for name, data := range map[string][]byte{
		"JPEG of quality 95":       asJPEG(sharp, 95),
		"JPEG of quality 50":       asJPEG(sharp, 50),
		"PNG with smooth edges":    encode(t, disc(90, 255, 3)),
		"JPEG with smooth edges":   asJPEG(disc(90, 255, 2), 75),
		"JPEG of segments 0 and 9": asJPEG(disc(90, 9, 0), 100),
	} {
		got, err := Files{}.decode(data)
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for i, v := range got.Pix {
			if v != sharp.Pix[i] {
				wrong++
			}
		}
		if limit := len(got.Pix) / 50; wrong > limit {
			t.Errorf("%s: %d pixels of %d are on the wrong side, want at most %d", name, wrong, len(got.Pix), limit)
		}
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	good := encode(t, disc(20, 255, 0))
	for _, c := range []struct {
		name  string
		files Files
		data  []byte
		want  string
	}{
		{"no image", Files{}, []byte("mask"), "want PNG, JPEG"},
		{"half an image", Files{}, good[:len(good)/2], "corrupt or truncated"},
		{"an unknown rule", Files{Decode: "soft"}, good, `Decode is "soft", want "", "binary", "labels" or "official"`},
	} {
		if _, err := c.files.decode(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("decode of %s fails with %v, want a message with %q", c.name, err, c.want)
		}
	}
}

func FuzzDecodedMasksAreBlackAndWhite(f *testing.F) {
	f.Add(encode(f, gray([]uint8{0, 1, 255})))
	f.Add(encode(f, disc(8, 255, 1)))
	f.Add(encode(f, paletted(vocPalette(), 0, 1, 255)))
	f.Add([]byte("GIF89a"))
	f.Add(encode(f, disc(8, 255, 1))[:40])
	f.Add([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02L\x01\x00;")) // 65535 x 65535
	f.Fuzz(func(t *testing.T, data []byte) {
		pixels := alloc.Pixels(data, transform.MaxPixels)
		for _, rule := range []Decoding{Auto, Binary, Labels} {
			var mask *image.Gray
			var err error
			// An image takes up to 64 bytes for each pixel, as in transform, and brightness 5 more, up to twice.
			alloc.Bound(t, 4<<20+80*(pixels+uint64(len(data))), func() { mask, err = Files{Decode: rule}.decode(data) })
			if err != nil {
				return
			}
			if i := slices.IndexFunc(mask.Pix, func(v uint8) bool { return v != 0 && v != 255 }); i >= 0 {
				t.Fatalf("pixel %d = %d, want 0 or 255", i, mask.Pix[i])
			}
		}
	})
}
