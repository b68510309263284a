package prompt

// Preset is how a learner was tuned by its authors. What it leaves out is as everywhere: SGD of momentum 0.9, a weight decay
// of 5e-4, a first epoch at the rate 1e-5, then a cosine, crops of 8 to 100 % of an image, and the prompts of the last step.
type Preset struct {
	Learner Learner // with the settings of the task
	Rate    float64 // learning rate
	Epochs  int
	Batch   int     // images a step
	Shots   []int   // training images a class of the published runs, the usual one first; nil means 16
	AdamW   bool    // instead of SGD
	Crop    float64 // least part of an image's area that a crop has; 0 means 0.08
	NoWarm  bool    // begins at the full rate
	Average Gaussian
	Source  string // file of the published code
	Target  string // table and row, with its numbers in percent: see [Row]; "" if none was seen
}

// Gaussian weighs the prompts of epochs in their mean by a normal density. The zero value averages nothing.
type Gaussian struct {
	Mean      float64 // in epochs, counted from 1
	Deviation float64 // in epochs
}

// The protocols of a [Task].
const (
	baseToNovel          = "base_to_novel"
	fewShot              = "few_shot"
	dataEfficient        = "data_efficient"
	crossDataset         = "cross_dataset"
	domainGeneralization = "domain_generalization"
)

// rows are what the published tables of protocols have of each method.
var rows = map[string]string{
	baseToNovel:          "base-to-novel, average of eleven data sets, base / novel / HM: ",
	fewShot:              "few-shot, average of eleven data sets, 1 / 2 / 4 / 8 / 16 shots: ",
	crossDataset:         "cross-dataset, ImageNet / average of ten targets: ",
	domainGeneralization: "domain generalisation, ImageNet / average of four targets: ",
}

// Row is the target that a row of averages in a protocol's table is; numbers are in percent, such as "82.28 / 75.14 / 78.55".
// "" is none.
func Row(protocol, numbers string) string {
	if numbers == "" {
		return ""
	}
	return rows[protocol] + numbers
}

// PresetOf is how a learner's authors tuned it for a task, with [Preset.Shots]; for data-efficient learning as for few-shot
// unless they published it. false where nothing was published.
func PresetOf(l Learner, t Task) (Preset, bool) {
	published, ok := l.(Published)
	if !ok {
		return Preset{}, false
	}
	preset, ok := published.Preset(t)
	if !ok && t.Protocol == dataEfficient {
		t.Protocol = fewShot
		preset, ok = published.Preset(t)
		preset.Target = ""
	}
	if !ok {
		return Preset{}, false
	}
	if preset.Shots == nil {
		preset.Shots = []int{16}
	}
	return preset, true
}

// transfers tells whether a task tests on other data sets than it is tuned on.
func transfers(t Task) bool { return t.Protocol == crossDataset || t.Protocol == domainGeneralization }

// allShots are those of few-shot curves, the usual one first.
func allShots() []int { return []int{16, 1, 2, 4, 8} }

// byShots are the epochs of few-shot tuning after CoOp. 0 shots are all images.
func byShots(shots int) int {
	switch {
	case shots == 0 || shots >= 8:
		return 200
	case shots >= 2:
		return 100
	}
	return 50
}
