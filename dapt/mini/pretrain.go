package mini

import (
	"math/rand/v2"
	"runtime"
	"sync"
)

// Textures of pretraining and training come from a pool, those of the tests
// from another family that neither has seen.
const (
	trainTextures = "train"
	testTextures  = "test"
	texturePool   = 128 // variants a background word has in training
)

// Pretraining is the stream of captioned pictures that the small CLIP learns
// from. It shows the classes as Noto and Twemoji draw them, never as the
// benchmark does. Use [Pretrain]; batches may be drawn from several goroutines.
type Pretraining struct {
	seed     uint64
	textures sync.Map // textureKey to *texture
}

type textureKey struct {
	word string
	item int
}

// Pretrain opens the stream of a seed.
func Pretrain(seed uint64) *Pretraining { return &Pretraining{seed: seed} }

// Batch returns the pictures and captions of a step, counted from 0:
// [size, Side, Side, 3] bytes of red, green and blue, and size sentences.
// One picture in 16 is a background alone; the others show different objects,
// as long as there are enough of them (422). The same seed, step and size give
// the same batch.
func (p *Pretraining) Batch(step, size int) (pixels []uint8, captions []string) {
	const area = 3 * Side * Side
	pixels, captions = make([]uint8, size*area), make([]string, size)
	rnd := stream(p.seed, "batch", step)
	subjects := append(p.objects(rnd, size-size/16), make([]*emoji, size/16)...)
	words := rnd.Perm(len(loadIndex().Backgrounds))
	parallel(size, func(i int) {
		item := stream(p.seed, "pretrain", step*size+i)
		word := loadIndex().Backgrounds[words[i%len(words)]]
		drawn, sentence := p.item(item, subjects[i], word)
		copy(pixels[i*area:], drawn.pix[:])
		captions[i] = sentence
	})
	return pixels, captions
}

// objects draws emoji of which no two share a class, so that no caption of the batch fits two of them.
func (p *Pretraining) objects(rnd *rand.Rand, count int) []*emoji {
	all := loadIndex()
	groups := make([][]*emoji, len(all.Classes))
	for i := range all.Emoji {
		if e := &all.Emoji[i]; e.class >= 0 {
			groups[e.class] = append(groups[e.class], e)
		} else {
			groups = append(groups, []*emoji{e})
		}
	}
	var drawn []*emoji
	for len(drawn) < count {
		for _, g := range rnd.Perm(len(groups)) {
			drawn = append(drawn, pick(rnd, groups[g]))
		}
	}
	return drawn[:count]
}

// item makes one picture and its caption. A background alone shows word;
// an object stands on a home background half the time, else on any.
func (p *Pretraining) item(rnd *rand.Rand, e *emoji, word string) (*picture, string) {
	if e == nil {
		return compose(rnd, p.texture(rnd, word), nil), caption(rnd, nil, word)
	}
	word = pick(rnd, loadIndex().Backgrounds)
	if chance(rnd, 0.5) {
		word = pick(rnd, e.Homes)
	}
	object := pick(rnd, e.styles())().cutout(e.Code)
	restyle(rnd, object)
	return compose(rnd, p.texture(rnd, word), object), caption(rnd, e, word)
}

// styles are those in which pretraining may show the emoji: the benchmark's
// own style only where no class has it.
func (e *emoji) styles() []func() style {
	if e.Fluent && e.class < 0 {
		return []func() style{noto, twemoji, fluent}
	}
	return []func() style{noto, twemoji}
}

// texture draws one of the word's training textures; each is painted once.
func (p *Pretraining) texture(rnd *rand.Rand, word string) *texture {
	key := textureKey{word, rnd.IntN(texturePool)}
	if known, ok := p.textures.Load(key); ok {
		return known.(*texture)
	}
	painted := newTexture(trainTextures, key.word, key.item)
	p.textures.Store(key, painted)
	return painted
}

// parallel calls do for 0 to count-1 on all processors.
func parallel(count int, do func(i int)) {
	var workers sync.WaitGroup
	share := runtime.GOMAXPROCS(0)
	for first := range share {
		workers.Go(func() {
			for i := first; i < count; i += share {
				do(i)
			}
		})
	}
	workers.Wait()
}
