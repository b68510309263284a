package train

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// BenchmarkStep measures a training step, without loading, on CLIPs with random weights. A step of ViT-B/16 takes minutes
// on pure Go: it runs on XLA only (see golden.Backend).
func BenchmarkStep(b *testing.B) {
	small := clip.Tower{Width: 128, Layers: 6, Heads: 2}
	for _, size := range []struct {
		name           string
		config         clip.Config
		batch, classes int
	}{
		{"mini", clip.Config{Side: 64, Patch: 8, Embed: 128, Context: 32, Vision: small, Text: small}, 16, 30},
		{"ViT-B-16", clip.Config{
			Side: 224, Patch: 16, Embed: 512, Context: 77,
			Vision: clip.Tower{Width: 768, Layers: 12, Heads: 12}, Text: clip.Tower{Width: 512, Layers: 12, Heads: 8},
		}, 4, 50},
	} {
		b.Run(size.name, func(b *testing.B) {
			if golden.Backend(b).Name() == "go" && size.config.Side > 64 {
				b.Skip("too slow on pure Go; set GOMLX_BACKEND=xla:cpu")
			}
			e, in := benchEngine(b, size.config, size.batch, size.classes)
			defer e.Close()
			over := dapt.Over(e.Learner, mask.Whole{})
			spare := Paper()
			spare.Checkpoint = true
			b.Run("maple", func(b *testing.B) { benchStep(b, e, dapt.Method{Learner: e.Learner}, Paper(), dapt.Both, in) })
			b.Run("dapt/phase1", func(b *testing.B) { benchStep(b, e, over, Paper(), dapt.First, in) })
			b.Run("dapt/phase2", func(b *testing.B) { benchStep(b, e, over, Paper(), dapt.Second, in) })
			b.Run("dapt/phase2/checkpoint", func(b *testing.B) { benchStep(b, e, over, spare, dapt.Second, in) })
		})
	}
}

// benchStep reports images a second and the process's peak memory, which has the weights and the compiler's in it.
func benchStep(b *testing.B, e *Engine, m dapt.Method, c Config, phase dapt.Phase, in Input) {
	step := func() {
		if _, err := e.Step(m, c, phase, 1e-5, in); err != nil {
			b.Fatal(err)
		}
	}
	resetPeak()
	step() // compiles
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(b.N*len(in.Labels))/b.Elapsed().Seconds(), "images/s")
	if peak, ok := peakMemory(); ok {
		b.ReportMetric(peak, "peak-MB")
	}
}

// benchEngine returns MaPLe with published settings over random weights, and a batch for it.
func benchEngine(b *testing.B, config clip.Config, batch, classes int) (*Engine, Input) {
	words := dapt.General()
	names := make([]string, classes)
	for i := range names {
		names[i] = words[i%len(words)] + " " + words[(7*i+3)%len(words)]
	}
	background := dapt.Sentences("a clean origami {}.", words)
	texts := dapt.Sentences(prompt.MaPLe{}.Template(""), names)
	tokenizer := clip.NewTokenizer()
	if config.Side == 64 {
		tokenizer = tokenizer.Cut(append(background, texts...))
	}
	config.Vocabulary = tokenizer.Vocabulary()
	m := &clip.Model{Weights: clip.Random(config, transform.Stream(1, "bench")), Tokenizer: tokenizer}
	e, err := NewEngine(golden.Backend(b), m, prompt.MaPLe{}, dtypes.Float32)
	if err != nil {
		b.Fatal(err)
	}
	lists, err := e.pack(texts, background)
	if err != nil {
		b.Fatal(err)
	}
	area := config.Side * config.Side
	in := Input{
		Images: make([]float32, 3*area*batch), Masks: make([]float32, area*batch), Labels: make([]int32, batch),
		Classes: lists[0], Background: lists[1],
	}
	rng := transform.Stream(1, "pixels")
	for i := range in.Images {
		in.Images[i] = float32(rng.NormFloat64())
		in.Masks[i/3] = float32(i / 3 % 2)
	}
	for i := range in.Labels {
		in.Labels[i] = int32(rng.IntN(classes))
	}
	return e, in
}

// resetPeak makes Linux measure the peak memory anew; elsewhere it does nothing.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakMemory returns the most memory the process had, in MB, where Linux tells it.
func peakMemory() (float64, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); n == 1 {
			return kilobytes / 1024, true
		}
	}
	return 0, false
}
