package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v3"
)

// hard are words that shells, YAML and Kubernetes read as something else unless they are quoted.
var hard = []string{
	"", "a b", "it's", `"`, "$HOME", "$(HOME)", "$$(HOME)", "`id`", `\`, "~", "-", "yes", "null", "1e3", "0x10", "- a", "a: b", "#", "{a}", "*", "!", "é", "a;b", "&",
	"2026-01-01", "$", "$$", "%x", "|", "@", "a\\'b",
}

func job() Job {
	return Job{
		Name: "dapt-fewshot", Program: []string{"dapt"}, Command: append([]string{"fewshot"}, hard...), Out: "my results", Folder: "/work/it's here",
		Tasks: 8, GPUs: 1, CPUs: 4, Memory: "16G", Time: "1-12",
	}
}

var cluster = Cluster{Image: "registry.example:5000/dapt:1", Claim: "work", Mount: "/work"}

func TestManifestsFitKubernetesPublishedSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/job.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Kubernetes(job(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	least, err := Kubernetes(Job{Name: "a", Program: []string{"dapt"}, Command: []string{"fewshot"}, Tasks: 1}, cluster)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		valid bool
	}{
		"all fields":        {whole, true},
		"no options":        {least, true},
		"a misspelt field":  {strings.Replace(whole, "completionMode", "completionmode", 1), false},
		"a number as text":  {strings.Replace(whole, "completions: 8", `completions: "8"`, 1), false},
		"text as a number":  {strings.Replace(whole, "- dapt", "- 3", 1), false},
		"a missing field":   {strings.Replace(whole, "mountPath: /work", "readOnly: true", 1), false},
		"an unknown policy": {strings.Replace(whole, "kind: Job", "kind: Pod", 1), false},
	} {
		var value any
		if err := yaml.Unmarshal([]byte(c.text), &value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := resolved.Validate(value); (err == nil) != c.valid {
			t.Errorf("%s: validating = %v, want valid %v of\n%s", name, err, c.valid, c.text)
		}
	}
}

func TestKubernetesGivesEachPodItsArguments(t *testing.T) {
	text, err := Kubernetes(job(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	box := m.Spec.Template.Spec.Containers[0]
	var got []string
	for _, word := range box.Command {
		got = append(got, expand(word, "5"))
	}
	if want := slices.Concat([]string{"dapt", "fewshot"}, hard, []string{"-share", "5/8"}); !slices.Equal(got, want) {
		t.Errorf("pod 5 runs %q, want %q", got, want)
	}
	if box.WorkingDir != "/work/it's here" || m.Spec.Template.Spec.ActiveDeadlineSeconds != 36*60*60 || box.Resources.Limits["nvidia.com/gpu"] != "1" {
		t.Errorf("pod is %+v, want the folder, 36 hours and a GPU", m.Spec.Template.Spec)
	}
}

// reference is what a kubelet reads in a command: two dollars for one, or a variable.
var reference = regexp.MustCompile(`\$\$|\$\(JOB_COMPLETION_INDEX\)`)

// expand writes a word of a command as a kubelet does.
func expand(word, index string) string {
	return reference.ReplaceAllStringFunc(word, func(found string) string {
		if found == "$$" {
			return "$"
		}
		return index
	})
}

func TestSlurmScriptsHaveOptionsOfSbatchOnly(t *testing.T) {
	script, err := Slurm(job(), "gpu,long")
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile("testdata/sbatch.txt")
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]*regexp.Regexp{
		"<jobname>": regexp.MustCompile(`^[-\w]+$`), "<indexes>": regexp.MustCompile(`^\d+-\d+$`), "<filename_pattern>": regexp.MustCompile(`^[-%\w.]+$`),
		"{append|truncate}": regexp.MustCompile(`^(append|truncate)$`), "<partition_names>": regexp.MustCompile(`^[-\w,]+$`),
		"[type:]<number>": regexp.MustCompile(`^\d+$`), "<ncpus>": regexp.MustCompile(`^\d+$`), "<size>[units]": regexp.MustCompile(`^\d+[KMGT]?$`),
		"<time>": regexp.MustCompile(`^(\d+|\d+:\d+(:\d+)?|\d+-\d+(:\d+(:\d+)?)?)$`), "": regexp.MustCompile(`^$`),
	}
	options := 0
	for line := range strings.Lines(script) {
		option, ok := strings.CutPrefix(strings.TrimSpace(line), "#SBATCH ")
		if !ok {
			continue
		}
		options++
		name, value, _ := strings.Cut(option, "=")
		heading := regexp.MustCompile(`(?m)^(?:-\w, )?` + regexp.QuoteMeta(name) + `(?:=(.*))?$`).FindSubmatch(known)
		if heading == nil {
			t.Errorf("sbatch has no option %s", name)
			continue
		}
		if form := forms[string(heading[1])]; form == nil || !form.MatchString(value) {
			t.Errorf("%s is %q, want a value like %s", name, value, heading[1])
		}
	}
	if options != 10 {
		t.Errorf("%d options in\n%s\nwant 10", options, script)
	}
}

func TestSlurmScriptsAreBash(t *testing.T) {
	bash := find(t, "bash")
	folder := filepath.Join(t.TempDir(), "it's here")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	j := job()
	j.Folder, j.Program = folder, []string{"printf", "%s\\0"}
	script, err := Slurm(j, "")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bash)
	c.Stdin, c.Env = strings.NewReader(script), append(os.Environ(), "SLURM_ARRAY_TASK_ID=5")
	printed, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	got := strings.Split(strings.TrimSuffix(string(printed), "\x00"), "\x00")
	if want := slices.Concat([]string{"fewshot"}, hard, []string{"-share", "5/8"}); !slices.Equal(got, want) {
		t.Errorf("task 5 runs with %q, want %q", got, want)
	}
	merge := regexp.MustCompile(`(?m)^#   (cd .*)$`).FindStringSubmatch(script)
	if merge == nil {
		t.Fatalf("no command that merges in\n%s", script)
	}
	printed, err = exec.Command(bash, "-c", merge[1]).CombinedOutput()
	if want := "merge\x00my results\x00"; err != nil || string(printed) != want {
		t.Errorf("the command that merges runs with %q, %v, want %q", printed, err, want)
	}
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("the rest needs shellcheck")
	}
	c = exec.Command(shellcheck, "-S", "warning", "-") // it would inform of dollars in single quotes, which are there on purpose
	c.Stdin = strings.NewReader(script)
	if printed, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, printed)
	}
}

// find returns a program's path.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("needs " + name)
	}
	return path
}

func TestJobsThatNoClusterTakesAreErrors(t *testing.T) {
	for want, change := range map[string]func(j *Job, c *Cluster, partition *string){
		"called \"Few Shot\"":                          func(j *Job, _ *Cluster, _ *string) { j.Name = "Few Shot" },
		"1001 tasks, want at least 1 and at most 1000": func(j *Job, _ *Cluster, _ *string) { j.Tasks = 1001 },
		"0 tasks":                      func(j *Job, _ *Cluster, _ *string) { j.Tasks = 0 },
		"-1 GPUs":                      func(j *Job, _ *Cluster, _ *string) { j.GPUs = -1 },
		"-2 CPUs":                      func(j *Job, _ *Cluster, _ *string) { j.CPUs = -2 },
		"memory \"16\"":                func(j *Job, _ *Cluster, _ *string) { j.Memory = "16" },
		"memory \"1G\\n#SBATCH -x\"":   func(j *Job, _ *Cluster, _ *string) { j.Memory = "1G\n#SBATCH -x" },
		"time \"8h\"":                  func(j *Job, _ *Cluster, _ *string) { j.Time = "8h" },
		`argument "a\nb"`:              func(j *Job, _ *Cluster, _ *string) { j.Command = []string{"a\nb"} },
		`argument "/a\x00"`:            func(j *Job, _ *Cluster, _ *string) { j.Folder = "/a\x00" },
		"partition \"a b\"":            func(_ *Job, _ *Cluster, p *string) { *p = "a b" },
		"image \"\"":                   func(_ *Job, c *Cluster, _ *string) { c.Image = "" },
		"volume claim \"Work\"":        func(_ *Job, c *Cluster, _ *string) { c.Claim = "Work" },
		"mounted at \"work\", want an": func(_ *Job, c *Cluster, _ *string) { c.Mount = "work" },
	} {
		j, c, partition := job(), cluster, ""
		change(&j, &c, &partition)
		_, slurm := Slurm(j, partition)
		_, kubernetes := Kubernetes(j, c)
		if err := errors.Join(slurm, kubernetes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

func TestTimesAreThoseOfSlurm(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "90": 5400, "90:30": 5430, "8:00:00": 28800, "1-12": 129600, "1-12:30": 131400, "0-0:0:5": 5} {
		if got, err := seconds(text); err != nil || got != want {
			t.Errorf("seconds(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

// script writes a program for [Local] to run.
func script(t *testing.T, body string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{find(t, "bash"), path}
}

func TestLocalGivesEachProcessAShareAndADevice(t *testing.T) {
	var out bytes.Buffer
	j := Job{Name: "a", Tasks: 3, Program: script(t, `echo "$CUDA_VISIBLE_DEVICES $*"; printf end >&2; [ "$3" != 1/3 ]`), Command: []string{"fewshot"}}
	err := Local{Devices: []string{"7"}, Output: &out}.Run(context.Background(), j)
	want := "[0/3] 7 fewshot -share 0/3\n[0/3] end\n[1/3] 7 fewshot -share 1/3\n[1/3] end\n[2/3] 7 fewshot -share 2/3\n[2/3] end\n"
	if out.String() != want {
		t.Errorf("output is %q, want %q", out.String(), want)
	}
	if err == nil || !strings.Contains(err.Error(), "share 1/3: exit status 1") || strings.Contains(err.Error(), "share 0/3") {
		t.Errorf("error is %v, want one that names share 1/3 only", err)
	}
}

func TestLocalWithoutDevicesRunsAllShares(t *testing.T) {
	for _, devices := range [][]string{nil, {}} {
		var out bytes.Buffer
		j := Job{Name: "a", Tasks: 2, Program: script(t, `echo "$*"`), Command: []string{"fewshot"}}
		if err := (Local{Devices: devices, Output: &out}).Run(context.Background(), j); err != nil || strings.Count(out.String(), "fewshot -share") != 2 {
			t.Errorf("with devices %#v: %v, output is %q, want two shares", devices, err, out.String())
		}
	}
}

func TestLocalStopsAllProcesses(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	out := &watch{stop: stop, after: "ready"}
	program := script(t, `trap 'echo stopping; kill $!; exit 3' INT; sleep 60 & echo ready; wait`)
	start := time.Now()
	err := Local{Output: out}.Run(ctx, Job{Name: "a", Tasks: 1, Program: program})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "goes on from there") {
		t.Errorf("Run = %v, want that it was canceled and goes on", err)
	}
	if !strings.Contains(out.String(), "[0/1] stopping") || time.Since(start) > 20*time.Second {
		t.Errorf("after %v the output is %q, want that the process was told", time.Since(start), out.String())
	}
}

// watch is output that stops a run at a word.
type watch struct {
	bytes.Buffer
	stop  func()
	after string
}

func (w *watch) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(w.after)) {
		w.stop()
	}
	return w.Buffer.Write(text)
}
