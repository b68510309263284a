package main

import (
	"fmt"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
)

// grid is one row of a tower, token by token and block by block: which token reads which, and where prompts are.
type grid struct {
	layers, tokens, width, feature int                   // feature is the place that is read at the end
	written                        func(i, t int) bool   // whether prompts replace token t before block i
	reads                          func(t int) int       // a token reads those before reads(t)
	name                           func(i, t int) string // of a token that is the same in every row; else empty
	once                           map[string]bool       // names of the products that are counted already
	ops                            int
}

// add counts a product unless one of its name is counted.
func (g *grid) add(name string, n int) {
	if !g.once[name] {
		g.once[name] = true
		g.ops += n
	}
}

// reach tells for each block, and for the feature after the last, which tokens prompts reach where they enter.
func (g *grid) reach() [][]bool {
	reach := make([][]bool, g.layers+1)
	for i := range reach {
		reach[i] = make([]bool, g.tokens)
		for t := range reach[i] {
			reach[i][t] = i < g.layers && g.written(i, t)
			for k := 0; i > 0 && k < g.reads(t); k++ {
				reach[i][t] = reach[i][t] || reach[i-1][k]
			}
		}
	}
	return reach
}

// walk adds the operations of one row, product by product.
func (g *grid) walk(row string, gradient bool) {
	reach := g.reach()
	need := make([]bool, g.tokens) // whether the output of token t of block i is read
	need[g.feature] = true
	for i := g.layers - 1; i >= 0; i-- {
		read := make([]bool, g.tokens)
		for t := range g.tokens {
			if need[t] {
				g.output(row, i, t, reach, gradient && (reach[i+1][t] || i == g.layers-1))
				for k := range g.reads(t) {
					read[k] = true
				}
			}
		}
		for t := range g.tokens {
			if read[t] {
				g.add("kv"+g.made(i, t, row), 4*g.width*g.width)
				if gradient && reach[i][t] {
					g.add("dkv"+g.made(i, t, row), 4*g.width*g.width)
				}
			}
			need[t] = (need[t] || read[t]) && !g.written(i, t)
		}
	}
}

// output adds the products of token t's output of block i; back is whether its gradient is needed.
func (g *grid) output(row string, i, t int, reach [][]bool, back bool) {
	d, at := g.width, fmt.Sprint(row, i, "@", t)
	if name := g.name(i, t); name != "" {
		at = name
	}
	g.add("q"+g.made(i, t, row), 2*d*d)
	g.add("out"+at, 2*d*d)
	g.add("mlp"+at, 16*d*d)
	moved := reach[i][t]
	for k := range g.reads(t) {
		pair := fmt.Sprint(at, ">", k)
		g.add("score"+pair, 2*d)
		g.add("sum"+pair, 2*d)
		moved = moved || reach[i][k]
		if back && (reach[i][k] || reach[i][t]) {
			g.add("dscore"+pair, 2*d)
		}
		if back && reach[i][k] {
			g.add("dk"+pair, 2*d)
			g.add("dv"+pair, 2*d)
		}
		if back && reach[i][t] {
			g.add("dq"+pair, 2*d)
		}
	}
	if back && moved {
		g.add("dout"+at, 2*d*d)
		g.add("dmlp"+at, 16*d*d)
	}
	if back && reach[i][t] {
		g.add("dquery"+g.made(i, t, row), 2*d*d)
	}
}

// made names a token's own input of a block: prompts are the same in every row.
func (g *grid) made(i, t int, row string) string {
	switch name := g.name(i, t); {
	case name != "":
		return name
	case g.written(i, t):
		return fmt.Sprint("prompt ", i, "@", t)
	default:
		return fmt.Sprint(row, i, "@", t)
	}
}

func tiny(layers, depth int) work {
	tower := clip.Tower{Width: 64, Layers: layers, Heads: 1}
	return work{clip.Config{Side: 12, Patch: 4, Embed: 24, Context: 16, Vision: tower, Text: tower}, 2, depth}
}

func TestImagesCostWhatAWalkOverAllTokensFinds(t *testing.T) {
	for _, c := range []struct{ layers, depth, images, gradients int }{
		{4, 2, 3, 1}, {3, 9, 3, 2}, {3, 1, 2, 2}, {2, 2, 1, 0}, {1, 1, 2, 1},
	} {
		w := tiny(c.layers, c.depth)
		places := 1 + w.Patches()
		tower := grid{
			layers: c.layers, tokens: places + w.context, width: 64,
			written: func(i, t int) bool { return i < c.depth && t >= places },
			reads:   func(int) int { return places + w.context },
			name:    func(int, int) string { return "" },
			once:    map[string]bool{},
		}
		for image := range c.images {
			tower.ops += 2*9*48*64 + 2*64*24 // patches and projection
			if image < c.gradients {
				tower.ops += 2 * 64 * 24
			}
			tower.walk(fmt.Sprint("image ", image, " "), image < c.gradients)
		}
		if got, want := w.images(c.images, c.gradients), tower.ops; got != want {
			t.Errorf("images(%d, %d) of %d blocks, %d of them prompted = %d, want %d", c.images, c.gradients, c.layers, c.depth, got, want)
		}
	}
}

func TestTextsCostWhatAWalkOverAllTokensFinds(t *testing.T) {
	const end = 99
	rows := [][]int32{{1, 2, 3, 4, 5, end}, {1, 2, 3, 4, 6, 7, 8, end, 0}, {1, 2, 3, 4, 9, end, 0, 0}}
	for _, c := range []struct {
		layers, depth, first int
		gradient             bool
	}{{4, 2, 0, true}, {4, 3, 1, true}, {3, 9, 0, true}, {3, 9, 1, true}, {2, 1, 0, true}, {2, 1, 1, true}, {3, 2, 0, false}, {1, 1, 0, true}} {
		w := tiny(c.layers, c.depth)
		got := w.texts(measure(rows, end), c.first, c.gradient)
		tower := grid{
			layers: c.layers, width: 64,
			written: func(i, t int) bool { return i >= c.first && i < c.depth && (t == 1 || t == 2) },
			reads:   func(t int) int { return t + 1 },
			name: func(i, t int) string {
				if t < 4 {
					return fmt.Sprint("shared ", i, "@", t)
				}
				return ""
			},
			once: map[string]bool{},
		}
		gradient := c.gradient && c.first < c.depth
		for number, row := range rows {
			tower.tokens = measure([][]int32{row}, end).lengths[0]
			tower.feature = tower.tokens - 1
			tower.ops += 2 * 64 * 24
			if gradient {
				tower.ops += 2 * 64 * 24
			}
			tower.walk(fmt.Sprint("row ", number, " "), gradient)
		}
		want := tower.ops
		if got != want {
			t.Errorf("texts of %+v = %d, want %d", c, got, want)
		}
	}
}

func TestRowsAreMeasuredToTheirEndToken(t *testing.T) {
	s := measure([][]int32{{1, 5, 6, 9, 0}, {1, 5, 6, 7, 9}}, 9)
	if fmt.Sprint(s) != "{3 [4 5]}" {
		t.Errorf("measure = %v, want 3 alike of 4 and 5", s)
	}
	if s := measure([][]int32{{1, 5, 9, 0}, {1, 5, 9, 0}}, 9); s.shared != 2 {
		t.Errorf("two equal rows share %d tokens, want 2: all but the end", s.shared)
	}
}

// TestTheOperationsOfViTB16 compares with a hand count of ViT-B/16: 35.1 GFLOP an image without prompts, where
// all tokens pass all blocks.
func TestTheOperationsOfViTB16(t *testing.T) {
	w := work{vitB16, 2, 9}
	const d, tokens = 768, 197
	plain := 12*(24*tokens*d*d+4*tokens*tokens*d) + 2*196*d*d + 2*d*512
	if plain < 34e9 || plain > 36e9 {
		t.Fatalf("a plain ViT-B/16 takes %d operations, want 35.1e9", plain)
	}
	forward := w.images(1, 0)
	last := 20 * 196 * d * d // tokens past the class token, whose output of the last block nothing reads
	if got := float64(forward) / float64(plain-last); got < 1 || got > 1.02 {
		t.Errorf("an image takes %d operations, want up to 2 %% over the %d without prompts", forward, plain-last)
	}
	if got := float64(w.images(1, 1)-forward) / float64(forward); got < 0.9 || got > 1.05 {
		t.Errorf("the gradient of an image takes %.2f times its forward pass, want about 1: frozen weights have none", got)
	}
	if got := float64(w.heat(1)) / float64(forward); got < 1 || got > 1.03 {
		t.Errorf("Grad-CAM takes %.3f times the forward pass, want little more than 1", got)
	}
}

func TestAStepGrowsByWhatItsPhaseNeeds(t *testing.T) {
	w := work{vitB16, 2, 9}
	classes := func(count int) sentences {
		s := sentences{shared: 5}
		for range count {
			s.lengths = append(s.lengths, 9)
		}
		return s
	}
	background := sentences{4, []int{6, 7, 7}}
	step := func(phase dapt.Phase, count int) int { return w.step(phase, 4, classes(count), background) }
	first, second := step(dapt.First, 50), step(dapt.Second, 50)
	if more := second - first - w.texts(background, 1, true); more < w.images(12, 8)-w.images(12, 4) {
		t.Errorf("phase 2 takes %d more than phase 1, want the gradient of a view more", more)
	}
	for _, phase := range []dapt.Phase{dapt.First, dapt.Second} {
		a, b, c := step(phase, 50), step(phase, 100), step(phase, 150)
		if b <= a || c-b != b-a {
			t.Errorf("phase %d takes %d, %d and %d operations for 50, 100 and 150 equal classes, want equal growth", phase, a, b, c)
		}
		if row := (b - a) / 50; row < 12*40*4*512*512 || row > 12*56*4*512*512 {
			t.Errorf("phase %d: a class of 4 tokens takes %d operations, want some 48 d² a token and block", phase, row)
		}
	}
}
