package train

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Config is how prompts are tuned. Start from a preset, such as [Paper].
type Config struct {
	Rate     float64 // learning rate after the warm-up
	Warmup   float64 // learning rate of the first epoch
	Epochs   int
	Batch    int          // images a step
	Momentum float64      // of SGD
	Decay    float64      // weight decay of every trainable number
	Final    Final        // which prompts are kept
	Test     int          // images a batch of tests and maps; 0 fits it to the machine and the image tower
	Seed     uint64       // of every random stream
	DType    dtypes.DType // the towers' compute type, Float32, BFloat16 or Float16; prompts are always float32

	NoWarmup  bool            `json:",omitempty"` // begins the cosine with the first epoch; Warmup is not read
	Optimizer Optimizer       `json:",omitempty"`
	Crop      float64         `json:",omitempty"` // least part of an image's area that a crop has; 0 means 0.08
	Average   prompt.Gaussian `json:",omitzero"`  // of the epochs in the mean that [MeanOfEpochs] keeps

	// Checkpoint trades time for memory: the backward pass computes the insides of each block again instead of keeping
	// them.
	Checkpoint bool `json:",omitempty"`
}

// Final says which prompts a run keeps.
type Final string

const (
	// LastStep keeps the prompts after the last epoch.
	LastStep Final = "last step"
	// BestOnVal keeps the prompts after the epoch with the highest validation accuracy, the first of equals.
	BestOnVal Final = "best on val"
	// MeanOfEpochs keeps the mean of the prompts after each epoch, weighed by Config.Average: PromptSRC's Gaussian prompt
	// aggregation (muzairkhattak/PromptSRC trainers/promptsrc.py).
	MeanOfEpochs Final = "mean of epochs"
)

// Optimizer is how gradients move the prompts.
type Optimizer string

// The optimisers, as PyTorch defines them.
const (
	SGD   Optimizer = ""      // with Config.Momentum, without dampening or Nesterov; Config.Decay is added to the gradient
	AdamW Optimizer = "adamw" // with betas 0.9 and 0.999, and Config.Decay decoupled from the gradient
)

// ConfigOf returns how a learner's authors tuned it.
func ConfigOf(p prompt.Preset) Config {
	c := Paper()
	c.Rate, c.Epochs, c.Batch, c.Crop, c.Average = p.Rate, p.Epochs, p.Batch, p.Crop, p.Average
	c.Final = LastStep
	c.NoWarmup = p.NoWarm
	if p.AdamW {
		c.Optimizer, c.Momentum = AdamW, 0
	}
	if p.Average != (prompt.Gaussian{}) {
		c.Final = MeanOfEpochs
	}
	return c
}

// Shortened returns the config with at most so many epochs; the density of [MeanOfEpochs] is brought nearer with them.
func (c Config) Shortened(most int) Config {
	if c.Epochs > most {
		part := float64(most) / float64(c.Epochs)
		c.Average.Mean, c.Average.Deviation = part*c.Average.Mean, part*c.Average.Deviation
		c.Epochs = most
	}
	return c
}

// Weights are those of the epochs in the mean that [MeanOfEpochs] keeps; their sum is 1.
func (c Config) Weights() []float64 {
	weights := make([]float64, c.Epochs)
	for i := range weights {
		at := (float64(i+1) - c.Average.Mean) / c.Average.Deviation
		weights[i] = math.Exp(-at * at / 2)
	}
	floats.Scale(1/floats.Sum(weights), weights)
	return weights
}

// Paper returns the published few-shot and data-efficient setting (Ferenas/DAPT configs/trainers/MaPLe/vit_b16_t.yaml).
func Paper() Config {
	return Config{
		Rate: 0.0035, Warmup: 1e-5, Epochs: 10, Batch: 4, Momentum: 0.9, Decay: 5e-4, Final: BestOnVal,
		DType: dtypes.Float32,
	}
}

// PaperBaseToNovel returns the base-to-novel setting that the reference's RUN.md names
// (vit_b16_c2_ep5_batch4_2ctx.yaml). Its own DAPT file asks for batches of 1.
func PaperBaseToNovel() Config {
	c := Paper()
	c.Epochs = 5
	return c
}

// PaperCrossDataset returns the setting of cross-dataset transfer and domain generalisation
// (vit_b16_c2_ep5_batch4_2ctx_cross_datasets.yaml). The published code never writes a checkpoint in it.
func PaperCrossDataset() Config {
	c := Paper()
	c.Rate, c.Epochs, c.Final = 0.0026, 2, LastStep
	return c
}

// At returns the learning rate of an epoch, counted from 0: constant warm-up, then a cosine that never reaches its end
// (KaiyangZhou/Dassl.pytorch dassl/optim/lr_scheduler.py).
func (c Config) At(epoch int) float64 {
	if epoch == 0 && !c.NoWarmup {
		return c.Warmup
	}
	if !c.NoWarmup {
		epoch--
	}
	return c.Rate / 2 * (1 + math.Cos(math.Pi*float64(epoch)/float64(c.Epochs)))
}

// Validate names the first field that cannot be, its value and what would do.
func (c Config) Validate() error {
	for _, count := range []struct {
		name         string
		value, least int
	}{{"Epochs", c.Epochs, 1}, {"Batch", c.Batch, 1}, {"Test", c.Test, 0}} {
		if count.value < count.least {
			return fmt.Errorf("train: %s is %d, want at least %d", count.name, count.value, count.least)
		}
	}
	for _, number := range []struct {
		name  string
		value float64
	}{{"Rate", c.Rate}, {"Warmup", c.Warmup}, {"Momentum", c.Momentum}, {"Decay", c.Decay}} {
		if !(number.value >= 0) || math.IsInf(number.value, 1) {
			return fmt.Errorf("train: %s is %g, want a finite number of at least 0", number.name, number.value)
		}
	}
	switch c.Final {
	case LastStep, BestOnVal:
	case MeanOfEpochs:
		sum := floats.Sum(c.Weights())
		if !(c.Average.Deviation > 0) || math.IsNaN(sum) {
			return fmt.Errorf("train: Average is %+v, with which %d epochs have no mean: want a Mean among them and a Deviation above 0, both in epochs", c.Average, c.Epochs)
		}
	default:
		return fmt.Errorf("train: Final is %q, want %q, %q or %q", c.Final, LastStep, BestOnVal, MeanOfEpochs)
	}
	if c.Optimizer != SGD && c.Optimizer != AdamW {
		return fmt.Errorf("train: Optimizer is %q, want %q for SGD or %q", c.Optimizer, SGD, AdamW)
	}
	if !(c.Crop >= 0 && c.Crop <= 1) {
		return fmt.Errorf("train: Crop is %g, want a part of an image's area, 0 to 1", c.Crop)
	}
	if c.DType != dtypes.Float32 && c.DType != dtypes.BFloat16 && c.DType != dtypes.Float16 {
		return fmt.Errorf("train: DType is %s, want Float32, BFloat16 or Float16", c.DType)
	}
	return nil
}
