package main

import (
	"cmp"
	"errors"

	"github.com/gomlx/compute/dtypes"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/dapt/train"
)

// overrides are the flags of how prompts are tuned. What is not given is as published for the learner, the protocol, the data
// set and the shots.
type overrides struct {
	train.Config
	optimizer, final string
	set              *pflag.FlagSet // the command's
}

func (x *overrides) flags(f *pflag.FlagSet) {
	x.set = f
	f.IntVar(&x.Epochs, "epochs", 0, "epochs; 0 takes the published number")
	f.IntVar(&x.Batch, "batch", 0, "images a step, instead of the published number")
	f.Float64Var(&x.Rate, "rate", 0, "learning rate, instead of the published one")
	f.StringVar(&x.optimizer, "optimizer", "", "sgd or adamw, instead of the published one")
	f.Float64Var(&x.Momentum, "momentum", 0, "of sgd, which has 0.9 unless given")
	f.Float64Var(&x.Decay, "decay", 0, "weight decay, instead of the published one")
	f.Float64Var(&x.Crop, "crop", 0, "least part of an image's area that a crop has, 0 to 1, instead of the published one")
	f.StringVar(&x.final, "final", "", `which prompts to keep: "best on val", "last step" or "mean of epochs"; empty takes what was published`)
	f.Float64Var(&x.Average.Mean, "average-mean", 0, "epoch, counted from 1, that weighs most in the mean of epochs")
	f.Float64Var(&x.Average.Deviation, "average-deviation", 0, "deviation of the weights in the mean of epochs, in epochs")
}

// check finds flags that contradict each other.
func (x *overrides) check() error {
	averages := x.set.Changed("average-mean") || x.set.Changed("average-deviation")
	switch {
	case averages && x.final != string(train.MeanOfEpochs):
		return errors.New(`-average-mean and -average-deviation are of the mean of epochs: give -final "mean of epochs" too`)
	case x.optimizer != "" && x.optimizer != "sgd" && x.optimizer != string(train.AdamW):
		return errors.New("-optimizer is \"" + x.optimizer + "\", want sgd or adamw")
	}
	return nil
}

// change puts what the flags give into a config.
func (x *overrides) change(c *train.Config) {
	switch {
	case x.optimizer == string(train.AdamW):
		c.Optimizer, c.Momentum = train.AdamW, 0
	case x.optimizer != "" && c.Optimizer != train.SGD:
		c.Optimizer, c.Momentum = train.SGD, train.Paper().Momentum
	}
	c.Epochs = cmp.Or(x.Epochs, c.Epochs)
	if final := train.Final(x.final); final != "" && final != c.Final {
		c.Final, c.Average = final, x.Average
	}
	if x.set.Changed("batch") {
		c.Batch = x.Batch
	}
	for name, number := range map[string]struct{ to, from *float64 }{
		"rate": {&c.Rate, &x.Rate}, "momentum": {&c.Momentum, &x.Momentum}, "decay": {&c.Decay, &x.Decay}, "crop": {&c.Crop, &x.Crop},
		"average-mean": {&c.Average.Mean, &x.Average.Mean}, "average-deviation": {&c.Average.Deviation, &x.Average.Deviation},
	} {
		if x.set.Changed(name) {
			*number.to = *number.from
		}
	}
	if x.DType != dtypes.InvalidDType {
		c.DType = x.DType
	}
}
