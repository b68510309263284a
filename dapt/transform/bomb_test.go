package transform

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

// deepPNG is a PNG of 16 bits in four channels that ends after its header, interlaced or not.
func deepPNG(width, height uint32, interlaced byte) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	chunk = append(binary.BigEndian.AppendUint32(chunk, height), 16, 6, 0, 0, interlaced)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	data := []byte("IDAT\x78\x9c\x01\x00\x00\xff\xff")
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(data)-4)), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
}

// jpegHeader is a JPEG that ends where its first scan begins; kind is 0xc0 for baseline and 0xc2 for progressive.
func jpegHeader(width, height uint16, kind byte, channels int) []byte {
	frame := []byte{8}
	frame = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(frame, height), width)
	frame = append(frame, byte(channels))
	scan := []byte{byte(channels)}
	for i := range channels {
		frame = append(frame, byte(i+1), 0x11, 0)
		scan = append(scan, byte(i+1), 0)
	}
	spectral := []byte{0, 63, 0}
	if kind == 0xc2 {
		spectral = []byte{0, 0, 0}
	}
	segment := func(marker byte, body []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
	}
	// One Huffman table of one code, so that the scan begins.
	table := append([]byte{0, 1}, append(make([]byte, 15), 0)...)
	return slices.Concat([]byte{0xff, 0xd8}, segment(kind, frame), segment(0xc4, table), segment(0xda, append(scan, spectral...)))
}

func gifHeader(width, height uint16) []byte {
	out := []byte("GIF89a")
	return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, width), height), 0, 0, 0)
}

// gifFrame is a GIF of 1 x 1 pixels with a frame of another size.
func gifFrame(width, height uint16) []byte {
	out := append(gifHeader(1, 1), 0x2c, 0, 0, 0, 0)
	return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, width), height), 0x80, 0, 0, 0, 255, 255, 255, 2, 0)
}

func bmpHeader(width, height uint32) []byte {
	out := append([]byte("BM"), make([]byte, 8)...)
	out = binary.LittleEndian.AppendUint32(out, 54)
	out = binary.LittleEndian.AppendUint32(out, 40)
	out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, width), height)
	out = append(out, 1, 0, 24, 0)
	return append(out, make([]byte, 24)...)
}

// riffChunks is a WebP file.
func riffChunks(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), slices.Concat(chunks...)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(id string, data []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data))), data...)
	return append(out, make([]byte, len(data)%2)...)
}

// lossless is the beginning of a lossless WebP picture.
func lossless(width, height int) []byte {
	bits := uint32(width-1) | uint32(height-1)<<14
	return riffChunk("VP8L", append(binary.LittleEndian.AppendUint32([]byte{0x2f}, bits), make([]byte, 64)...))
}

// canvas is the header of an extended WebP file.
func canvas(width, height int) []byte {
	w, h := width-1, height-1
	return riffChunk("VP8X", []byte{0, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

func TestHugeImagesAreRefusedBeforeTheyAreAllocated(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a PNG":                             {deepPNG(60000, 60000, 0), "png image of 60000 x 60000 pixels"},
		"a long PNG":                        {deepPNG(1<<31-1, 1, 0), "png image of 2147483647 x 1 pixels"},
		"a PNG whose area overflows":        {deepPNG(1<<31-1, 1<<31-1, 0), "png"},
		"a JPEG":                            {jpegHeader(60000, 60000, 0xc0, 3), "jpeg image of 60000 x 60000 pixels"},
		"a progressive JPEG":                {jpegHeader(60000, 60000, 0xc2, 4), "jpeg image of 60000 x 60000 pixels"},
		"a GIF":                             {gifHeader(60000, 60000), "gif image of 60000 x 60000 pixels"},
		"a GIF with a huge frame":           {gifFrame(60000, 60000), "corrupt or truncated gif image"},
		"a BMP":                             {bmpHeader(60000, 60000), "bmp image of 60000 x 60000 pixels"},
		"an extended WebP":                  {riffChunks(canvas(60000, 60000)), "webp image of 60000 x 60000 pixels"},
		"a lossless WebP":                   {riffChunks(lossless(16384, 16384)), "webp image of 16384 x 16384 pixels"},
		"a huge picture in a small canvas":  {riffChunks(canvas(1, 1), lossless(16384, 16384)), "its picture has 16384 x 16384 pixels and its header says 1 x 1"},
		"an extended WebP without picture":  {riffChunks(canvas(5, 5)), "it holds no picture"},
		"an extended WebP that is cut off":  {riffChunks(canvas(5, 5), lossless(5, 5))[:40], "corrupt or truncated webp image"},
		"a WebP with a chunk of no picture": {riffChunks(canvas(5, 5), riffChunk("EXIF", []byte("x"))), "it holds no picture"},
	} {
		var err error
		t.Log(name)
		alloc.Bound(t, 1<<20, func() { _, err = Decode(bytes.NewReader(c.data)) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode of %s fails with %v, want a message with %q", name, err, c.want)
		}
	}
}

// bytesAPixel is what MaxPixels says.
const bytesAPixel = 24

func TestDecodingAllocatesWithinItsBound(t *testing.T) {
	const side = 1000
	for name, data := range map[string][]byte{
		"a PNG of 16 bits": deepPNG(side, side, 0), "an interlaced PNG of 16 bits": deepPNG(side, side, 1),
		"a JPEG": jpegHeader(side, side, 0xc0, 3), "a progressive JPEG in four colours": jpegHeader(side, side, 0xc2, 4),
		"a BMP": bmpHeader(side, side), "a WebP": riffChunks(lossless(side, side)),
	} {
		var err error
		t.Log(name)
		alloc.Bound(t, bytesAPixel*side*side+1<<20, func() { _, err = Decode(bytes.NewReader(data)) })
		if err == nil {
			t.Errorf("Decode of %s without pixels succeeds", name)
		}
	}
}

func TestWholeWebPsAreDecoded(t *testing.T) {
	data, err := os.ReadFile("testdata/modes/rgb.webp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	size, err := webpFrame(data)
	if err != nil {
		t.Fatal(err)
	}
	extended := riffChunks(canvas(size.X, size.Y), data[12:])
	img, err := Decode(bytes.NewReader(extended))
	if err != nil || img.Rect.Size() != size {
		t.Errorf("Decode of the same picture in a canvas of its size = %v, %v, want %v", img, err, size)
	}
	if _, err := Decode(bytes.NewReader(riffChunks(canvas(size.X+1, size.Y), data[12:]))); err == nil {
		t.Error("Decode takes a picture that is smaller than its canvas")
	}
}
