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
	"github.com/dapt-go/dapt-go/dapt/mask/sam2"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// making is what masks make writes.
type making struct {
	lists
	Source      string  `json:"source"`
	CLIP        string  `json:"clip"`
	Template    string  `json:"template,omitempty"` // of -template; empty is the data set's own
	Prompts     string  `json:"-"`
	PromptsHash string  `json:"prompts,omitempty"`   // SHA-256 of the file
	Threshold   float64 `json:"threshold,omitempty"` // of Grad-CAM
	SAM2        string  `json:"sam2,omitempty"`      // the model
	Hint        string  `json:"hint,omitempty"`
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
			"  go run ./tools/dapt masks make -source sam2 -data OxfordPets -root ~/data -clip ViT-B/16 -masks-out ~/masks-sam2\n" +
			"  go run ./tools/dapt train -data OxfordPets -root ~/data -clip ViT-B/16 -masks files -masks-root ~/masks",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return x.run(s, c) },
	}
	x.flags(c)
	f := c.Flags()
	f.StringVar(&x.Source, "source", "gradcam", "gradcam: what CLIP looks at to tell the image's class; sam2: what SAM2 takes for the object that lies there")
	f.StringVar(&x.out, "masks-out", "", "folder for the masks of all data sets; empty means masks/SOURCE below -out")
	f.StringVar(&x.Prompts, "prompts", "", "the tuned prompts to look through; empty means zero-shot CLIP")
	f.Float64Var(&x.Threshold, "threshold", 0.5, "share of an image's largest value from which Grad-CAM's map is foreground")
	f.StringVar(&x.SAM2, "sam2", sam2.Default, "with sam2: a repository at huggingface.co, such as facebook/sam2.1-hiera-tiny, or a folder with its model.safetensors and config.json")
	f.StringVar(&x.Hint, "hint", string(sam2.Both), "with sam2: what shows it the object: peak (where Grad-CAM's map is largest), box (around it there), both, or middle (a box in the middle, without a map)")
	return c
}

// validate refuses what makes no sense, and forgets what the source does not use.
func (x *making) validate() error {
	switch {
	case x.Source == "sam2":
		x.Threshold = 0
		return sam2.Hint(x.Hint).Validate()
	case x.Source != "gradcam":
		return fmt.Errorf("-source is %q, want gradcam or sam2", x.Source)
	case !(x.Threshold > 0 && x.Threshold <= 1):
		return fmt.Errorf("-threshold is %v, want over 0 and at most 1", x.Threshold)
	}
	x.SAM2, x.Hint = "", ""
	return nil
}

func (x *making) run(s *session.Setup, c *cobra.Command) error {
	if err := x.validate(); err != nil {
		return err
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
	x.CLIP, x.DType, x.Template = s.CLIP, s.DType, s.Template
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

// preparation makes the source of some items' masks.
type preparation func(ctx context.Context, items []dataset.Item) (mask.Source, error)

// prepare opens what makes the masks. The caller calls done.
func (x *making) prepare(s *session.Setup, c *cobra.Command, b experiment.Benchmark) (prepare preparation, done func(), err error) {
	config := train.Paper()
	if config.DType, err = s.Compute(); err != nil {
		return nil, nil, err
	}
	lab, closeLab, err := openLab(c, s)
	if err != nil {
		return nil, nil, err
	}
	engine, about, err := engineOf(lab, x.Prompts, config)
	if err != nil {
		closeLab()
		return nil, nil, err
	}
	warn(c, about)
	heat := func(ctx context.Context, items []dataset.Item) ([][]float32, error) {
		return engine.Heat(ctx, b.Dataset, items, nil, config)
	}
	if x.Source == "sam2" {
		model, err := x.openSAM2(c, lab)
		if err != nil {
			closeLab()
			return nil, nil, err
		}
		return x.segments(model, heat, engine.Model.Config.Grid()), func() { model.Close(); closeLab() }, nil
	}
	return func(ctx context.Context, items []dataset.Item) (mask.Source, error) {
		maps, err := heat(ctx, items)
		if err != nil {
			return nil, err
		}
		return mask.GradCAM{Threshold: x.Threshold}.Refresh(items, maps, engine.Model.Config.Grid()), nil
	}, closeLab, nil
}

func (x *making) openSAM2(c *cobra.Command, lab *experiment.Lab) (*sam2.Model, error) {
	fmt.Fprintln(c.ErrOrStderr(), "reading SAM2: "+x.SAM2)
	return sam2.Load(c.Context(), lab.Device(), x.SAM2, session.DownloadBar("downloading "+x.SAM2))
}

// segments makes SAM2's masks, from maps if they are wanted.
func (x *making) segments(model *sam2.Model, heat func(context.Context, []dataset.Item) ([][]float32, error), grid int) preparation {
	return func(ctx context.Context, items []dataset.Item) (mask.Source, error) {
		source := sam2.Source{Model: model, Hint: sam2.Hint(x.Hint)}
		if source.Hint == sam2.Middle {
			return source, nil
		}
		maps, err := heat(ctx, items)
		if err != nil {
			return nil, err
		}
		source.Maps = sam2.Maps(items, maps, grid)
		return source, nil
	}
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
	fmt.Fprintf(c.OutOrStdout(), "train with them: -masks files -masks-root %s\n", tasks.Quote(x.out))
	if made.Empty > 0 {
		fmt.Fprintf(c.OutOrStdout(), "%d have no foreground, which training refuses without -allow-empty-masks; masks check names them, tuned -prompts may see more\n", made.Empty)
	}
	return nil
}
