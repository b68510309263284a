package train

import (
	"image"
	"sync"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// DefaultMemory is how many bytes of decoded images are kept unless told otherwise.
const DefaultMemory = 2 << 30

// Images keeps decoded images in memory, so that each is decoded once for all epochs and runs; what does not fit is
// decoded each time. It tells images apart by their data set's name and their path, and measures how long the engines that
// read from it wait for images. It is safe for several goroutines.
type Images struct {
	left int64 // bytes
	lock sync.Mutex
	kept map[string]*image.NRGBA
	feed Feed
}

// NewImages returns an empty store of so many bytes.
func NewImages(memory int64) *Images { return &Images{left: memory, kept: map[string]*image.NRGBA{}} }

// open returns the image; nobody may change it.
func (s *Images) open(data *dataset.Dataset, path string) (*image.NRGBA, error) {
	key := data.Name + "\x00" + path
	s.lock.Lock()
	img := s.kept[key]
	s.lock.Unlock()
	if img != nil {
		return img, nil
	}
	img, err := transform.Open(data.FS, path)
	if err != nil {
		return nil, err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if size := int64(len(img.Pix)); size <= s.left && s.kept[key] == nil {
		s.kept[key] = img
		s.left -= size
	}
	return img, nil
}

// Feed returns what all engines that read from here have spent on batches so far.
func (s *Images) Feed() Feed {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.feed
}

func (s *Images) add(f Feed) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.feed = s.feed.Plus(f)
}
