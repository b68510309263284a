package experiment

import (
	"runtime/debug"
	"testing"
)

func TestANotebookNamesTheVersionThatItImports(t *testing.T) {
	other := &debug.Module{Path: "example.com/other", Version: "v9.0.0"}
	for _, c := range []struct {
		name   string
		module debug.Module
		want   string
	}{
		{"a clone, as programs in it do", debug.Module{Path: module, Version: "v0.0.0", Replace: &debug.Module{Path: "/clone"}}, "(devel)"},
		{"a release", debug.Module{Path: module, Version: "v1.2.3"}, "v1.2.3"},
		{"a fork's release", debug.Module{Path: module, Version: "v1.2.3", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.2.4"}}, "v1.2.4"},
	} {
		if got := imported([]*debug.Module{other, &c.module}); got != c.want {
			t.Errorf("imported(%s) = %q, want %q", c.name, got, c.want)
		}
	}
	if got := imported([]*debug.Module{other}); got != "unknown" {
		t.Errorf("imported without this module = %q, want unknown", got)
	}
}
