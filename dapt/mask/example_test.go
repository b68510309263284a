package mask_test

import (
	"context"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/mini"
)

func ExampleFiles() {
	data, err := dataset.Open(dataset.Spec{Name: "Mini", Images: "images", Split: "split_zhou_Mini.json"}, mini.FS())
	if err != nil {
		fmt.Println(err)
		return
	}
	masks := mask.Files{}.For(data) // the folder mask beside images
	fmt.Println(masks.(mask.Checker).Check(context.Background(), data.Train[:10]))
	// Output: <nil>
}
