package mini

import "fmt"

// Probe returns n pictures of the 60 classes in turn, on any background, and
// their labels: [n, Side, Side, 3] bytes, as [Pretraining.Batch] gives them.
// The style is "noto", "twemoji" or "fluent"; others are an error. The zero-shot accuracy on
// it tells how pretraining goes without a look at the benchmark's own pictures.
func Probe(style string, n int, seed uint64) (pixels []uint8, labels []int, err error) {
	drawn, ok := stylesByName[style]
	if !ok {
		return nil, nil, fmt.Errorf("mini: no style %q, want noto, twemoji or fluent", style)
	}
	const area = 3 * Side * Side
	pixels, labels = make([]uint8, n*area), make([]int, n)
	all := loadIndex()
	parallel(n, func(i int) {
		labels[i] = i % len(all.Classes)
		rnd := stream(seed, "probe", i)
		object := drawn().cutout(pick(rnd, all.Classes[labels[i]].Sprites))
		background := newTexture("probe", pick(rnd, all.Backgrounds), rnd.IntN(1<<30))
		copy(pixels[i*area:], compose(rnd, background, object).pix[:])
	})
	return pixels, labels, nil
}
