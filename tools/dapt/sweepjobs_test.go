package main

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/session"
)

// asProgram is the environment variable that makes this test the command line tool.
const asProgram = "DAPT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// photos writes a folder with 4 small images of each of two classes, and returns it.
func photos(t *testing.T, folder string) string {
	t.Helper()
	for label, class := range []string{"cat", "lake"} {
		for i := range 4 {
			img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
			for p := range 64 {
				img.SetNRGBA(p%8, p/8, color.NRGBA{uint8(p * i), uint8(255 * label), uint8(4 * p), 255})
			}
			if err := session.WritePicture(filepath.Join(folder, class, fmt.Sprintf("%d.png", i)), img); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// tiny writes a CLIP with random weights to a file, and returns that.
func tiny(t *testing.T, folder string) string {
	t.Helper()
	tower := clip.Tower{Width: 64, Layers: 2, Heads: 1}
	config := clip.Config{Side: 16, Patch: 8, Embed: 32, Context: 77, Vocabulary: clip.NewTokenizer().Vocabulary(), Vision: tower, Text: tower}
	path := filepath.Join(folder, "tiny.safetensors")
	if err := clip.Random(config, transform.Stream(1, "test")).WriteFile(path, true, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// program runs a process and returns what it prints.
func program(t *testing.T, stdin string, words ...string) string {
	t.Helper()
	c := exec.Command(words[0], words[1:]...)
	c.Stdin = strings.NewReader(stdin)
	printed, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", words, err, printed)
	}
	return string(printed)
}

// kubernetes are the commands of a manifest's pods, as a kubelet starts them.
func kubernetes(t *testing.T, manifest string, pods int) [][]string {
	t.Helper()
	var job struct {
		Spec struct {
			Template struct {
				Spec struct{ Containers []struct{ Command []string } }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(manifest), &job); err != nil {
		t.Fatal(err)
	}
	var commands [][]string
	for i := range pods {
		var words []string
		for _, word := range job.Spec.Template.Spec.Containers[0].Command {
			words = append(words, strings.NewReplacer("$$", "$", "$(JOB_COMPLETION_INDEX)", fmt.Sprint(i)).Replace(word))
		}
		commands = append(commands, words)
	}
	return commands
}

// TestEverySweepFindsWhatOneProcessFinds runs every task of every manifest here, and merges.
func TestEverySweepFindsWhatOneProcessFinds(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	t.Setenv(asProgram, "1")
	if os.Getenv("GOMLX_BACKEND") == "" {
		t.Setenv("GOMLX_BACKEND", "go")
	}
	folder := t.TempDir()
	data, weights := photos(t, filepath.Join(folder, "it's $(HOME)")), tiny(t, folder)
	experiment := func(out string) []string {
		return []string{"train", "-data", data, "-clip", weights, "-depth", "2", "-shots", "1", "-epochs", "1", "-batch", "2", "-out", out}
	}
	sweep := func(out string, args ...string) string {
		args = append(append([]string{"sweep"}, args...), "-tasks", "2")
		if args[1] != "local" {
			args = append(args, "-program", os.Args[0])
		}
		printed, err := command(t, append(append(args, "--"), experiment(out)...)...)
		if err != nil {
			t.Fatal(err)
		}
		return printed
	}
	whole := filepath.Join(folder, "whole")
	program(t, "", append([]string{os.Args[0]}, experiment(whole)...)...)
	want := readFile(t, whole, "results.jsonl")
	for name, run := range map[string]func(out string){
		"slurm": func(out string) {
			script := sweep(out, "slurm")
			for i := range 2 {
				printed := program(t, fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d\n", i)+script, bash)
				if want := regexp.MustCompile(fmt.Sprintf(`did [12] of 3 runs \(share %d of 2\)`, i)); !want.MatchString(printed) {
					t.Errorf("task %d prints %q, want %q in it", i, printed, want)
				}
			}
		},
		"kubernetes": func(out string) {
			for _, words := range kubernetes(t, sweep(out, "kubernetes", "-image", "dapt", "-pvc", "work"), 2) {
				program(t, "", words...)
			}
		},
		"local": func(out string) { sweepsHere(t, experiment(out)) },
	} {
		out := filepath.Join(folder, name)
		run(out)
		printed, err := command(t, "merge", out)
		if err != nil || !strings.HasPrefix(printed, "merged 3 results of 3 folders into "+filepath.Join(out, "results.jsonl")) {
			t.Errorf("%s: merge prints %q, %v", name, printed, err)
		}
		if got := readFile(t, out, "results.jsonl"); got != want {
			t.Errorf("%s: the results are\n%s\nwant\n%s", name, got, want)
		}
	}
	staysDone(t, filepath.Join(folder, "local"), experiment(filepath.Join(folder, "local")))
	evaluates(t, filepath.Join(folder, "slurm"), data, weights)
}

// sweepsHere does two shares on this machine.
func sweepsHere(t *testing.T, experiment []string) {
	t.Helper()
	printed, err := execute(t, append([]string{"sweep", "local", "-tasks", "2", "--"}, experiment...)...)
	if err != nil || strings.Count(printed, "did ") != 2 || strings.Contains(printed, "dapt merge") {
		t.Errorf("sweep local prints %q, %v, want two shares and no advice to merge", printed, err)
	}
}

// staysDone checks that a share of another count does nothing of what was merged.
func staysDone(t *testing.T, out string, experiment []string) {
	t.Helper()
	program(t, "", append(append([]string{os.Args[0]}, experiment...), "-share", "0/1")...)
	if again, err := filepath.Glob(filepath.Join(out, "share-0-of-1", "results.jsonl")); err != nil || len(again) > 0 {
		t.Errorf("what was merged is computed again into %q, %v", again, err)
	}
}

// evaluates tests the prompts of a merged run.
func evaluates(t *testing.T, out, data, weights string) {
	t.Helper()
	prompts, err := filepath.Glob(filepath.Join(out, "runs", "few_shot", "*", "maple", "shots_1", "seed1-*", "prompts.safetensors"))
	if err != nil || len(prompts) != 1 {
		t.Fatalf("prompts of seed 1 are %q, %v, want one file", prompts, err)
	}
	if printed, err := command(t, "eval", prompts[0], "-data", data, "-clip", weights); err != nil || !strings.Contains(printed, "accuracy") {
		t.Errorf("eval prints %q, %v", printed, err)
	}
}

func readFile(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMergeSaysHowToDoWhatIsMissing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "my results")
	plan := `{"command":["fewshot","-out=` + out + `"],"shares":2,"runs":[{"run":"a","share":0},{"run":"b","share":1}]}` + "\n"
	if err := session.WriteFile(filepath.Join(out, "share-0-of-2", "plan.jsonl"), []byte(plan)); err != nil {
		t.Fatal(err)
	}
	printed, err := command(t, "merge", out)
	for _, want := range []string{
		"missing of share 0 of 2: 1; do them with: go run ./tools/dapt fewshot '-out=" + out + "' -share 0/2\n  a\n", "-share 1/2\n  b\n",
		"next:    go run ./tools/dapt merge '" + out + "', once they are done\n",
	} {
		if err != nil || !strings.Contains(printed, want) {
			t.Errorf("merge prints %q, %v, want %q in it", printed, err, want)
		}
	}
}

func TestWrongSweepsAreErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"sweep slurm -tasks 8", "name the experiment after two dashes"},
		{"sweep slurm -tasks 8 fewshot", "name the experiment after two dashes"},
		{"sweep local -tasks 2 fewshot -shots 1", "unknown flag: --shots: name the experiment after two dashes"},
		{"sweep cloud -tasks 2", "unknown flag: --tasks: want sweep slurm, sweep kubernetes or sweep local"},
		{"sweep cloud", `there is no sweep "cloud": want sweep slurm`},
		{"sweep slurm -tasks 2 -- fewshot -data EuroSATT", `after --: dataset: no benchmark is called "EuroSATT"`},
		{"sweep kubernetes -tasks 2 -image a -pvc b -- fewshot -data EuroSATT", `no benchmark is called "EuroSATT"`},
		{"sweep local -tasks 2 -- fewshot -data ./none", `the data are "./none", but there is no`},
		{"sweep slurm -tasks 8 --", "name the experiment after two dashes"},
		{"sweep slurm -- fewshot", "0 tasks, want at least 1"},
		{"sweep slurm -tasks 8 -- report", `"report" runs no experiment that can be divided, want one of quickstart, fewshot, dataeff, basetonovel`},
		{"sweep slurm -tasks 8 -- sweep slurm", `"slurm" runs no experiment`},
		{"sweep slurm -tasks 8 -- none", "unknown command"},
		{"sweep slurm -tasks 8 -- fewshot -share 1/8", "leave it out"},
		{"sweep slurm -tasks 8 -- fewshot -epoch 1", "unknown flag"},
		{"sweep slurm -tasks 8 -- fewshot OxfordPets", "after --"},
		{"sweep slurm -tasks 8 -- dataeff -full -seeds 2", "none of the others can be"},
		{"sweep slurm -tasks 8 -data OxfordPets -- fewshot", "-data is of no use here"},
		{"sweep kubernetes -tasks 8 -pvc work -- fewshot", `image ""`},
		{"sweep local -tasks -1 -- fewshot", "-1 tasks"},
		{"merge a -out b", "-out is of no use here"},
		{"fewshot -share 8/8", "want an index from 0 to 7"},
		{"report -share 1/8", "unknown flag"},
	} {
		if _, err := command(t, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.args, err, c.want)
		}
	}
}

func TestSweepsAreWrittenToFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sweep.yaml")
	printed, err := command(t, "sweep", "kubernetes", "-tasks", "2", "-image", "dapt", "-pvc", "work", "-file", path, "--", "quickstart")
	if want := "wrote " + path + "\nnext:  kubectl apply -f " + path + "\n"; err != nil || printed != want {
		t.Errorf("sweep prints %q, %v, want %q", printed, err, want)
	}
	if text := readFile(t, filepath.Dir(path), "sweep.yaml"); !strings.Contains(text, "completions: 2") {
		t.Errorf("the file is %s", text)
	}
}

func TestTheCommandIsKeptAsItWasTyped(t *testing.T) {
	for line, want := range map[string]string{
		"fewshot -shots 1,2 -share 1/8 -methods maple,zero-shot -rate 0.01 -data ./a": "fewshot -data=./a -methods=maple,zero-shot -rate=0.01 -shots=1,2",
		"reproduce -seeds 1 few-shot -share 1/8":                                      "reproduce few-shot -seeds=1",
	} {
		c, rest, err := newRoot().Find(doubleDashes(strings.Fields(line)))
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(typed(c), " "); got != want {
			t.Errorf("typed = %s, want %s", got, want)
		}
	}
}
