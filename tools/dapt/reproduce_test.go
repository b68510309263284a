package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
	"github.com/dapt-go/dapt-go/tools/session"
)

func TestATableThatCannotBeReproducedIsAnErrorBeforeAnythingIsRead(t *testing.T) {
	root := t.TempDir()
	for want, args := range map[string][]string{
		"zero-shot, base-to-novel, few-shot, linear-probe, data-efficient, cross-dataset, domain-generalization": {"best"},
		"11 of 11 data sets are not ready":                   {"base-to-novel", "-root", root},
		"there is no folder " + root + "/oxford_pets":        {"few-shot", "-root", root, "-datasets", "OxfordPets"},
		"has OxfordPets, which is not in the table domain-g": {"domain-generalization", "-root", root, "-datasets", "OxfordPets"},
		"no benchmark is called":                             {"few-shot", "-root", root, "-datasets", "Pets"},
		`-settings has ["maple/few-shot"], of which the`:     {"base-to-novel", "-settings", "maple/few-shot"},
		"of which the table linear-probe has 0":              {"linear-probe", "-settings", "maple/few-shot"},
		"-seeds is 0":                                        {"few-shot", "-seeds", "0"},
		"choose some of them with -datasets":                 {"few-shot", "-data", "OxfordPets"},
	} {
		if _, err := command(t, append([]string{"reproduce"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reproduce %q: error is %v, want one with %q", args, err, want)
		}
	}
}

func TestPresetsSayWhatTheyTarget(t *testing.T) {
	printed, err := command(t, "presets")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range experiment.Settings() {
		for _, want := range []string{s.Name() + "\n", "target: " + s.Target} {
			if !strings.Contains(printed, want) {
				t.Errorf("presets do not print %q", want)
			}
		}
		if found, err := experiment.FindSetting(s.Name()); err != nil || found.Name() != s.Name() {
			t.Errorf("FindSetting(%q) = %q, %v", s.Name(), found.Name(), err)
		}
	}
	if _, transfer, found := strings.Cut(printed, "mmrl/cross-dataset\n"); !found || !strings.HasPrefix(transfer, "  shots 16: 1 epochs, batch 32, rate 0.001, AdamW") {
		t.Error("presets tell of a warm-up, or not of the optimizer, before MMRL's transfer")
	}
	if !strings.Contains(printed, "  shots all, without labels (the teacher: 16): 20 epochs, batch 8") {
		t.Error("presets do not tell which images PromptKD sees")
	}
	names, err := command(t, "presets", "-names")
	if listed := strings.Fields(names); err != nil || len(listed) != len(slices.Compact(slices.Sorted(slices.Values(listed)))) || len(listed) != len(experiment.Settings()) {
		t.Errorf("presets -names prints %q, %v, want each once", names, err)
	}
	if _, err := experiment.FindSetting("best"); err == nil || !strings.Contains(err.Error(), "maple/few-shot") {
		t.Errorf("FindSetting(best): error is %v, want one that lists the names", err)
	}
}

// TestATableIsOfDAPTsOwnRowsUnlessOthersAreNamed: those of zero-shot CLIP, MaPLe, and DAPT over it.
func TestATableIsOfDAPTsOwnRowsUnlessOthersAreNamed(t *testing.T) {
	for _, c := range []struct{ named, want []string }{
		{nil, []string{"zero-shot/cross-dataset", "maple/cross-dataset", "maple+dapt-s/cross-dataset", "maple+dapt-g/cross-dataset"}},
		{[]string{"coop+dapt-s/cross-dataset", "maple/cross-dataset/depth-3"}, []string{"maple/cross-dataset/depth-3", "coop+dapt-s/cross-dataset"}},
	} {
		x := reproduction{table: "cross-dataset", settings: c.named}
		_, settings, err := x.chosen()
		var got []string
		for _, s := range settings {
			got = append(got, s.Name())
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("with -settings %q: %q, %v, want %q", c.named, got, err, c.want)
		}
	}
}

func TestATargetThatIsNotKnownIsAnError(t *testing.T) {
	if _, err := command(t, "crossdata"); err == nil || !strings.Contains(err.Error(), "the targets of Mini are not known") {
		t.Errorf("crossdata without targets: error is %v", err)
	}
	if _, err := command(t, "domaingen", "-targets", "Pets"); err == nil || !strings.Contains(err.Error(), `"Pets"`) {
		t.Errorf("domaingen -targets Pets: error is %v", err)
	}
}

func TestAPresetStandsAlone(t *testing.T) {
	for want, args := range map[string][]string{
		"has its own -epochs, -masks: leave": {"-masks", "true", "-epochs", "2", "-share", "0/2"},
		"want at least 1":                    {"-seeds", "0"},
		"tests on other data sets":           {"-preset", "maple/cross-dataset"},
		`no setting is called "best"`:        {"-preset", "best"},
	} {
		args = append([]string{"train", "-preset", "maple/few-shot"}, args...)
		if _, err := command(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}

func TestEstimatesAreRounded(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90*time.Second + 300*time.Millisecond:    "1m30s",
		20*time.Minute + 40*time.Second:          "21m0s",
		49*time.Hour + 26*time.Minute:            "49h30m0s",
		time.Hour + 59*time.Minute + time.Second: "1h59m0s",
		0:                                        "0s",
	} {
		if got := about(d).String(); got != want {
			t.Errorf("about(%s) = %s, want %s", d, got, want)
		}
	}
}

// miniatures draws small data sets of the published layouts, and returns their root.
func miniatures(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		spec, err := dataset.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		files, err := layout.Draw(spec, layout.Options{Images: 2})
		if err != nil {
			t.Fatal(err)
		}
		for path, data := range files {
			if err := session.WriteFile(filepath.Join(root, spec.Folder, filepath.FromSlash(path)), data.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestTheFirstGateIsOneCommand(t *testing.T) {
	names := specNames(dataset.Eleven())
	printed, err := command(t, "reproduce", "zero-shot", "-clip", "mini", "-root", miniatures(t, names...), "-out", t.TempDir(), "-no-estimate")
	if err != nil {
		t.Fatal(err)
	}
	_, beside, _ := strings.Cut(printed, "Base-to-novel, beside published numbers")
	for _, name := range append(names, "average   ") {
		if !strings.Contains(beside, "\n"+name) {
			t.Errorf("%s, want a line of %s", beside, name)
		}
	}
	for _, want := range []string{"69.34", "74.22", "71.70", "than the published: ImageNet 6 for 1000, "} {
		if !strings.Contains(beside, want) {
			t.Errorf("%s, want %s in it", beside, want)
		}
	}
}

func TestATableIsPlannedThenRunThenNotRunAgain(t *testing.T) {
	root, out := miniatures(t, "ImageNet", "ImageNetA", "EuroSAT"), t.TempDir()
	for _, table := range []struct {
		args []string
		want string // in what is printed
	}{
		{[]string{"domain-generalization", "-datasets", "ImageNetA", "-settings", "maple/domain-generalization"}, "ImageNetA"},
		{[]string{"linear-probe", "-datasets", "ImageNet", "-no-estimate"}, "linear-probe"},
		{[]string{"base-to-novel", "-datasets", "EuroSAT", "-settings", "maple/base-to-novel"}, "EuroSAT"},
	} {
		args := append([]string{"reproduce"}, table.args...)
		args = append(args, "-clip", "mini", "-root", root, "-out", out, "-seeds", "1")
		if printed, err := command(t, append(args, "-plan")...); err != nil || printed != "" {
			t.Errorf("%q -plan prints %q, %v", args, printed, err)
		}
		first, err := command(t, append(args, "-no-estimate")...)
		if err != nil || !strings.Contains(first, table.want) || !strings.Contains(strings.ToLower(first), "published") {
			t.Fatalf("%q prints %q, %v, want %s beside published numbers", args, first, err, table.want)
		}
		before, err := os.ReadFile(filepath.Join(out, "results.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		second, err := command(t, args...)
		after, _ := os.ReadFile(filepath.Join(out, "results.jsonl")) // it was read before
		if err != nil || second != first || string(after) != string(before) {
			t.Errorf("%q prints %q the second time, %v, want %q", args, second, err, first)
		}
	}
}
