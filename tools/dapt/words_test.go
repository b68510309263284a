package main

import (
	"strings"
	"testing"
)

func TestWordsSayWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"none.safetensors":       {"words", "none.safetensors"},
		"-top is 0":              {"words", "none.safetensors", "-top", "0"},
		`-format is "xml", want`: {"words", "none.safetensors", "-format", "xml"},
		"want words PROMPTS":     {"words"},
	} {
		if _, err := execute(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}
