package main

import "testing"

func TestFunctionsAreNamedByHeadings(t *testing.T) {
	taken := names{"main": true, "init": true, "study": true}
	for _, test := range []struct{ heading, want string }{
		{"The three views", "theThreeViews"},
		{"The three views", "theThreeViews2"},
		{"The three views", "theThreeViews3"},
		{"Grad-CAM masks", "gradCAMMasks"},
		{"CLIP and its towers", "clipAndItsTowers"},
		{"2. What the method's [losses](losses.md) do", "whatTheMethodsLossesDo"},
		{"Phase 1: `warm-up`", "phase1WarmUp"},
		{"Study", "study2"},
		{"Main", "main2"},
		{"Range", "range2"},
		{"Len", "len2"},
		{"Ähnlich", "hnlich"},
		{"損失", "cell7"},
		{"", "cell72"},
		{"1 2 3", "cell73"},
	} {
		if got := taken.next(test.heading, 7); got != test.want {
			t.Errorf("next(%q) = %q, want %q", test.heading, got, test.want)
		}
	}
}

func TestTheLastHeadingCounts(t *testing.T) {
	for _, test := range []struct{ markdown, want string }{
		{"# One\n\ntext\n## Two ##\ntext", "Two"},
		{"# One\n\n```sh\n# a comment\n```", "One"},
		{"#No heading", ""},
		{"####### Seven", ""},
		{"- a list\n# Three", "Three"},
		{"", ""},
	} {
		if got := lastHeading(test.markdown); got != test.want {
			t.Errorf("lastHeading(%q) = %q, want %q", test.markdown, got, test.want)
		}
	}
}
