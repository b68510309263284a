package transform

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

func TestDecodeConvertsAsPillow(t *testing.T) {
	expected, err := filepath.Glob("testdata/modes/*.rgb.png")
	if err != nil || len(expected) == 0 {
		t.Fatalf("no cases in testdata/modes: %v", err)
	}
	for _, path := range expected {
		name := "modes/" + strings.TrimSuffix(filepath.Base(path), ".rgb.png")
		equalRGB(t, name, open(t, name), open(t, name+".rgb.png"))
	}
}

func TestRGBOfDeepAndPrintedColours(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(3, 4, 4, 5))
	deep.Set(3, 4, color.NRGBA64{R: 0x12ff, G: 0x80, B: 0xffff, A: 0})
	ink := image.NewCMYK(image.Rect(0, 0, 1, 1))
	ink.Set(0, 0, color.CMYK{C: 10, M: 200, Y: 37, K: 77})
	for _, c := range []struct {
		img  image.Image
		want color.NRGBA
	}{
		{deep, color.NRGBA{R: 0x12, G: 0, B: 255, A: 255}},
		{ink, color.NRGBA{R: 171, G: 38, B: 152, A: 255}}, // Pillow's
	} {
		if got := RGB(c.img).NRGBAAt(0, 0); got != c.want {
			t.Errorf("RGB(%T) = %v, want %v", c.img, got, c.want)
		}
	}
}

// encoded returns a small picture as PNG and as JPEG.
func encoded(t testing.TB) (asPNG, asJPEG []byte) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 32, 24))
	for i := range img.Pix {
		img.Pix[i] = uint8(i*i/7) | 1
	}
	var p, j bytes.Buffer
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	return p.Bytes(), j.Bytes()
}

// pngHeader is a PNG file that ends after a header of the given size.
func pngHeader(width, height uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	chunk = append(binary.BigEndian.AppendUint32(chunk, height), 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

// bmp is an image of the colours 0 and 1, with a palette of so many.
func bmp(colours uint32) []byte {
	data := make([]byte, 54)
	copy(data, "BM")
	header := map[int]uint32{10: 54 + 4*colours, 14: 40, 18: 2, 22: 1, 26: 1 | 8<<16, 46: colours}
	for at, value := range header {
		binary.LittleEndian.PutUint32(data[at:], value)
	}
	return append(append(data, make([]byte, 4*colours)...), 0, 1, 0, 0)
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	asPNG, asJPEG := encoded(t)
	corrupt := bytes.Clone(asPNG)
	corrupt[len(corrupt)/2] ^= 0xff
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"an empty file", nil, "unknown format: want PNG, JPEG"},
		{"text", []byte("<html>not found</html>"), "unknown format: want PNG, JPEG"},
		{"a corrupt PNG", corrupt, "corrupt or truncated png image"},
		{"a truncated PNG", asPNG[:len(asPNG)/2], "corrupt or truncated png image"},
		{"a truncated JPEG", asJPEG[:len(asJPEG)-40], "corrupt or truncated jpeg image"},
		{"a truncated header", asPNG[:20], "corrupt or truncated image header"},
		{"a decompression bomb", pngHeader(100_000, 100_000), "png image of 100000 x 100000 pixels"},
		{"nothing after the header", pngHeader(10, 10), "corrupt or truncated png image"},
		{"a GIF without pixels", []byte("GIF89a\x08\x00\x08\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x01\x2c\x00;"), "gif image without pixels"},
		{"a BMP of one colour too few", bmp(1), "a pixel has colour 1 of a palette of 1"},
	} {
		_, err := Decode(bytes.NewReader(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode of %s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// An image and its mask must not be turned apart: the reference ignores the EXIF orientation of both.
func TestDecodeIgnoresOrientation(t *testing.T) {
	_, plain := encoded(t)
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	turned := bytes.Join([][]byte{plain[:2], segment, []byte(exif), plain[2:]}, nil)
	got, err := Decode(bytes.NewReader(turned))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Decode(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	equalRGB(t, "Decode with orientation", got, want)
}

func FuzzDecode(f *testing.F) {
	asPNG, asJPEG := encoded(f)
	f.Add(asPNG)
	f.Add(asJPEG)
	for _, name := range []string{"palette.gif", "rgb.bmp", "palette.bmp", "rgb.webp", "palette_transparent.png"} {
		data, err := os.ReadFile("testdata/modes/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, broken := range [][]byte{
		asPNG[:33], asPNG[:len(asPNG)/2], asJPEG[:len(asJPEG)/2], pngHeader(60_000, 60_000), pngHeader(1, 1<<31-1), deepPNG(60, 60, 1),
		jpegHeader(60, 60, 0xc0, 3), jpegHeader(60, 60, 0xc2, 4), gifHeader(60, 60), gifFrame(60, 60), bmpHeader(60, 60),
		riffChunks(canvas(1, 1), lossless(600, 600)), riffChunks(lossless(60, 60)),
	} {
		f.Add(broken)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pixels := alloc.Pixels(data, MaxPixels)
		if pixels > 4<<20 {
			t.Skip("slow")
		}
		var img *image.NRGBA
		var err error
		alloc.Bound(t, 1<<20+bytesAPixel*pixels+8*uint64(len(data)), func() { img, err = Decode(bytes.NewReader(data)) })
		if err != nil {
			return
		}
		header, _, err := image.DecodeConfig(bytes.NewReader(data))
		if b := img.Bounds(); b.Empty() || b.Min != (image.Point{}) || !img.Opaque() || b.Dx() > header.Width || b.Dy() > header.Height {
			t.Errorf("Decode gives bounds %v, opaque %v, want a full image at the origin of at most %d x %d, %v", b, img.Opaque(), header.Width, header.Height, err)
		}
		if img.Bounds().Dx() < 500 && img.Bounds().Dy() < 500 {
			Eval(img, 16)
		}
	})
}
