package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// command runs a command line and returns what it prints.
func command(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	var out strings.Builder
	root := newRoot()
	root.SetArgs(doubleDashes(args))
	root.SetOut(&out)
	root.SetErr(io.Discard)
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestATableThatCannotBeReproducedIsAnErrorBeforeAnythingIsRead(t *testing.T) {
	root := t.TempDir()
	for want, args := range map[string][]string{
		"zero-shot, base-to-novel, few-shot, data-efficient, cross-dataset, domain-generalization": {"best"},
		"11 of 11 data sets are not ready":                   {"base-to-novel", "-root", root},
		"there is no folder " + root + "/oxford_pets":        {"few-shot", "-root", root, "-datasets", "OxfordPets"},
		"has OxfordPets, which is not in the table domain-g": {"domain-generalization", "-root", root, "-datasets", "OxfordPets"},
		"no benchmark is called":                             {"few-shot", "-root", root, "-datasets", "Pets"},
		`-settings has ["maple/few-shot"], of which the`:     {"base-to-novel", "-settings", "maple/few-shot"},
		"-seeds is 0":                        {"few-shot", "-seeds", "0"},
		"choose some of them with -datasets": {"few-shot", "-data", "OxfordPets"},
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
	names, err := command(t, "presets", "-names")
	if listed := strings.Fields(names); err != nil || len(listed) != len(slices.Compact(slices.Sorted(slices.Values(listed)))) || len(listed) != len(experiment.Settings()) {
		t.Errorf("presets -names prints %q, %v, want each once", names, err)
	}
	if _, err := experiment.FindSetting("best"); err == nil || !strings.Contains(err.Error(), "maple/few-shot") {
		t.Errorf("FindSetting(best): error is %v, want one that lists the names", err)
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
		"has its own -epochs, -masks": {"-masks", "true", "-epochs", "2"},
		"want at least 1":             {"-seeds", "0"},
		"without Targets":             {"-preset", "maple/cross-dataset"},
		`no setting is called "best"`: {"-preset", "best"},
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
