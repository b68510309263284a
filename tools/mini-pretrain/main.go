// Command mini-pretrain trains the small CLIP of the embedded mini benchmark from nothing, as spec and README describe:
// a symmetric contrastive loss over the sprite pictures and captions of package mini.
//
//	go run ./tools/mini-pretrain              writes dapt/mini/weights/ (over an hour on two cores)
//	go run ./tools/mini-pretrain -steps 20    a trial
//
// It is deterministic for one backend, plugin and number of cores, and resumable: state is saved in -work every 250
// steps and read when the same command is given again.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/backend"
)

// settings are what a run is made of; the same settings give the same weights.
type settings struct {
	steps, batch, warmup int
	width                int
	rate                 float64
	dropped              float64 // share of the steps that see half of the patches
	seed                 uint64
}

func main() {
	log.SetFlags(0)
	var s settings
	flag.IntVar(&s.steps, "steps", 3000, "optimiser steps")
	flag.IntVar(&s.batch, "batch", 256, "pictures a step")
	flag.IntVar(&s.warmup, "warmup", 150, "steps until the peak rate")
	flag.IntVar(&s.width, "width", 128, "channels of both towers; one head a 64")
	flag.Float64Var(&s.rate, "rate", 1e-3, "peak learning rate")
	flag.Float64Var(&s.dropped, "dropped", 0.8, "share of the steps that see half of the patches")
	flag.Uint64Var(&s.seed, "seed", 1, "of weights and pictures")
	out := flag.String("out", "dapt/mini/weights", "folder for weights.safetensors and merges.txt")
	work := flag.String("work", filepath.Join(os.TempDir(), "dapt-mini-pretrain"), "folder for the state of an unfinished run")
	want := flag.String("backend", os.Getenv("GOMLX_BACKEND"), "go, xla:cpu, xla:cuda or xla:/path/to/plugin.so; empty picks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, *out, *work, *want); err != nil {
		log.Fatal(err)
	}
}

// size is the mini CLIP's.
func (s settings) size(vocabulary int) clip.Config {
	tower := clip.Tower{Width: s.width, Layers: 6, Heads: s.width / 64}
	return clip.Config{
		Side: mini.Side, Patch: 8, Embed: s.width, Context: 32, Vocabulary: vocabulary, Vision: tower, Text: tower,
	}
}

// at returns the learning rate of a step: linear warm-up, then a cosine to 0.
func (s settings) at(step int) float32 {
	if step < s.warmup {
		return float32(s.rate * float64(step+1) / float64(s.warmup))
	}
	return float32(s.rate / 2 * (1 + math.Cos(math.Pi*float64(step-s.warmup)/float64(s.steps-s.warmup))))
}

func run(ctx context.Context, s settings, out, work, want string) error {
	device, info, err := backend.Open(ctx, backend.Options{Want: want, Install: true, Notice: func(m string) { log.Print(m) }})
	if err != nil {
		return err
	}
	log.Printf("backend %s, plugin %s, %d cores", info.Backend, info.Plugin, info.Cores)
	tokenizer := clip.NewTokenizer().Cut(mini.Captions())
	weights := clip.Random(s.size(tokenizer.Vocabulary()), transform.Stream(s.seed, "init"))
	p, err := newPretrainer(device, weights)
	if err != nil {
		return err
	}
	state := filepath.Join(work, "state.gob")
	first, err := p.load(state, s)
	if err != nil {
		return err
	}
	feed := newFeed(ctx, s, tokenizer, first)
	if err := p.train(ctx, s, feed, first, state); err != nil {
		return err
	}
	weights.Name = "mini"
	if weights.Values, err = p.values(clip.Scope + "/"); err != nil {
		return err
	}
	return write(weights, tokenizer, out, map[string]string{
		"settings": fmt.Sprintf("%+v", s), "backend": info.Backend, "plugin": info.Plugin, "cores": fmt.Sprint(info.Cores),
	})
}

// train runs the steps from first on, reports every 50 and saves every 250.
func (p *pretrainer) train(ctx context.Context, s settings, feed *feed, first int, state string) error {
	start, sum, count := time.Now(), 0.0, 0
	for step := first; step < s.steps; step++ {
		b, err := feed.next(ctx)
		if err != nil {
			return p.interrupted(err, step, s, state)
		}
		loss, err := p.step.Call1(b.images, b.tokens, s.keep(step, p.config.Patches()), s.at(step), float32(step+1))
		if err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		value := float64(tensors.ToScalar[float32](loss))
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("step %d: the loss is %g; lower -rate", step, value)
		}
		sum, count = sum+value, count+1
		if done := step + 1; done%50 == 0 || done == s.steps {
			left := time.Since(start) / time.Duration(done-first) * time.Duration(s.steps-done)
			log.Printf("step %d/%d  loss %.3f  rate %.2g  %.0f pictures/s  %s left", done, s.steps, sum/float64(count), s.at(step),
				float64((done-first)*s.batch)/time.Since(start).Seconds(), left.Round(time.Second))
			sum, count = 0, 0
		}
		if done := step + 1; done%250 == 0 || done == s.steps {
			if err := p.save(state, done, s); err != nil {
				return err
			}
		}
		if done := step + 1; done%500 == 0 || done == s.steps {
			if err := p.probe(feed.tokenizer); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pretrainer) interrupted(err error, step int, s settings, state string) error {
	if saved := p.save(state, step, s); saved != nil {
		return saved
	}
	return fmt.Errorf("stopped after %d of %d steps: %w; the same command goes on from there", step, s.steps, err)
}
