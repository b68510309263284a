package main

import (
	"strings"
	"testing"
)

func TestPathsOfThisMachineAreFound(t *testing.T) {
	places := []place{{"the clone", "/home/ana/dapt-go"}, {"the home folder", "/home/ana"}, {"the temporary folder", "/tmp"}}
	for _, test := range []struct{ text, want string }{
		{"results are in /home/ana/dapt-go/results", "the clone"},
		{"file:///home/ana/x", "the home folder"},
		{"dir=/home/ana", "the home folder"},
		{"“/tmp/x”", "the temporary folder"},
		{"see /tmp.", "the temporary folder"},
		{`<img src="/tmp/x.png">`, "the temporary folder"},
		{"/tmpfs and then /tmp", "the temporary folder"},
		{"https://example.org/home/ana", ""},
		{"https://example.org/tmp/x", ""},
		{"/home/anastasia", ""},
		{"./tmp and ../tmp and ~/tmp and ${DIR}/tmp", ""},
		{"var/tmp-1", ""},
		{"", ""},
	} {
		p, excerpt := findPlace(test.text, places)
		if p.what != test.want || (excerpt == "") != (test.want == "") {
			t.Errorf("findPlace(%q) = %q, %q, want %q", test.text, p.what, excerpt, test.want)
		}
	}
}

func TestAPathInACellIsAnErrorThatNamesTheCell(t *testing.T) {
	const book = `{"cells": [
		{"cell_type": "markdown", "source": "# Title"},
		{"cell_type": "code", "source": ["x"], "outputs": [{"data": {"text/html": ["<p>", "in /tmp/nb12/x</p>"]}}]}]}`
	err := checkPaths([]byte(book), []place{{"the temporary folder", "/tmp"}})
	if err == nil || !strings.Contains(err.Error(), `cell 2 holds the path of the temporary folder: "in /tmp/nb12/x</p>"`) {
		t.Errorf("checkPaths = %v, want an error with the cell and the text", err)
	}
	if err := checkPaths([]byte(book), []place{{"the home folder", "/root"}}); err != nil {
		t.Errorf("checkPaths without such a path = %v", err)
	}
}

func TestPlacesAreThoseOfTheUserAndTheClone(t *testing.T) {
	s := testClone(t, nil)
	t.Setenv("HOME", "/")
	for _, p := range s.places(options{out: "/some/results"}, "/some/work") {
		if p.path == "/" || p.path == "" || p.path == "." {
			t.Errorf("place %q is %q, which is in every text", p.what, p.path)
		}
	}
	t.Setenv("HOME", "/home/ana/")
	var all []string
	for _, p := range s.places(options{out: "/some/results"}, "/some/work") {
		all = append(all, p.path)
	}
	for _, want := range []string{s.root, s.cache, "/some/results", "/some/work", "/home/ana"} {
		if !strings.Contains(strings.Join(all, "\n")+"\n", want+"\n") {
			t.Errorf("places are %q, want %s among them", all, want)
		}
	}
}
