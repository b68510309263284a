package prompt

// Preset is how a learner was tuned by its authors. What it leaves out is as everywhere: SGD of momentum 0.9, a weight decay
// of 5e-4, a first epoch at the rate 1e-5, then a cosine, and crops of 8 to 100 % of an image.
type Preset struct {
	Learner Learner // with the settings of the task
	Rate    float64 // learning rate
	Epochs  int
	Batch   int     // images a step
	Shots   []int   // training images a class of the published runs, the usual one first; nil means 16
	AdamW   bool    // instead of SGD
	Crop    float64 // least part of an image's area that a crop has; 0 means 0.08
	NoWarm  bool    // begins at the full rate
	Best    bool    // keeps the epoch that is best on validation images; false keeps the last step
	Average Gaussian
	Source  string // file of the published code
	Target  string // table and row, with its numbers in percent; "" if none was seen
}

// Gaussian weighs the prompts of epochs in their mean by a normal density. The zero value averages nothing.
type Gaussian struct {
	Mean      float64 // in epochs, counted from 1
	Deviation float64 // in epochs
}
