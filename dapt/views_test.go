package dapt

import (
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// method is DAPT with the world's background words and every term.
func method(change func(*Config)) Method {
	m := Over(prompt.MaPLe{}, mask.Whole{})
	m.Loss.Reo = 1
	m.Loss.Background = Background{Words: General()[:words], Template: "a clean origami {}."}
	if change != nil {
		change(&m.Loss)
	}
	return m
}

// byTower returns the gradients of a loss by text and by vision prompts.
func byTower(results map[string]*Node, name string, loss *Node, p prompt.Prompts) {
	gradients := Gradient(loss, append(slices.Clone(p.Text), p.Vision...)...)
	flat := func(nodes []*Node) *Node {
		return Concatenate([]*Node{Reshape(nodes[0], -1), Reshape(nodes[1], -1)}, 0)
	}
	results[name+" text"], results[name+" vision"] = flat(gradients[:2]), flat(gradients[2:])
}

// zero reports whether no gradient is there. NaN is no zero.
func zero(gradient []float32) bool {
	return !slices.ContainsFunc(gradient, func(v float32) bool { return v != 0 })
}

func differ(a, b []float32) float64 {
	largest := 0.0
	for i := range a {
		largest = max(largest, math.Abs(float64(a[i]-b[i])))
	}
	return largest
}

// TestEachLossReachesTheTowersItShould goes by section 5 of the paper's code: which prompts have a gradient by which loss.
func TestEachLossReachesTheTowersItShould(t *testing.T) {
	type reach struct{ text, vision bool }
	joint := map[string]reach{"cls": {true, true}, "v": {false, true}, "f": {true, false}, "b": {true, true}, "reo": {false, true}}
	tests := []struct {
		name     string
		phase    Phase
		gradient bool // ForegroundGradient
		want     map[string]reach
	}{
		{"all terms", Both, false, joint},
		{"first phase", First, false, map[string]reach{"cls": joint["cls"], "v": joint["v"], "reo": joint["reo"]}},
		{"second phase", Second, false, map[string]reach{"cls": joint["cls"], "f": joint["f"], "b": joint["b"]}},
		{"second phase with a foreground gradient", Second, true, map[string]reach{"cls": joint["cls"], "f": {true, true}, "b": joint["b"]}},
	}
	got := inWorld(t, middle, func(w world) map[string]*Node {
		results := map[string]*Node{}
		for _, test := range tests {
			m := method(func(c *Config) { c.ForegroundGradient = test.gradient })
			losses := m.Loss.Losses(m.Encode(w.towers, w.prompts, w.batch, test.phase), w.labels, test.phase)
			for i, loss := range losses.List()[1:] {
				if loss != nil {
					byTower(results, test.name+" "+Names()[1+i], loss, w.prompts)
				}
			}
		}
		return results
	})
	for _, test := range tests {
		for name, want := range test.want {
			reached := reach{!zero(got[test.name+" "+name+" text"]), !zero(got[test.name+" "+name+" vision"])}
			if reached != want {
				t.Errorf("%s: %s reaches %+v, want %+v", test.name, name, reached, want)
			}
		}
	}
}

// TestTheTripletPullsTheImageOnly compares L_v's gradient with that of a triplet whose views are constants, and with
// that of one whose views are not.
func TestTheTripletPullsTheImageOnly(t *testing.T) {
	m := method(nil)
	got := inWorld(t, middle, func(w world) map[string]*Node {
		results := map[string]*Node{}
		f := m.Encode(w.towers, w.prompts, w.batch, Both)
		byTower(results, "v", m.Loss.Losses(f, w.labels, Both).V, w.prompts)
		results["foreground"], results["background"] = f.Foreground, f.Background
		return results
	})
	want := inWorld(t, middle, func(w world) map[string]*Node {
		results := map[string]*Node{}
		g := w.labels.Graph()
		constant := func(name string) *Node { return Reshape(Const(g, got[name]), 2, -1) }
		f := m.Encode(w.towers, w.prompts, w.batch, Both)
		byTower(results, "constant", Triplet(f.Image, constant("foreground"), constant("background"), 1.5), w.prompts)
		byTower(results, "attached", Triplet(f.Image, f.Foreground, f.Background, 1.5), w.prompts)
		return results
	})
	if d := differ(got["v vision"], want["constant vision"]); d > 1e-6 {
		t.Errorf("L_v's gradient differs by %g from that with constant views", d)
	}
	if d := differ(got["v vision"], want["attached vision"]); d < 1e-4 {
		t.Errorf("L_v's gradient differs by only %g from that through the views: the comparison shows nothing", d)
	}
}

func TestAFullMaskMakesTheForegroundTheImage(t *testing.T) {
	for name, inside := range map[string]func(x, y int) bool{"full": everywhere, "empty": nowhere} {
		m := method(nil)
		got := inWorld(t, inside, func(w world) map[string]*Node {
			f := m.Encode(w.towers, w.prompts, w.batch, Both)
			results := map[string]*Node{"image": f.Image, "foreground": f.Foreground, "background": f.Background}
			results["pixels"] = Sub(View(w.batch.Images, w.batch.Masks), w.batch.Images)
			byTower(results, "total", m.Loss.Losses(f, w.labels, Both).Total, w.prompts)
			return results
		})
		same, blank := got["foreground"], got["background"]
		if name == "empty" {
			same, blank = blank, same
		} else if !zero(got["pixels"]) {
			t.Error("a full mask changes pixels")
		}
		if d := differ(same, got["image"]); d > 1e-6 {
			t.Errorf("%s mask: the view of everything differs from the image by %g", name, d)
		}
		if half := len(blank) / 2; differ(blank[:half], blank[half:]) > 1e-6 || differ(blank, got["image"]) < 1e-3 {
			t.Errorf("%s mask: the view of nothing is %v, want the same for both images, and not theirs", name, blank)
		}
		for tower, gradient := range map[string][]float32{"text": got["total text"], "vision": got["total vision"]} {
			if slices.ContainsFunc(gradient, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }) || zero(gradient) {
				t.Errorf("%s mask: the gradient by %s prompts is not finite, or nothing", name, tower)
			}
		}
	}
}

func TestTermsAreThoseThatAreComputed(t *testing.T) {
	list := []Method{{Learner: prompt.MaPLe{}}}
	for _, reo := range []float64{0, 1} {
		for _, watch := range []bool{false, true} {
			list = append(list, method(func(c *Config) { c.Reo, c.Watch = reo, watch }))
		}
	}
	inWorld(t, middle, func(w world) map[string]*Node {
		for _, m := range list {
			for _, phase := range []Phase{Both, First, Second} {
				var got []string
				for i, loss := range m.Loss.Losses(m.Encode(w.towers, w.prompts, w.batch, phase), w.labels, phase).List() {
					if loss != nil {
						got = append(got, Names()[i])
					}
				}
				if want := m.Terms(phase); !slices.Equal(got, want) {
					t.Errorf("%s, Reo %g, Watch %v, phase %d computes %q but Terms says %q", m.Name(), m.Loss.Reo, m.Loss.Watch, phase, got, want)
				}
			}
		}
		return map[string]*Node{"scale": w.towers.Scale}
	})
}

func TestWatchingChangesNoPrompt(t *testing.T) {
	phases := []Phase{First, Second}
	got := inWorld(t, middle, func(w world) map[string]*Node {
		results := map[string]*Node{}
		for _, phase := range phases {
			for _, watch := range []bool{false, true} {
				m := method(func(c *Config) { c.Watch = watch })
				total := m.Loss.Losses(m.Encode(w.towers, w.prompts, w.batch, phase), w.labels, phase).Total
				byTower(results, fmt.Sprint(phase, watch), total, w.prompts)
			}
		}
		return results
	})
	for _, phase := range phases {
		for _, tower := range []string{" text", " vision"} {
			if d := differ(got[fmt.Sprint(phase, true)+tower], got[fmt.Sprint(phase, false)+tower]); d > 1e-5 {
				t.Errorf("phase %d: Watch changes the gradient by%s prompts by %g", phase, tower, d)
			}
		}
	}
}

// TestTheOfficialSliceMovesColumns: the first words stand beside the classes and are left out of the background loss.
func TestTheOfficialSliceMovesColumns(t *testing.T) {
	m := method(func(c *Config) { c.Background.Negatives, c.Background.Skip = 2, 4 })
	got := inWorld(t, middle, func(w world) map[string]*Node {
		results := map[string]*Node{"all": EncodeTexts(w.towers, w.prompts, w.batch.Texts)}
		for _, phase := range []Phase{Both, First, Second} {
			f := m.Encode(w.towers, w.prompts, w.batch, phase)
			results[fmt.Sprint("classes ", phase)], results[fmt.Sprint("words ", phase)] = f.Classes, f.Words
		}
		return results
	})
	const embed = 32
	for _, phase := range []Phase{Both, First, Second} {
		columns, texts := got[fmt.Sprint("classes ", phase)], got[fmt.Sprint("words ", phase)]
		if want := got["all"][:(classes+2)*embed]; len(columns) != len(want) || differ(columns, want) > 1e-6 {
			t.Errorf("phase %d: %d columns of classes, want 3 classes and 2 words", phase, len(columns)/embed)
		}
		if want := got["all"][(classes+4)*embed:]; len(texts) != len(want) || differ(texts, want) > 1e-6 {
			t.Errorf("phase %d: %d background texts, want the last 5 of 9", phase, len(texts)/embed)
		}
	}
}
