package prompt_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// TestEveryLearnerIsOnItsPage: docs/learners.md has a row for each learner, with all its settings.
func TestEveryLearnerIsOnItsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/learners.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | "); ok && strings.HasPrefix(line, "| `") {
			rows[name] += rest
		}
	}
	for _, l := range prompt.All() {
		row, settings := rows[l.Name()], reflect.TypeOf(l)
		if row == "" {
			t.Errorf("docs/learners.md has no row for %s: add it to the table of learners", l.Name())
		}
		for f := range settings.Fields() {
			if !f.Anonymous && !strings.Contains(row, f.Name) {
				t.Errorf("docs/learners.md has the row %q for %s, want the setting %s in it", row, l.Name(), f.Name)
			}
		}
	}
}
