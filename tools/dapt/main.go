// Command dapt tunes CLIP prompts with and without DAPT, tests them, and shows what they look at.
//
//	go run ./tools/dapt quickstart
//
// Every command runs on the embedded mini benchmark unless -data and -clip name something else. "go run ./tools/dapt help"
// lists the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/tools/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	root := newRoot()
	root.SetArgs(doubleDashes(os.Args[1:]))
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "\nstopped:", err)
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "\nerror:", err)
		os.Exit(1)
	}
}

// single is a flag behind one dash; -h alone has a short form.
var single = regexp.MustCompile(`^-([a-gi-z]|h.)`)

// doubleDashes writes -masks as --masks, so that flags are those of all Go programs, with one dash or two; pflag would take
// the former for -m -a -s -k -s.
func doubleDashes(args []string) []string {
	var list []string
	for i, arg := range args {
		if arg == "--" {
			return append(list, args[i:]...)
		}
		if single.MatchString(arg) {
			arg = "-" + arg
		}
		list = append(list, arg)
	}
	return list
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "dapt",
		Short:         "Decouple before align: prompt tuning of CLIP that looks at the object",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	s := session.Setup{}
	root.AddCommand(newData(&s))
	flags := root.PersistentFlags()
	flags.StringVar(&s.Backend, "backend", os.Getenv("GOMLX_BACKEND"), "what computes: go, xla:cpu, xla:cuda, xla:/path/to/plugin.so; empty picks the fastest")
	flags.StringVar(&s.CLIP, "clip", "mini", "mini, ViT-B/16, ViT-B/32, ViT-L/14, or a file of weights (.safetensors, .pt)")
	flags.StringVar(&s.TeacherCLIP, "teacher-clip", "", "CLIP that the teacher of promptkd is tuned in, such as ViT-L/14, as -clip; empty means -clip itself")
	flags.StringVar(&s.Data, "data", "mini", "mini, a benchmark's name such as OxfordPets, or the path of your own images: a folder such as ./photos, a list.csv or a split.json")
	flags.StringVar(&s.Template, "template", "", "sentence around class names for zero-shot CLIP and what starts from it, with one {}; empty takes the data set's own")
	flags.StringVar(&s.Draws, "draws", "", "folder of few-shot draws to take, as CoOp's shot_16-seed_1.pkl, instead of drawing; split_fewshot is that in each data set's folder")
	flags.BoolVar(&s.EmptyMasks, "allow-empty-masks", false, "take masks in files that have no foreground as they are")
	flags.BoolVar(&s.WholeMasks, "whole-where-no-mask", false, "take the whole image for the foreground where a mask's file is missing")
	flags.StringVar(&s.Root, "root", "data", "folder that holds the benchmarks' folders")
	flags.StringVar(&s.MaskRoot, "masks-root", "", "folder of masks as DAPT's archive or FVG-PT's collection unpack to, or as masks make leaves it; empty means the data set's own folder")
	flags.StringVar(&s.Out, "out", "dapt-results", "folder for results, checkpoints and reports")
	flags.StringVar(&s.DType, "dtype", "float32", "what the towers compute in: float32, bfloat16 or, as published, float16")
	root.AddCommand(newQuickstart(&s), newFewShot(&s), newDataEfficient(&s), newBaseToNovel(&s), newCrossDataset(&s), newDomainGeneralization(&s),
		newLearners(&s), newReproduce(&s), newPresets(), newProbe(&s), newZeroShot(&s), newTrain(&s), newEval(&s), newPredict(&s), newWords(&s), newImport(&s), newExport(),
		newMasks(&s), newSplit(&s), newReport(&s), newBackends(&s))
	root.AddCommand(newMerge(), newSweep())
	allowShares(root, &s)
	nameArguments(root)
	return root
}

// openLab opens what the common flags choose, and tells on standard error what is opened.
func openLab(c *cobra.Command, s *session.Setup) (*experiment.Lab, func(), error) {
	return s.Lab(c.Context(), teller(c))
}

// teller tells on standard error.
func teller(c *cobra.Command) session.Teller {
	return session.Teller{Notice: func(line string) { fmt.Fprintln(c.ErrOrStderr(), line) }, Download: session.DownloadBar}
}
