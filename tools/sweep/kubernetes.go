package sweep

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Cluster is where a Kubernetes job finds its program and keeps its results.
type Cluster struct {
	Image string // that holds Program
	Claim string // persistent volume claim that all pods can write to, mounted at Mount
	Mount string // absolute path; data and results lie below it
}

var (
	claimForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
	imageForm = regexp.MustCompile(`^[\w][-\w./:@]*$`)
)

// manifest is what we use of a Job of batch/v1. Kubernetes' own types would bring 14 modules with them; instead, tests hold
// the manifest to Kubernetes' published schema.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       jobSpec
}

type jobSpec struct {
	CompletionMode       string `yaml:"completionMode"`
	Completions          int
	Parallelism          int
	BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
	Template             struct{ Spec podSpec }
}

type podSpec struct {
	RestartPolicy         string `yaml:"restartPolicy"`
	ActiveDeadlineSeconds int64  `yaml:"activeDeadlineSeconds,omitempty"`
	Containers            []container
	Volumes               []volume
}

type container struct {
	Name         string
	Image        string
	WorkingDir   string `yaml:"workingDir,omitempty"`
	Command      []string
	Resources    resources `yaml:",omitempty"`
	VolumeMounts []mount   `yaml:"volumeMounts"`
}

type resources struct {
	Limits   map[string]string `yaml:",omitempty"`
	Requests map[string]string `yaml:",omitempty"`
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
}

type volume struct {
	Name                  string
	PersistentVolumeClaim struct {
		ClaimName string `yaml:"claimName"`
	} `yaml:"persistentVolumeClaim"`
}

// attempts is how often a pod of one index may fail; each goes on where the last was.
const attempts = 6

// Kubernetes returns the manifest of an indexed Job of batch/v1, with a pod for each share. A pod that fails or is evicted
// starts again and goes on where it was. How to merge is said at the top. The error names what Kubernetes would not take.
func Kubernetes(j Job, c Cluster) (string, error) {
	if err := j.Validate(); err != nil {
		return "", err
	}
	switch {
	case !imageForm.MatchString(c.Image):
		return "", fmt.Errorf("sweep: image %q, want one that holds %s, such as registry.example/dapt:1", c.Image, j.Program[0])
	case !claimForm.MatchString(c.Claim):
		return "", fmt.Errorf("sweep: volume claim %q, want the name of one that all pods can write to (ReadWriteMany)", c.Claim)
	case !strings.HasPrefix(c.Mount, "/") || strings.Contains(c.Mount, ":"):
		return "", fmt.Errorf("sweep: the volume is mounted at %q, want an absolute path without colons", c.Mount)
	}
	m := manifest{APIVersion: "batch/v1", Kind: "Job"}
	m.Metadata.Name = j.Name
	m.Spec = jobSpec{CompletionMode: "Indexed", Completions: j.Tasks, Parallelism: j.Tasks, BackoffLimitPerIndex: attempts}
	m.Spec.Template.Spec = j.pod(c)
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %d pods, each of which does a share of the runs. Start them with kubectl apply -f, and when all have ended,\n"+
		"# merge what they found, where the volume is mounted at %s:\n#\n#   %s\n",
		j.Tasks, c.Mount, QuoteAll(slices.Concat(j.Program, []string{"merge", j.Out})))
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(m); err != nil {
		return "", fmt.Errorf("sweep: writing the manifest: %w", err)
	}
	return text.String(), nil
}

// pod does one share.
func (j Job) pod(c Cluster) podSpec {
	deadline, _ := seconds(j.Time) // Validate has read it
	work := volume{Name: "work"}
	work.PersistentVolumeClaim.ClaimName = c.Claim
	command := slices.Concat(j.Program, j.Command)
	for i, word := range command {
		command[i] = strings.ReplaceAll(word, "$", "$$") // $(NAME) stands for a variable
	}
	box := container{
		Name: "dapt", Image: c.Image, WorkingDir: j.Folder, Resources: j.resources(), VolumeMounts: []mount{{"work", c.Mount}},
		Command: append(command, "-share", fmt.Sprintf("$(JOB_COMPLETION_INDEX)/%d", j.Tasks)),
	}
	return podSpec{RestartPolicy: "Never", ActiveDeadlineSeconds: deadline, Containers: []container{box}, Volumes: []volume{work}}
}

func (j Job) resources() resources {
	r := resources{map[string]string{}, map[string]string{}}
	if j.GPUs > 0 {
		r.Limits["nvidia.com/gpu"] = fmt.Sprint(j.GPUs) // requests follow
	}
	if j.CPUs > 0 {
		r.Requests["cpu"] = fmt.Sprint(j.CPUs)
	}
	if j.Memory != "" {
		r.Limits["memory"], r.Requests["memory"] = j.Memory, j.Memory
	}
	return r
}
