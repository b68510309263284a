package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// jobs are the flags of sweep's commands.
type jobs struct {
	job       tasks.Job
	program   []string
	file      string
	partition string
	cluster   tasks.Cluster
	devices   []string
}

func newSweep() *cobra.Command {
	c := &cobra.Command{
		Use:   "sweep",
		Short: "divide an experiment among the tasks of a Slurm array, the pods of a Kubernetes job, or the devices of this machine",
		Example: "  go run ./tools/dapt sweep local -tasks 2 -- fewshot -shots 1,2 -seeds 1\n" +
			"  go run ./tools/dapt sweep slurm -tasks 8 -gpus 1 -time 8:00:00 -file sweep.sh -- fewshot -data OxfordPets -root ~/data -clip ViT-B/16\n" +
			"  go run ./tools/dapt sweep kubernetes -tasks 8 -gpus 1 -image registry.example/dapt:1 -pvc work -- fewshot -data OxfordPets -root /work/data -out /work/results",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no sweep %q: %s", args[0], kinds)
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %s", err, kinds) })
	c.AddCommand(newSlurm(), newKubernetes(), newLocal())
	return c
}

// kinds says what follows sweep.
const kinds = "want sweep slurm, sweep kubernetes or sweep local, each with its own flags"

func newSlurm() *cobra.Command {
	var x jobs
	c := x.command("slurm", "print a batch script for sbatch", func(c *cobra.Command) error {
		var err error
		if x.job.Folder, err = os.Getwd(); err != nil {
			return fmt.Errorf("looking for this folder: %w", err)
		}
		script, err := tasks.Slurm(x.job, x.partition)
		return x.write(c, script, err, "sbatch")
	})
	x.resources(c.Flags(), []string{"go", "run", "./tools/dapt"})
	c.Flags().StringVar(&x.partition, "partition", "", "Slurm's partition; empty takes the cluster's own")
	return c
}

func newKubernetes() *cobra.Command {
	var x jobs
	c := x.command("kubernetes", "print the manifest of an indexed job for kubectl", func(c *cobra.Command) error {
		manifest, err := tasks.Kubernetes(x.job, x.cluster)
		return x.write(c, manifest, err, "kubectl apply -f")
	})
	x.resources(c.Flags(), []string{"dapt"})
	f := c.Flags()
	f.StringVar(&x.cluster.Image, "image", "", "container image that holds the program, go build ./tools/dapt")
	f.StringVar(&x.cluster.Claim, "pvc", "", "persistent volume claim for data and results, which all pods can write to")
	f.StringVar(&x.cluster.Mount, "mount", "/work", "where it is mounted, and where the program runs")
	return c
}

func newLocal() *cobra.Command {
	var x jobs
	c := x.command("local", "run a process for each share on this machine, then merge", func(c *cobra.Command) error { return x.local(c) })
	c.Flags().StringSliceVar(&x.devices, "devices", nil, "CUDA devices, such as 0,1, each for one process at a time; all GPUs unless given")
	return c
}

// command checks the experiment that follows two dashes, and gives it to what is done with it.
func (x *jobs) command(name, short string, do func(c *cobra.Command) error) *cobra.Command {
	dashes := fmt.Sprintf("name the experiment after two dashes, such as: go run ./tools/dapt sweep %s -tasks 8 -- fewshot -data OxfordPets", name)
	c := &cobra.Command{
		Use:   name + " -tasks N [flags] -- EXPERIMENT [its flags]",
		Short: short,
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseInherited(c, "the experiment's flags follow --"); err != nil {
				return err
			}
			if c.ArgsLenAtDash() != 0 || len(args) == 0 {
				return errors.New(dashes)
			}
			experiment, err := experimentOf(args)
			if err != nil {
				return err
			}
			there := session.Setup{Data: experiment.Flag("data").Value.String()}
			if err := there.Find(); err != nil && (name != "kubernetes" || !there.Own()) { // pods have other files
				return fmt.Errorf("after --: %w", err)
			}
			x.job.Name = cmp.Or(x.job.Name, "dapt-"+experiment.Name())
			x.job.Command, x.job.Out, x.job.Program = args, experiment.Flag("out").Value.String(), x.program
			if name == "kubernetes" {
				x.job.Folder = x.cluster.Mount
			}
			return do(c)
		},
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %s", err, dashes) })
	c.Flags().IntVar(&x.job.Tasks, "tasks", 0, "shares that the experiment's runs are divided into")
	return c
}

func (x *jobs) resources(f *pflag.FlagSet, program []string) {
	f.StringVar(&x.job.Name, "name", "", "of the job; empty names it after the experiment, such as dapt-fewshot")
	f.IntVar(&x.job.GPUs, "gpus", 0, "GPUs of each task")
	f.IntVar(&x.job.CPUs, "cpus", 0, "CPU cores of each task; 0 leaves it to the cluster")
	f.StringVar(&x.job.Memory, "mem", "", "memory of each task, such as 16G")
	f.StringVar(&x.job.Time, "time", "", "limit of each task: minutes, 8:00:00 or 1-12 (days and hours)")
	f.StringSliceVar(&x.program, "program", program, "what runs dapt there, words apart by commas")
	f.StringVar(&x.file, "file", "", "file to write to; empty prints")
}

// experimentOf checks a command line without running it, and returns its command with its flags.
func experimentOf(args []string) (*cobra.Command, error) {
	root := newRoot()
	c, rest, err := root.Find(doubleDashes(args))
	if err != nil {
		return nil, err
	}
	if c.Flags().Lookup("share") == nil {
		return nil, fmt.Errorf("%q runs no experiment that can be divided, want one of %s", c.Name(), strings.Join(dividedCommands, ", "))
	}
	if err := c.ParseFlags(rest); err != nil {
		return nil, fmt.Errorf("after --: %w", err)
	}
	if c.Flags().Changed("share") {
		return nil, errors.New("after --: -share is what sweep gives to each task; leave it out")
	}
	if err := c.ValidateArgs(c.Flags().Args()); err != nil {
		return nil, fmt.Errorf("after --: %w", err)
	}
	return c, c.ValidateFlagGroups()
}

// write prints a manifest, or puts it into a file and says how to submit it.
func (x *jobs) write(c *cobra.Command, text string, err error, submit string) error {
	if err != nil {
		return err
	}
	if x.file == "" {
		_, err = fmt.Fprint(c.OutOrStdout(), text)
		return err
	}
	if err := session.WriteFile(x.file, []byte(text)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s\nnext:  %s %s\n", x.file, submit, tasks.Quote(x.file))
	return err
}

func (x *jobs) local(c *cobra.Command) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	x.job.Program = []string{self}
	devices := x.devices
	if devices == nil {
		devices = tasks.GPUs()
	}
	x.job.Tasks = cmp.Or(x.job.Tasks, len(devices))
	where := "one at a time on each of the devices " + strings.Join(devices, ", ")
	if len(devices) == 0 {
		x.job.Tasks = cmp.Or(x.job.Tasks, 2)
		where = fmt.Sprintf("all at once on the CPU, as there is no GPU: they share %d cores", runtime.NumCPU())
	}
	fmt.Fprintf(c.ErrOrStderr(), "%d processes, %s\n", x.job.Tasks, where)
	if err := (tasks.Local{Devices: devices, Output: c.ErrOrStderr()}).Run(c.Context(), x.job); err != nil {
		return err
	}
	return merge(c.OutOrStdout(), x.job.Out)
}
