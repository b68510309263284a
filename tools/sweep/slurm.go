package sweep

import (
	"fmt"
	"slices"
	"strings"
)

// Slurm returns a batch script for sbatch: an array with a task for each share. partition is "" for the cluster's own
// choice. A task that is put back into the queue goes on where it was. How to merge is said in the script.
//
// The options are those of sbatch(1), Slurm 22.05. The error names what Slurm or a shell would not take.
func Slurm(j Job, partition string) (string, error) {
	if err := j.Validate(); err != nil {
		return "", err
	}
	if partition != "" && !plain.MatchString(partition) {
		return "", fmt.Errorf("sweep: partition %q, want names as sinfo lists them", partition)
	}
	folder := ""
	if j.Folder != "" {
		folder = "cd -- " + Quote(j.Folder) + " && "
	}
	merge := folder + QuoteAll(slices.Concat(j.Program, []string{"merge", j.Out}))
	lines := []string{"#!/bin/bash"}
	for _, o := range j.options(partition) {
		lines = append(lines, "#SBATCH "+o)
	}
	lines = append(lines,
		"#",
		fmt.Sprintf("# %d tasks, each of which does a share of the runs. Submit this file with sbatch, and again to go on with what a", j.Tasks),
		"# time limit ended. When all tasks have ended, merge what they found, here or as a job:",
		"#",
		"#   "+merge,
		"#   sbatch --dependency=afterany:JOB --job-name="+j.Name+"-merge --wrap "+Quote(merge),
		"set -euo pipefail",
	)
	if folder != "" {
		lines = append(lines, "cd -- "+Quote(j.Folder))
	}
	lines = append(lines,
		QuoteAll(slices.Concat(j.Program, j.Command))+fmt.Sprintf(` -share "$SLURM_ARRAY_TASK_ID/%d"`, j.Tasks))
	return strings.Join(lines, "\n") + "\n", nil
}

// options are those of sbatch.
func (j Job) options(partition string) []string {
	options := []string{
		"--job-name=" + j.Name, fmt.Sprintf("--array=0-%d", j.Tasks-1), "--output=%x-%a.out", "--open-mode=append", "--requeue",
	}
	add := func(name, value string) {
		if value != "" && value != "0" {
			options = append(options, "--"+name+"="+value)
		}
	}
	add("partition", partition)
	add("gpus", fmt.Sprint(j.GPUs))
	add("cpus-per-task", fmt.Sprint(j.CPUs))
	add("mem", j.Memory)
	add("time", j.Time)
	return options
}
