package dataset_test

import (
	"bytes"
	"fmt"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func ExampleDataset_WriteFewShot() {
	folder := fstest.MapFS{"split.json": {Data: []byte(`{"train": [["cat/1.jpg", 0, "cat"], ["cat/2.jpg", 0, "cat"], ["dog/1.jpg", 1, "dog"]]}`)}}
	data, err := dataset.Open(dataset.Spec{Name: "Pets", Images: "images", Split: "split.json"}, folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	var cache bytes.Buffer // shot_1-seed_1.pkl
	if err := data.FewShot(1, 1).WriteFewShot(&cache, "/home/somebody/pets"); err != nil {
		fmt.Println(err)
		return
	}
	drawn, err := data.ReadFewShot(&cache)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(drawn.Train)
	// Output: [{images/cat/1.jpg 0 cat } {images/dog/1.jpg 1 dog }]
}
