package dataset_test

import (
	"fmt"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

func ExampleOpen() {
	folder := fstest.MapFS{"split.json": {Data: []byte(`{
		"train": [["cat/1.jpg", 0, "cat"], ["cat/2.jpg", 0, "cat"], ["dog/1.jpg", 1, "dog"]],
		"test": [["cat/3.jpg", 0, "cat"], ["dog/2.jpg", 1, "dog"]]}`)}}
	spec := dataset.Spec{Name: "Pets", Images: "images", Split: "split.json", Template: "a photo of a {}, a type of pet."}
	data, err := dataset.Open(spec, folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	novel := data.FewShot(1, 1).Novel()
	fmt.Println(data.Classes, novel.Classes, novel.Train)
	// Output: [cat dog] [dog] [{images/dog/1.jpg 0 dog }]
}
