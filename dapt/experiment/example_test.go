package experiment

import (
	"context"
	"fmt"
	"os"

	"github.com/gomlx/compute/gobackend"
)

func ExampleLinearProbe() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
	folder, err := os.MkdirTemp("", "lab")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	// Programs open a lab by tools/session, and a benchmark by [Mini] or [dataset.Open].
	lab, err := Open(backend, Backend{Name: "go"}, newModel(), folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer lab.Close()
	results, err := LinearProbe{Benchmarks: []Benchmark{newBenchmark()}, Shots: []int{4}, Seeds: []int{1, 2}}.Run(context.Background(), lab)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(r.Dataset, r.Method, r.Shots, "shots, seed", r.Seed, "on", r.Tests[0].Images, "test images")
	}
	// Output:
	// Tiny linear-probe 4 shots, seed 1 on 12 test images
	// Tiny linear-probe 4 shots, seed 2 on 12 test images
}
