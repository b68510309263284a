package mini

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
)

// split is one part of the benchmark. Pictures differ in what stands behind the object.
type split struct {
	name     string
	perClass int
	textures string  // the family of its backgrounds
	home     float64 // probability of one of the class's home backgrounds; else any background
	away     bool    // never a home background
	empty    bool    // the natural split's pictures with the object removed
}

// splits is sorted by name.
var splits = []split{
	{name: "background", perClass: 40, textures: testTextures, home: 0.9, empty: true},
	{name: "natural", perClass: 40, textures: testTextures, home: 0.9},
	{name: "shift", perClass: 40, textures: testTextures, away: true},
	{name: "train", perClass: 32, textures: trainTextures, home: 0.9},
	{name: "val", perClass: 8, textures: trainTextures, home: 0.9},
}

// scene is what a picture shows, before it is painted.
type scene struct {
	sprite  string // code of the object's emoji
	word    string // background
	variant int    // of the background's texture
}

// draw makes picture number item of a class.
func (s split) draw(c class, item int) *picture {
	rnd := s.stream(c, item)
	shown := s.scene(rnd, c)
	background := newTexture(s.textures, shown.word, shown.variant)
	if s.empty {
		return compose(rnd, background, nil)
	}
	return compose(rnd, background, fluent().cutout(shown.sprite))
}

// stream gives the background split the random numbers of the natural one.
func (s split) stream(c class, item int) *rand.Rand {
	name := s.name
	if s.empty {
		name = "natural"
	}
	return stream(0, "benchmark/"+name+"/"+c.Name, item)
}

func (s split) scene(rnd *rand.Rand, c class) scene {
	return scene{pick(rnd, c.Sprites), s.background(rnd, c), s.variant(rnd)}
}

// background draws the word that the picture's background shows.
func (s split) background(rnd *rand.Rand, c class) string {
	if chance(rnd, s.home) {
		return pick(rnd, c.Homes)
	}
	for {
		word := pick(rnd, loadIndex().Backgrounds)
		if !s.away || !slices.Contains(c.Homes, word) {
			return word
		}
	}
}

// variant draws one of the pool for training, and for a test one that is hardly ever drawn again.
func (s split) variant(rnd *rand.Rand) int {
	if s.textures == trainTextures {
		return rnd.IntN(texturePool)
	}
	return rnd.IntN(1 << 30)
}

// splitFiles are CoOp's lists of the benchmark, by file name: one for the
// natural pictures and, with tests only, one for each other condition.
var splitFiles = map[string]map[string]string{
	"split_zhou_Mini.json":           {"train": "train", "val": "val", "test": "natural"},
	"split_zhou_MiniBackground.json": {"test": "background"},
	"split_zhou_MiniShift.json":      {"test": "shift"},
}

// splitFile writes a split file: an object of three lists of [path below images/, label, class name].
func splitFile(name string) ([]byte, error) {
	lists := map[string][]any{"train": {}, "val": {}, "test": {}}
	for list, splitName := range splitFiles[name] {
		for _, s := range splits {
			if s.name == splitName {
				lists[list] = s.entries()
			}
		}
	}
	return json.Marshal(lists)
}

func (s split) entries() []any {
	var entries []any
	for label, class := range Classes() {
		for item := range s.perClass {
			entries = append(entries, []any{s.name + "/" + class + "/" + itemFile(item), label, class})
		}
	}
	return entries
}

func itemFile(item int) string { return fmt.Sprintf("%03d.png", item) }
