package mini

import (
	"encoding/json"
	"io/fs"
	"math"
	"slices"
	"sync"
	"testing"
)

func splitNamed(t *testing.T, name string) split {
	t.Helper()
	i := slices.IndexFunc(splits, func(s split) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no split %q", name)
	}
	return splits[i]
}

// homeShare is the fraction of the split's pictures that show a home background of their class.
func homeShare(s split) float64 {
	home, total := 0, 0
	for _, c := range loadIndex().Classes {
		for item := range s.perClass {
			if shown := s.scene(s.stream(c, item), c); slices.Contains(c.Homes, shown.word) {
				home++
			}
			total++
		}
	}
	return float64(home) / float64(total)
}

func TestHomeBackgrounds(t *testing.T) {
	for name, want := range map[string]float64{"train": 0.91, "val": 0.91, "natural": 0.91, "background": 0.91, "shift": 0} {
		// 0.9, and about one in ten of the other backgrounds is a home too.
		tolerance := 0.03
		if want == 0 {
			tolerance = 0
		}
		if got := homeShare(splitNamed(t, name)); math.Abs(got-want) > tolerance {
			t.Errorf("%s: home share %.3f, want %.2f", name, got, want)
		}
	}
}

func TestTestTexturesAreNotAmongThoseOfTraining(t *testing.T) {
	words := BackgroundWords()[:6] // all would take long under the race detector
	known := make([]map[texture]bool, len(words))
	parallel(len(words), func(i int) {
		known[i] = map[texture]bool{}
		for item := range texturePool {
			known[i][*newTexture(trainTextures, words[i], item)] = true
		}
	})
	for name, want := range map[string]bool{"natural": false, "shift": false, "train": true, "val": true} {
		s, met := splitNamed(t, name), 0
		for _, c := range loadIndex().Classes {
			for item := range 6 {
				shown := s.scene(s.stream(c, item), c)
				i := slices.Index(words, shown.word)
				if i < 0 {
					continue
				}
				met++
				if got := known[i][*newTexture(s.textures, shown.word, shown.variant)]; got != want {
					t.Errorf("%s/%s/%d, on %s: shows a training texture: %v, want %v", name, c.Name, item, shown.word, got, want)
				}
			}
		}
		if met < 50 {
			t.Errorf("%s: only %d pictures looked at", name, met)
		}
	}
}

func TestBackgroundIsNaturalWithoutTheObject(t *testing.T) {
	natural, background := splitNamed(t, "natural"), splitNamed(t, "background")
	for _, c := range loadIndex().Classes {
		whole, empty := natural.draw(c, 5), background.draw(c, 5)
		if empty.mask != [Side * Side]uint8{} {
			t.Errorf("%s: the empty picture has a mask", c.Name)
		}
		covered, changed := 0, 0
		for i, inside := range whole.mask {
			same := [3]uint8(whole.pix[3*i:]) == [3]uint8(empty.pix[3*i:])
			switch {
			case inside > 0 && !same:
				changed++
				fallthrough
			case inside > 0:
				covered++
			case !same && !nearMask(whole, i):
				t.Fatalf("%s: pixel %d differs far from the object", c.Name, i)
			}
		}
		if float64(changed) < 0.9*float64(covered) || covered < 100 {
			t.Errorf("%s: %d of the mask's %d pixels differ", c.Name, changed, covered)
		}
	}
}

// nearMask reports whether the mask has a pixel within four of pixel i: the object's soft edge.
func nearMask(p *picture, i int) bool {
	for y := max(0, i/Side-4); y <= min(Side-1, i/Side+4); y++ {
		for x := max(0, i%Side-4); x <= min(Side-1, i%Side+4); x++ {
			if p.mask[y*Side+x] > 0 {
				return true
			}
		}
	}
	return false
}

// An object in front of black and of white differs by 1 - alpha.
func TestMaskIsWhereTheObjectCoversMoreThanHalf(t *testing.T) {
	for item, c := range loadIndex().Classes {
		object := fluent().cutout(c.Sprites[0])
		at := place(stream(3, "mask", item), object)
		var onBlack, onWhite [3 * Side * Side]float64
		var mask, again [Side * Side]uint8
		for i := range onWhite {
			onWhite[i] = 1
		}
		at.paste(object, &onBlack, &mask)
		at.paste(object, &onWhite, &again)
		if mask != again {
			t.Errorf("%s: the mask depends on the background", c.Name)
		}
		for i, got := range mask {
			alpha := 1 - (onWhite[3*i] - onBlack[3*i])
			if math.Abs(alpha-0.5) > 1e-9 && (got == 255) != (alpha > 0.5) {
				t.Fatalf("%s: mask is %d where alpha is %v", c.Name, got, alpha)
			}
		}
	}
}

func TestSplitFilesListEveryPictureOnce(t *testing.T) {
	for name, want := range map[string][3]int{
		"split_zhou_Mini.json":           {32, 8, 40},
		"split_zhou_MiniShift.json":      {0, 0, 40},
		"split_zhou_MiniBackground.json": {0, 0, 40},
	} {
		data, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		var lists map[string][][3]any
		if err := json.Unmarshal(data, &lists); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[any]bool{}
		for i, list := range []string{"train", "val", "test"} {
			if got := len(lists[list]); got != 60*want[i] {
				t.Errorf("%s: %d in %s, want %d", name, got, list, 60*want[i])
			}
			for _, entry := range lists[list] {
				if label := int(entry[1].(float64)); Classes()[label] != entry[2] {
					t.Fatalf("%s: label %d of %v", name, label, entry)
				}
				if _, err := fs.Stat(FS(), "images/"+entry[0].(string)); err != nil || seen[entry[0]] {
					t.Fatalf("%s: %v is missing or listed twice: %v", name, entry, err)
				}
				seen[entry[0]] = true
			}
		}
	}
}

func TestPicturesDrawnAtTheSameTimeAreThoseDrawnAlone(t *testing.T) {
	const name = "images/shift/penguin/011.png"
	want, err := fs.ReadFile(FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if got, err := fs.ReadFile(FS(), name); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s read twice differs, error %v", name, err)
			}
		})
	}
	readers.Wait()
}
