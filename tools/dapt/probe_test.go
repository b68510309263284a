package main

import (
	"strings"
	"testing"
)

func TestProbingSaysWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"-seeds is 0":          {"probe", "-seeds", "0"},
		"there is no folder":   {"probe", "-data", "OxfordPets", "-root", t.TempDir()},
		"bfloat16 or float16":  {"probe", "-dtype", "float8"},
		`invalid argument "x"`: {"probe", "-shots", "x"},
	} {
		if _, err := execute(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}

func TestProbesHelpTellsOfTheBackbones(t *testing.T) {
	text, err := execute(t, "probe", "-h")
	for _, want := range []string{"ResNet-50", "ViT-B/16", "-data OxfordPets"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("help is %q, %v, want %q in it", text, err, want)
		}
	}
}
