package mini

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestClassesAreSixtySortedNames(t *testing.T) {
	classes := Classes()
	if len(classes) != 60 || !slices.IsSorted(classes) || len(slices.Compact(classes)) != 60 {
		t.Errorf("Classes() = %d names %v, want 60 different ones, sorted", len(classes), classes)
	}
	if base, novel := classes[29], classes[30]; base != "hammer" || novel != "helicopter" {
		t.Errorf("the halves part at %q and %q, want hammer and helicopter", base, novel)
	}
}

func TestEveryClassHasSpritesAndHomes(t *testing.T) {
	all := loadIndex()
	sprites := 0
	for _, c := range all.Classes {
		for _, code := range c.Sprites {
			if _, ok := fluent().row[code]; !ok {
				t.Errorf("%s: no Fluent sprite %s", c.Name, code)
			}
			sprites++
		}
		for _, home := range c.Homes {
			if !slices.Contains(all.Backgrounds, home) {
				t.Errorf("%s: home %q is no background word", c.Name, home)
			}
		}
	}
	if sprites != 88 || len(all.Emoji) != 450 {
		t.Errorf("%d sprites and %d emoji, want 88 and 450", sprites, len(all.Emoji))
	}
	if rows := fluent().column.Rect.Dy() / spriteSide; rows != len(fluent().row) {
		t.Errorf("Fluent atlas has %d rows, the index names %d", rows, len(fluent().row))
	}
}

func TestBackgroundWordsAreDAPTs(t *testing.T) {
	const want = "ground land grass tree building wall sky lake water river sea railway railroad keyboard helmet " +
		"cloud house mountain ocean road rock street valley bridge sign"
	words := BackgroundWords()
	if got := strings.Join(words, " "); got != want {
		t.Errorf("BackgroundWords() = %q, want %q", got, want)
	}
	words[0] = "changed"
	if BackgroundWords()[0] != "ground" {
		t.Error("a caller's change reached the index")
	}
}

func TestPaintersFillTheCanvasWithFiniteColours(t *testing.T) {
	words := BackgroundWords()
	parallel(len(words), func(i int) {
		for item := range 30 {
			c := &canvas{Rand: stream(1, words[i], item)}
			painters[words[i]](c)
			c.light()
			for at, p := range c.pix {
				if sum := p.r + p.g + p.b; !(sum > -2 && sum < 8) {
					t.Errorf("%s %d: pixel %d is %v", words[i], item, at, p)
					return
				}
			}
		}
	})
}

func TestBackgroundsDifferFromEachOther(t *testing.T) {
	seen := map[texture]string{}
	for _, word := range BackgroundWords() {
		for item := range 4 {
			painted := *newTexture(testTextures, word, item)
			if other, ok := seen[painted]; ok {
				t.Errorf("%s %d looks like %s", word, item, other)
			}
			seen[painted] = word
		}
	}
}

func TestWaveAndSinCosAreNearTheFunctionsTheyReplace(t *testing.T) {
	for angle := -0.5; angle <= 0.5; angle += 0.01 {
		sin, cos := sinCos(angle)
		if math.Abs(sin-math.Sin(angle)) > 1e-7 || math.Abs(cos-math.Cos(angle)) > 1e-7 {
			t.Errorf("sinCos(%v) = %v, %v, want %v, %v", angle, sin, cos, math.Sin(angle), math.Cos(angle))
		}
		if got, want := wave(3*angle), math.Sin(2*math.Pi*3*angle); math.Abs(got-want) > 0.06 {
			t.Errorf("wave(%v) = %v, want about %v", 3*angle, got, want)
		}
	}
}

func TestRestyledCutoutsStayPremultiplied(t *testing.T) {
	for item := range 300 {
		c := noto().cutout(loadIndex().Emoji[item].Code)
		restyle(stream(2, "restyle", item), c)
		for i := 0; i < len(c.pix); i += 4 {
			alpha := c.pix[i+3]
			if !(alpha >= -1e-9 && alpha <= 1+1e-9) {
				t.Fatalf("item %d: alpha %v", item, alpha)
			}
			for _, v := range c.pix[i : i+3] {
				if !(v >= -1e-9 && v <= alpha+1e-9) {
					t.Fatalf("item %d: colour %v at alpha %v", item, v, alpha)
				}
			}
		}
	}
}
