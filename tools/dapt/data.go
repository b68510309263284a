package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/tools/benchmarks"
	"github.com/dapt-go/dapt-go/tools/download"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

func newData(s *session.Setup) *cobra.Command {
	c := &cobra.Command{Use: "data", Short: "check, get and show data sets"}
	c.AddCommand(newDataCheck(s), newDataGet(s), newDataShow(s))
	return c
}

func newDataCheck(s *session.Setup) *cobra.Command {
	decode := false
	c := &cobra.Command{
		Use:   "check [NAME...]",
		Short: "say of benchmarks, or of all, what is there, what is missing and where that comes from",
		Example: "  go run ./tools/dapt data check -root ~/data\n" +
			"  go run ./tools/dapt data check OxfordPets EuroSAT -root ~/data -images",
		RunE: func(c *cobra.Command, names []string) error {
			specs, err := specsOf(names)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				specs = dataset.Specs
			}
			return check(c, s, specs, decode)
		},
	}
	c.Flags().BoolVar(&decode, "images", false, "decode all images, too, on all cores, and list those that are broken")
	return c
}

// specsOf are the benchmarks of these names.
func specsOf(names []string) ([]dataset.Spec, error) {
	specs := make([]dataset.Spec, len(names))
	for i, name := range names {
		if (session.Setup{Data: name}).Own() {
			return nil, fmt.Errorf("%q is no benchmark's name but a path: to see what is in data of your own, use: go run ./tools/dapt data show %s", name, tasks.Quote(name))
		}
		var err error
		if specs[i], err = dataset.Find(name); err != nil {
			return nil, fmt.Errorf("%w; to see what is in data of your own, use: go run ./tools/dapt data show ./photos", err)
		}
	}
	return specs, nil
}

// folderOf is where a benchmark is.
func folderOf(s *session.Setup, spec dataset.Spec) string {
	return session.Setup{Data: spec.Name, Root: s.Root}.Folder()
}

// check prints what is there of benchmarks. It is an error if one of them cannot be used.
func check(c *cobra.Command, s *session.Setup, specs []dataset.Spec, decode bool) error {
	var wrong []string
	next := ""
	for _, spec := range specs {
		state, err := benchmarks.Check(c.Context(), spec, folderOf(s, spec), s.Files())
		if err != nil {
			return err
		}
		if decode {
			show, finish := session.CountBar("decoding "+spec.Name, state.Images())
			err := state.Decode(c.Context(), show)
			finish()
			if err != nil {
				return err
			}
		}
		if err := state.Write(c.OutOrStdout()); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout())
		if state.Wrong == nil {
			continue
		}
		wrong = append(wrong, spec.Name)
		if next == "" {
			next = state.Next(again(&session.Setup{CLIP: session.Mini, Data: session.Mini, Root: s.Root, Out: "dapt-results"}, "go run ./tools/dapt data get "+spec.Name))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d data sets cannot be used: %s; next: %s", len(wrong), len(specs), strings.Join(wrong, ", "), next)
	}
	return nil
}

func newDataGet(s *session.Setup) *cobra.Command {
	keep := false
	c := &cobra.Command{
		Use:   "get NAME...",
		Short: "download and unpack what is missing of benchmarks, as far as it is public, and check them",
		Long: "get downloads and unpacks what is missing of benchmarks. What has no public address it names, with where it comes from; an archive\n" +
			"of that which you put into the data set's folder is checked and unpacked by the next get. A download that was interrupted goes on.",
		Example: "  go run ./tools/dapt data get OxfordPets EuroSAT -root ~/data",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			specs, err := specsOf(names)
			if err != nil {
				return err
			}
			return get(c, s, specs, keep)
		},
	}
	c.Flags().BoolVar(&keep, "keep", false, "keep archives once they are unpacked")
	return c
}

// get gets benchmarks, and goes on to the next if one cannot be got.
func get(c *cobra.Command, s *session.Setup, specs []dataset.Spec, keep bool) error {
	say := func(line string) { fmt.Fprintln(c.ErrOrStderr(), line) }
	g := benchmarks.Getter{Client: download.Client{Tries: 5}, Keep: keep, Notice: say, Show: session.DownloadBar}
	var failed []string
	for _, spec := range specs {
		entry, ok := benchmarks.Find(spec.Name)
		if !ok {
			return fmt.Errorf("where %s comes from is not noted", spec.Name)
		}
		err := g.Get(c.Context(), entry, folderOf(s, spec))
		if err != nil && c.Context().Err() != nil {
			return fmt.Errorf("%w; the next get goes on", err)
		}
		if err != nil {
			failed = append(failed, spec.Name)
			say("error: " + err.Error())
		}
	}
	err := check(c, s, specs, false)
	if len(failed) > 0 {
		return fmt.Errorf("could not get all of %s, for the reason above", strings.Join(failed, ", "))
	}
	return err
}
