package mask

import (
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func TestFindTellsWhereAMaskIsAndReadsNone(t *testing.T) {
	d := &dataset.Dataset{Name: "Food101", Images: "images", FS: fstest.MapFS{"mask/pho/1.png": {Data: []byte("no image")}}}
	for path, want := range map[string]string{"images/pho/1.jpg": "mask/pho/1.png", "images/pho/2.jpg": ""} {
		got, err := Files{}.bind(d).Find(dataset.Item{Path: path})
		if got != want || err != nil {
			t.Errorf("Find(%q) = %q, %v, want %q", path, got, err, want)
		}
	}
	if _, err := (Files{}).Find(dataset.Item{Path: "images/pho/1.jpg"}); err == nil {
		t.Error("Find without an FS is no error")
	}
}
