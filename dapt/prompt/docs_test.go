package prompt_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// TestThePageOfLearnersHasTheirSettings: the row of a learner in docs/learners.md has all that it has. A learner without a row
// is no error: to add one touches its file, its test and the list alone.
func TestThePageOfLearnersHasTheirSettings(t *testing.T) {
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
	found := 0
	for _, l := range prompt.All() {
		row, settings := rows[l.Name()], reflect.TypeOf(l)
		if row == "" {
			continue
		}
		found++
		for f := range settings.Fields() {
			if !f.Anonymous && !slices.Contains(strings.FieldsFunc(row, func(r rune) bool { return !unicode.IsLetter(r) }), f.Name) {
				t.Errorf("docs/learners.md has the row %q for %s, want the setting %s in it", row, l.Name(), f.Name)
			}
		}
	}
	if found < 5 {
		t.Errorf("docs/learners.md has rows for %d learners: is its table still one?", found)
	}
}
