// Package sweep divides one experiment among the tasks of a Slurm array, the pods of a Kubernetes job, or the devices of this
// machine. Each task does one share of the runs; see [experiment.Share].
package sweep

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Job is an experiment and what each of its tasks needs.
type Job struct {
	Name    string   // of the job, lower case letters, digits and dashes
	Program []string // what runs the command line tool, such as "go", "run", "./tools/dapt"
	Command []string // its arguments, such as "fewshot", "-data", "OxfordPets", without a share
	Out     string   // folder of the results, as Command names it
	Folder  string   // that the program runs in; "" is where the job was submitted, or the image's own
	Tasks   int      // shares
	GPUs    int      // of each task; 0 asks for none
	CPUs    int      // of each task; 0 leaves it to the cluster
	Memory  string   // of each task, such as "16G"; "" leaves it to the cluster
	Time    string   // limit of each task, as Slurm writes it: minutes, 8:00:00, 1-12; "" leaves it to the cluster
}

// mostTasks are those of an array of Slurm as it comes, whose MaxArraySize is 1001.
const mostTasks = 1000

var (
	nameForm   = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$`)
	memoryForm = regexp.MustCompile(`^[1-9][0-9]*[MGT]$`)
	timeForm   = regexp.MustCompile(`^(?:(\d+)-(\d+)(?::(\d+)(?::(\d+))?)?|(\d+)(?::(\d+)(?::(\d+))?)?)$`)
)

// Validate finds what no cluster would take.
func (j Job) Validate() error {
	switch {
	case !nameForm.MatchString(j.Name):
		return fmt.Errorf("sweep: the job is called %q, want a lower case letter, then up to 41 letters, digits and dashes", j.Name)
	case j.Tasks < 1 || j.Tasks > mostTasks:
		return fmt.Errorf("sweep: %d tasks, want at least 1 and at most %d", j.Tasks, mostTasks)
	case j.GPUs < 0 || j.CPUs < 0:
		return fmt.Errorf("sweep: %d GPUs and %d CPUs, want at least 0", j.GPUs, j.CPUs)
	case j.Memory != "" && !memoryForm.MatchString(j.Memory):
		return fmt.Errorf("sweep: memory %q, want a number and M, G or T, such as 16G", j.Memory)
	}
	for _, text := range slices.Concat([]string{j.Folder, j.Out}, j.Program, j.Command) {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("sweep: argument %q has a line end or another control character, which scripts cannot hold", text)
		}
	}
	_, err := seconds(j.Time)
	return err
}

// seconds reads a limit of time in one of Slurm's forms; 0 for "".
func seconds(limit string) (int64, error) {
	if limit == "" {
		return 0, nil
	}
	m := timeForm.FindStringSubmatch(limit)
	if m == nil {
		return 0, fmt.Errorf("sweep: time %q, want minutes, hours:minutes:seconds or days-hours, such as 90, 8:00:00 or 1-12", limit)
	}
	var n [8]int64
	for i, text := range m {
		n[i], _ = strconv.ParseInt(text, 10, 32) // "" is 0
	}
	switch {
	case m[1] != "":
		return ((n[1]*24+n[2])*60+n[3])*60 + n[4], nil
	case m[7] != "":
		return (n[5]*60+n[6])*60 + n[7], nil
	}
	return n[5]*60 + n[6], nil
}

// plain are words that no shell reads as anything else.
var plain = regexp.MustCompile(`^[-\w./:=,@%+]+$`)

// Quote writes a word for a POSIX shell.
func Quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// QuoteAll writes a command for a POSIX shell.
func QuoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}
