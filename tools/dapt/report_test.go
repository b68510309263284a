package main

import (
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/tools/session"
)

func TestTheNextCommandIsOnTheSameData(t *testing.T) {
	s := session.Setup{CLIP: "mini", Data: "mini", Root: "data", Out: "dapt-results"}
	if got := again(&s, "next"); got != "next" {
		t.Errorf("again = %q, want no flag of what is unset", got)
	}
	s.Data, s.Out = "./photos", "mine"
	if got := again(&s, "next"); got != "next -data ./photos -out mine" {
		t.Errorf("again = %q, want the data and the folder", got)
	}
}

func TestPredictingSaysWhatIsMissing(t *testing.T) {
	for want, args := range map[string][]string{
		"none.safetensors": {"predict", "none.safetensors", t.TempDir()},
		"-top is 0":        {"predict", "-top", "0", "none.safetensors", t.TempDir()},
	} {
		root := newRoot()
		root.SetArgs(doubleDashes(args))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}
