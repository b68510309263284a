package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newImport(s *session.Setup) *cobra.Command {
	var as train.As
	var out, settings, tuned string
	c := &cobra.Command{
		Use:   "import CHECKPOINT",
		Short: "make a file of prompts of a checkpoint that the published Python code has written",
		Long: "Import reads a checkpoint of Dassl's trainers, such as model.pth.tar-5, or a file that export has written. The learner, its\n" +
			"number of tokens and its depth are read off the tensors. Nothing in the file is run. What eval then tests is exactly\n" +
			"what was tuned, if -clip is the CLIP that it was tuned in.",
		Example: "  go run ./tools/dapt import model.pth.tar-5 -clip ViT-B/16 -out maple.safetensors\n" +
			"  go run ./tools/dapt import model.pth.tar-10 -clip ViT-B/16 -tuned base -data OxfordPets -root ~/data\n" +
			"  go run ./tools/dapt import model.pth.tar-50 -learner coop -settings '{\"Position\": \"middle\"}' -clip ViT-B/16",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			as.Settings = []byte(settings)
			if err := tunedOn(c, s, tuned, &as); err != nil {
				return err
			}
			return importPrompts(c, s, args[0], out, as)
		},
	}
	c.Flags().StringVar(&as.Learner, "learner", "", strings.Join(learners(), ", ")+", or dapt, whose prompts are maple's; empty takes what the tensors tell")
	c.Flags().StringVar(&settings, "settings", "", "settings of the learner that tensors do not tell, as JSON")
	c.Flags().StringVar(&tuned, "tuned", "", "classes of -data that the prompts were tuned on, all or base, which tensors do not tell; MMRL's second feature is used for these alone; empty leaves it open")
	c.Flags().StringVar(&out, "out", "", `file to write; empty means CHECKPOINT with ".safetensors" behind it`)
	return c
}

// tunedOn fills in the data set and which of its classes prompts were tuned on; nothing for classes "".
func tunedOn(c *cobra.Command, s *session.Setup, classes string, as *train.As) error {
	part, ok := halves[classes]
	switch {
	case classes == "":
		return nil
	case !ok || classes == "novel":
		return fmt.Errorf("-tuned is %q, want all or base", classes)
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	as.Dataset, as.Classes = b.Name, part(b.Dataset).Classes
	return nil
}

func importPrompts(c *cobra.Command, s *session.Setup, path, out string, as train.As) error {
	if _, err := train.ReadPrompts(path); err != nil { // before a CLIP is read
		return err
	}
	m, err := s.Model(c.Context(), teller(c))
	if err != nil {
		return err
	}
	imported, err := train.Import(path, m, as)
	if err != nil {
		return err
	}
	if out == "" {
		out = path + ".safetensors"
	}
	if err := imported.Save(out); err != nil {
		return err
	}
	warn(c, imported.Prompts)
	fmt.Fprintf(c.OutOrStdout(), "%s %s, %s, for %s: written to %s\n", imported.Prompts.Learner, imported.Prompts.Settings, imported.Prompts.Final, m.Name, out)
	return nil
}

// warn tells what speaks against prompts.
func warn(c *cobra.Command, about train.Prompts) {
	for _, note := range about.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "warning:", note)
	}
}

func newExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export PROMPTS FILE",
		Short: "write prompts for the published Python code",
		Long: "Export writes the prompts of a file as safetensors, named as in the state dictionary of the published code's model. There,\n" +
			"model.load_state_dict(safetensors.torch.load_file(\"FILE\"), strict=False) takes them.",
		Example: "  go run ./tools/dapt export dapt-results/runs/…/prompts.safetensors maple.safetensors",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := train.Export(args[0], args[1]); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "written to", args[1])
			return nil
		},
	}
}
