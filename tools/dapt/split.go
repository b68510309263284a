package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/tools/session"
)

// draw is a few-shot draw to write or to check.
type draw struct {
	shots int
	seed  uint64
	check bool
}

func newSplit(s *session.Setup) *cobra.Command {
	var x draw
	var seed uint64
	c := &cobra.Command{
		Use:   "split [FILE]",
		Short: "write a few-shot draw as a split file (.json) or as the cache of CoOp's code (.pkl), or compare one with the draw made here",
		Example: "  go run ./tools/dapt split -data OxfordPets -root ~/data -shots 16 -seed 1 ~/data/oxford_pets/split_fewshot/shot_16-seed_1.pkl\n" +
			"  go run ./tools/dapt split -data OxfordPets -root ~/data -shots 16 -seed 1 -check shot_16-seed_1.pkl\n" +
			"  go run ./tools/dapt split -data OxfordPets -root ~/data -make 1",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch made := c.Flags().Changed("make"); {
			case made && len(args) == 0:
				return makeSplit(s, c, seed)
			case made:
				return fmt.Errorf("-make writes the data set's own split file, which is not to be named: leave out %s", args[0])
			case len(args) == 0:
				return errors.New("there is no FILE: name one to write the draw to, such as shot_16-seed_1.pkl, or use -make")
			}
			return x.run(s, c, args[0])
		},
	}
	c.Flags().IntVar(&x.shots, "shots", 16, "training images a class; 0 takes all")
	c.Flags().Uint64Var(&x.seed, "seed", 1, "of the draw, as Python's random.seed takes it")
	c.Flags().BoolVar(&x.check, "check", false, "compare FILE with the draw instead of writing it")
	c.Flags().Uint64Var(&seed, "make", 0, "divide a benchmark that lacks its split file, by CoOp's rules and with this seed, and write that file; its lists are not the published ones")
	return c
}

// makeSplit writes the split file that a benchmark lacks.
func makeSplit(s *session.Setup, c *cobra.Command, seed uint64) error {
	spec, err := dataset.Find(s.Data)
	if err != nil {
		return err
	}
	path := filepath.Join(s.Folder(), spec.Split)
	if _, err := os.Lstat(path); err == nil && spec.Split != "" {
		return fmt.Errorf("%s is there already: remove it to make another one", path)
	}
	made, err := dataset.MakeSplit(spec, os.DirFS(s.Folder()), seed)
	if err != nil {
		return err
	}
	if err := made.Check(c.Context()); err != nil {
		return err
	}
	if err := writeSplit(s, made, path); err != nil {
		return err
	}
	for _, note := range made.Differences(spec) {
		fmt.Fprintln(c.ErrOrStderr(), "note:", note)
	}
	fmt.Fprintf(c.OutOrStdout(), "%s has %d training, %d validation and %d test images, divided with seed %d: results on other splits are no results on this one\n",
		path, len(made.Train), len(made.Val), len(made.Test), seed)
	return nil
}

func (x draw) String() string {
	return fmt.Sprintf("the draw of %d shots with seed %d", x.shots, x.seed)
}

func (x draw) run(s *session.Setup, c *cobra.Command, path string) error {
	if kind := filepath.Ext(path); kind != ".json" && kind != ".pkl" {
		return fmt.Errorf("%s ends in %q, want .json (a split file) or .pkl (a cache of CoOp's code)", path, kind)
	}
	if x.shots < 0 {
		return fmt.Errorf("-shots is %d, want at least 0, which takes all", x.shots)
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	if own, err := os.Stat(listFile(s)); err == nil && !x.check {
		if there, err := os.Stat(path); err == nil && os.SameFile(own, there) {
			return fmt.Errorf("%s is what the data set is read from: name another file to write the draw to", path)
		}
	}
	drawn := b.FewShot(x.shots, x.seed)
	done := "has"
	if x.check {
		done = "equals"
		err = x.compare(b.Dataset, drawn, path)
	} else {
		err = writeSplit(s, drawn, path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s %s %s: %d training and %d validation images\n", path, done, x, len(drawn.Train), len(drawn.Val))
	return nil
}

// listFile is the file that lists the data set; its folder if there is none.
func listFile(s *session.Setup) string {
	if spec, err := dataset.Find(s.Data); err == nil {
		return filepath.Join(s.Folder(), spec.Split)
	}
	return filepath.Join(s.Folder(), filepath.Base(s.Data))
}

// writeSplit writes the lists in the form that the file's name ends in.
func writeSplit(s *session.Setup, drawn *dataset.Dataset, path string) error {
	var data bytes.Buffer
	if filepath.Ext(path) == ".json" {
		if err := drawn.WriteSplit(&data); err != nil {
			return err
		}
	} else {
		folder, err := filepath.Abs(s.Folder())
		if err != nil {
			return err
		}
		if err := drawn.WriteFewShot(&data, folder); err != nil {
			return err
		}
	}
	if err := renameio.WriteFile(path, data.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the split: %w", err)
	}
	return nil
}

// compare returns an error that names the first item of a file that is not that of the draw.
func (x draw) compare(whole, drawn *dataset.Dataset, path string) error {
	read, err := readSplit(whole, path)
	if err != nil {
		return err
	}
	for _, list := range []struct {
		name      string
		got, want []dataset.Item
	}{{"train", read.Train, drawn.Train}, {"val", read.Val, drawn.Val}, {"test", read.Test, drawn.Test}} {
		for i := range max(len(list.got), len(list.want)) {
			if got, want := describe(list.got, i), describe(list.want, i); got != want {
				return fmt.Errorf("%s is not %s: item %d of %s is %s, want %s", path, x, i+1, list.name, got, want)
			}
		}
	}
	return nil
}

func describe(items []dataset.Item, i int) string {
	if i >= len(items) {
		return "missing"
	}
	return fmt.Sprintf("%s (label %d, class %q)", items[i].Path, items[i].Label, items[i].Class)
}

// readSplit reads a file of either form.
func readSplit(whole *dataset.Dataset, path string) (*dataset.Dataset, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the split: %w", err)
	}
	defer file.Close()
	var read *dataset.Dataset
	if filepath.Ext(path) == ".json" {
		read, err = dataset.Open(dataset.Spec{Name: whole.Name, Images: whole.Images, Split: filepath.Base(path)}, os.DirFS(filepath.Dir(path)))
	} else {
		read, err = whole.ReadFewShot(file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return read, nil
}
