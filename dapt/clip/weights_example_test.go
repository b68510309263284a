package clip_test

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// The sizes are read off the weights, whatever file they are in.
func ExampleReadWeights() {
	w, err := clip.ReadWeights("testdata/weights-scripted.pt")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d pixels, %d patches, %d and %d blocks, weights %s\n",
		w.Config.Side, w.Config.Patches(), w.Config.Vision.Layers, w.Config.Text.Layers, w.Fingerprint())
	// Output: 8 pixels, 4 patches, 2 and 3 blocks, weights 2bbd1a34403b45e2
}
