package clip

import (
	"math"
	"math/rand/v2"
	"strings"
)

// Random draws weights as CLIP starts its pretraining (openai/CLIP clip/model.py initialize_parameters), for tests,
// benchmarks and the mini CLIP. The same rng state gives the same weights on every machine.
func Random(config Config, rng *rand.Rand) *Weights {
	w := &Weights{Config: config, Name: "random " + config.String(), Values: map[string][]float32{}}
	for _, p := range config.Parameters() {
		size := 1
		for _, d := range p.Dims {
			size *= d
		}
		values := make([]float32, size)
		switch {
		case p.Name == "logit_scale":
			values[0] = float32(math.Log(1 / 0.07))
		case strings.Contains(p.Name, "ln_") && strings.HasSuffix(p.Name, ".weight"):
			for i := range values {
				values[i] = 1
			}
		case !strings.HasSuffix(p.Name, "bias"):
			deviation := config.deviation(p)
			for i := range values {
				values[i] = float32(rng.NormFloat64() * deviation)
			}
		}
		w.Values[p.Name] = values
	}
	w.seal()
	return w
}

// deviation is the standard deviation that a matrix or an embedding is drawn with.
func (c Config) deviation(p Weight) float64 {
	tower := c.Text
	if strings.HasPrefix(p.Name, "visual.") {
		tower = c.Vision
	}
	width, depth := float64(tower.Width), float64(2*tower.Layers)
	switch name := p.Name; {
	case name == tokenTable:
		return 0.02
	case name == "positional_embedding":
		return 0.01
	case strings.HasSuffix(name, "attn.out_proj.weight"), strings.HasSuffix(name, "c_proj.weight"):
		return 1 / math.Sqrt(width*depth)
	case strings.HasSuffix(name, "c_fc.weight"):
		return 1 / math.Sqrt(2*width)
	case name == "visual.conv1.weight":
		return 1 / math.Sqrt(float64(3*c.Patch*c.Patch))
	default:
		return 1 / math.Sqrt(width)
	}
}
