package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/tools/session"
)

// making is what masks make writes.
type making struct {
	lists
	Source      string  `json:"source"`
	CLIP        string  `json:"clip"`
	Prompts     string  `json:"-"`
	PromptsHash string  `json:"prompts,omitempty"` // SHA-256 of the file
	Threshold   float64 `json:"threshold"`
	DType       string  `json:"dtype"`
	out         string
}

func newMakeMasks(s *session.Setup) *cobra.Command {
	x := making{}
	c := &cobra.Command{
		Use:   "make",
		Short: "write a mask for each image, for -masks files to read",
		Long: "write a mask for each image: a PNG file of black and white, where -masks files -masks-root finds it. Run again, it goes on\n" +
			"where it stopped: masks that can be read and have their image's size are kept.",
		Example: "  go run ./tools/dapt masks make -source gradcam -data OxfordPets -root ~/data -clip ViT-B/16 -masks-out ~/masks\n" +
			"  go run ./tools/dapt train -data OxfordPets -root ~/data -clip ViT-B/16 -masks files -masks-root ~/masks",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return x.run(s, c) },
	}
	x.flags(c)
	f := c.Flags()
	f.StringVar(&x.Source, "source", "gradcam", "gradcam: what CLIP looks at to tell the image's class")
	f.StringVar(&x.out, "masks-out", "", "folder for the masks of all data sets; empty means masks/SOURCE below -out")
	f.StringVar(&x.Prompts, "prompts", "", "the tuned prompts to look through; empty means zero-shot CLIP")
	f.Float64Var(&x.Threshold, "threshold", 0.5, "share of an image's largest value from which Grad-CAM's map is foreground")
	return c
}

func (x *making) run(s *session.Setup, c *cobra.Command) error {
	if !(x.Threshold > 0 && x.Threshold <= 1) {
		return fmt.Errorf("-threshold is %v, want over 0 and at most 1", x.Threshold)
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	items, err := x.items(b)
	if err != nil {
		return err
	}
	if x.out == "" {
		x.out = filepath.Join(s.Out, "masks", x.Source)
	}
	folder := session.MaskFolder(x.out, b.Name)
	about, err := x.claim(s, folder)
	if err != nil {
		return err
	}
	prepare, done, err := x.prepare(s, c, b)
	if err != nil {
		return err
	}
	defer done()
	if err := session.WriteFile(filepath.Join(folder, madeFile), about); err != nil {
		return err
	}
	show, finish := session.CountBar("masks of "+b.Name, len(items))
	made, err := mask.Make(c.Context(), mask.Job{Folder: folder, Data: b.Dataset, Items: items, Prepare: prepare, Done: show})
	finish()
	return x.tell(c, made, err, folder)
}

// madeFile tells, in a folder of masks, how they are made.
const madeFile = "made.json"

// claim returns what is to stand in madeFile, and an error where the folder holds masks that were made otherwise.
func (x *making) claim(s *session.Setup, folder string) ([]byte, error) {
	x.CLIP, x.DType = s.CLIP, s.DType
	if x.Prompts != "" {
		data, err := os.ReadFile(x.Prompts)
		if err != nil {
			return nil, fmt.Errorf("reading the prompts: %w", err)
		}
		x.PromptsHash = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	about, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	before, err := os.ReadFile(filepath.Join(folder, madeFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading how the masks in %s were made: %w", folder, err)
	}
	if err == nil && !bytes.Equal(bytes.TrimSpace(before), about) {
		return nil, fmt.Errorf("%s holds masks made with %s, and these are to be made with %s: choose another -masks-out, or remove the folder",
			folder, bytes.TrimSpace(before), about)
	}
	return append(about, '\n'), nil
}

// prepare opens what makes the masks. The caller calls done.
func (x *making) prepare(s *session.Setup, c *cobra.Command, b experiment.Benchmark) (prepare func(context.Context, []dataset.Item) (mask.Source, error), done func(), err error) {
	if x.Source != "gradcam" {
		return nil, nil, fmt.Errorf("-source is %q, want gradcam", x.Source)
	}
	engine, config, done, err := openEngine(c, s, x.Prompts)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, items []dataset.Item) (mask.Source, error) {
		heat, err := engine.Heat(ctx, b.Dataset, items, nil, config)
		if err != nil {
			return nil, err
		}
		return mask.GradCAM{Threshold: x.Threshold}.Refresh(items, heat, engine.Model.Config.Grid()), nil
	}, done, nil
}

// tell prints what was made, and the images that have no mask; err is what stopped the work.
func (x *making) tell(c *cobra.Command, made mask.Made, err error, folder string) error {
	fmt.Fprintf(c.OutOrStdout(), "%s: %d masks written, %d kept\n", folder, made.Written, made.Kept)
	for i, failure := range made.Failed {
		if i == 20 {
			fmt.Fprintf(c.OutOrStdout(), "and %d images more; go run ./tools/dapt masks check lists all\n", len(made.Failed)-i)
			break
		}
		fmt.Fprintf(c.OutOrStdout(), "no mask of %s: %v\n", failure.Path, failure.Err)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w; the same command goes on from here", err)
	case len(made.Failed) > 0:
		return fmt.Errorf("%d images have no mask: mend what is said of each, and run the command again", len(made.Failed))
	}
	fmt.Fprintf(c.OutOrStdout(), "train with them: -masks files -masks-root %s\n", x.out)
	return nil
}
