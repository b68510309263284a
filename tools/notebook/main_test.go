package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestFlagsOfJupyterLabFollowTwoDashes(t *testing.T) {
	o, err := parse([]string{"-port", "9000", "03_base_to_novel", "--", "--debug", "--", "-x"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.port != 9000 || !slices.Equal(o.names, []string{"03_base_to_novel"}) || !slices.Equal(o.jupyter, []string{"--debug", "--", "-x"}) {
		t.Errorf("parse = %+v", o)
	}
}

func TestArgumentsThatDoNotGoTogetherAreErrors(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-nonsense", "not defined"},
		{"a b", "JupyterLab opens one"},
		{"a -no-browser", "put flags first"},
		{"-execute out a -small", "put flags first"},
		{"-execute out -- --debug", "starts no JupyterLab"},
		{"-check a", "only says what is here"},
		{"-check -execute out", "only says what is here"},
	} {
		_, err := parse(strings.Fields(test.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("parse(%s) = %v, want an error with %q", test.args, err, test.want)
		}
	}
}
