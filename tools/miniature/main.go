// Command miniature writes small data sets in the layouts of the published ones, to try commands on.
//
//	go run ./tools/miniature -out /tmp/miniatures
//	go run ./tools/dapt train -root /tmp/miniatures -data OxfordPets -masks files -shots 2 -seeds 1 -epochs 1
//
// Each data set has a folder of its own below -out, which must not be there yet. One seed always makes the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

func main() {
	out := flag.String("out", "", "folder that will hold the data sets' folders, the root of other commands")
	name := flag.String("name", "", "one data set, such as OxfordPets; empty writes all")
	var o layout.Options
	flag.IntVar(&o.Images, "images", 4, "training images a class; the other lists have half as many")
	masks := flag.String("masks", string(mask.DAPT), "layout of the masks: dapt or fvg-pt")
	flag.Uint64Var(&o.Seed, "seed", 1, "of the pictures")
	flag.Parse()
	o.Masks = mask.Layout(*masks)
	if err := run(*out, *name, o); err != nil {
		fmt.Fprintln(os.Stderr, "miniature:", err)
		os.Exit(1)
	}
}

func run(out, name string, o layout.Options) error {
	if out == "" {
		return fmt.Errorf("-out is not given: name a folder that will hold the data sets' folders")
	}
	if o.Images < 1 {
		return fmt.Errorf("-images is %d, want at least 1", o.Images)
	}
	specs := dataset.Specs
	if name != "" {
		spec, err := dataset.Find(name)
		if err != nil {
			return err
		}
		specs = []dataset.Spec{spec}
	}
	for _, spec := range specs {
		files, err := layout.Draw(spec, o)
		if err != nil {
			return err
		}
		folder := filepath.Join(out, spec.Folder)
		if _, err := os.Lstat(folder); err == nil {
			return fmt.Errorf("%s is there already: remove it, or choose another -out", folder)
		}
		if err := os.CopyFS(folder, files); err != nil {
			return fmt.Errorf("writing the miniature of %s: %w", spec.Name, err)
		}
		fmt.Printf("%s: %d files in %s\n", spec.Name, len(files), folder)
	}
	return nil
}
