package mask

import (
	"bytes"
	"context"
	"image"
	"reflect"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// gray makes a mask of rows.
func gray(rows ...[]uint8) *image.Gray {
	return &image.Gray{Pix: bytes.Join(rows, nil), Stride: len(rows[0]), Rect: image.Rect(0, 0, len(rows[0]), len(rows))}
}

func TestWholeIsFullAndHasTheImagesBounds(t *testing.T) {
	img := image.NewNRGBA(image.Rect(2, 3, 4, 4))
	got, err := Whole{}.Mask(t.Context(), dataset.Item{}, img)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the mask", got, &image.Gray{Pix: []uint8{255, 255}, Stride: 2, Rect: img.Rect})
}

func TestCropIsNearestUnlessTheSourceSaysOtherwise(t *testing.T) {
	m := gray([]uint8{9, 0, 255, 0}, []uint8{0, 9, 0, 0})
	right := transform.Crop{Left: 2, Width: 2, Height: 1, Flip: true}
	equal(t, "Crop of Whole", Crop(Whole{}, m, right, 2).Pix, []uint8{0, 255, 0, 255})
	equal(t, "Crop of Files", Crop(Files{}, m, right, 2).Pix, []uint8{0, 255, 0, 255})
	left := transform.Crop{Width: 2, Height: 2}
	equal(t, "Crop of official Files", Crop(Files{Decode: Official}, m, left, 2).Pix, []uint8{255, 0, 0, 255})
}

func TestForBindsBindersOnly(t *testing.T) {
	d := &dataset.Dataset{Name: "Food101"}
	equal(t, "For(Whole)", For(Whole{}, d), Source(Whole{}))
	equal(t, "For(nil)", For(nil, d), Source(nil))
	equal(t, "For(Files)", For(Files{}, d).(Files).data, d)
	equal(t, "For(FilesOrGradCAM)", For(FilesOrGradCAM{}, d).(FilesOrGradCAM).Files.data, d)
}

// Of these, train asks each source by type assertion.
var (
	_ Checker   = Files{}
	_ Binder    = Files{}
	_ Cropper   = Files{}
	_ Checker   = FilesOrGradCAM{}
	_ Binder    = FilesOrGradCAM{}
	_ Refresher = FilesOrGradCAM{}
)

// TestFilesDoNotFollowPrompts guards against a Refresher that would map every image again after each epoch.
func TestFilesDoNotFollowPrompts(t *testing.T) {
	if _, follows := any(Files{Fallback: Whole{}}).(Refresher); follows {
		t.Error("Files is a Refresher, want one only with Grad-CAM")
	}
}

// maskOf asks a source for the mask of an image of this size.
func maskOf(source Source, path string, size image.Point) (*image.Gray, error) {
	return source.Mask(context.Background(), dataset.Item{Path: path}, image.NewNRGBA(image.Rectangle{Max: size}))
}
