package prompt

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// PromptKD is prompt distillation (Li et al., CVPR 2024; zhengli97/PromptKD trainers/promptkd.py): vision prompts, and a
// projector into the joint embedding of a teacher, whose logits are learned on images without labels. The class texts are the
// teacher's; the text tower is not used.
//
// The published code keeps the epoch that is best on test images. This one keeps the last, which no test image chooses.
type PromptKD struct {
	Context         int     // tokens a block of the image tower; 0 means 4
	Depth           int     // prompted blocks of the image tower, from the first; 0 means 9, and 3 where other data sets are tested
	Weight          float64 // of the divergence from the teacher; 0 means the published one of the data set, less than 0 leaves the term out
	Temperature     float64 // that both logits are divided by; 0 means 1
	Embed           int     // numbers of the teacher's joint embedding; 0 means as many as the student's
	Teacher         string  // name of the learner that teaches; "" means promptsrc, with prompts in 9 blocks of both towers
	TeacherSettings string  // fields of it as JSON, such as {"Depth": 3}; "" leaves the published ones
}

// Name returns "promptkd".
func (PromptKD) Name() string { return "promptkd" }

// Trains says images: the class texts are the teacher's, and fixed.
func (PromptKD) Trains() Parts { return Images }

// teacher finds the learner that teaches.
func (l PromptKD) teacher() (Learner, error) {
	name, settings := l.Teacher, ""
	if name == "" {
		name, settings = "promptsrc", `{"TextDepth": 9, "VisionDepth": 9}` // whatever the student's depth
	}
	taught, err := Find(name, []byte(settings))
	if err == nil {
		taught, err = With(taught, []byte(l.TeacherSettings))
	}
	if err != nil {
		return nil, fmt.Errorf("prompt: the teacher of promptkd: %w", err)
	}
	_, distilled := taught.(Distilled)
	if _, conditional := taught.(Conditional); distilled || conditional {
		return nil, fmt.Errorf("prompt: %s cannot teach promptkd: want a learner with one text for each class, and no teacher of its own", taught.Name())
	}
	return taught, nil
}

// Taught is the learner that Teacher names. Settings that are wrong are an error of [PromptKD.Parameters], and nil here.
func (l PromptKD) Taught() Learner {
	taught, _ := l.teacher()
	return taught
}

// Template is the teacher's sentence.
func (l PromptKD) Template(hand string) string {
	if taught := l.Taught(); taught != nil {
		return taught.Template(hand)
	}
	return hand
}

// On takes the teacher's embedding, the published weight of the data set (scripts/promptkd/base2new_train.sh), and fewer
// prompted blocks where other data sets are tested (scripts/promptkd/xd_train.sh).
func (l PromptKD) On(t Task) Learner {
	if l.Embed == 0 {
		l.Embed = t.Teacher
	}
	across := transfers(t)
	if l.Weight == 0 {
		l.Weight = 1000
		if !across && slices.Contains([]string{"FGVCAircraft", "OxfordFlowers", "DescribableTextures"}, t.Dataset) {
			l.Weight = 200
		}
	}
	if l.Depth == 0 && across {
		l.Depth = 3
	}
	return l
}

func (l PromptKD) depth() int { return cmp.Or(l.Depth, 9) }

// Names of the projector's tensors, which stand beside CLIP's.
const (
	projector   = "VPT_image_trans.conv1."
	runningMean = projector + "1.running_mean"
	runningVar  = projector + "1.running_var"
)

// Parameters are the vision prompts, [context, visionWidth] each, and the projector: two linear layers, as convolutions of one
// pixel, [out, in, 1, 1], with the gain, shift and running statistics [out] of a batch normalisation between them.
func (l PromptKD) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context, l.Depth); err != nil {
		return nil, err
	}
	const largest = 4096 // numbers of a joint embedding
	if l.Embed < 0 || l.Embed > largest {
		return nil, fmt.Errorf("prompt: the joint embedding of promptkd's teacher has %d numbers, want at most %d, and 0 for the student's own", l.Embed, largest)
	}
	if !(l.Temperature >= 0) || math.IsInf(l.Temperature, 1) {
		return nil, fmt.Errorf("prompt: Temperature of promptkd is %g, want a finite number above 0, or 0 for 1", l.Temperature)
	}
	if _, err := l.teacher(); err != nil {
		return nil, err
	}
	list := vision(rng, l.depth(), cmp.Or(l.Context, 4), m.Config.Vision.Width)
	out := cmp.Or(l.Embed, m.Config.Embed)
	constant := func(name string, value float32, buffer bool) Parameter {
		return Parameter{Name: name, Dims: []int{out}, Value: slices.Repeat([]float32{value}, out), Buffer: buffer}
	}
	list = append(list, pixel(linear(rng, projector+"0", out, m.Config.Embed))...)
	list = append(list, constant(projector+"1.weight", 1, false), constant(projector+"1.bias", 0, false), constant(runningMean, 0, true), constant(runningVar, 1, true))
	return append(list, pixel(linear(rng, projector+"3", out, out))...), nil
}

// pixel makes the weight of a linear layer that of a convolution of one pixel.
func pixel(layer []Parameter) []Parameter {
	layer[0].Dims = append(layer[0].Dims, 1, 1)
	return layer
}

// Prompts are those of the image tower, and the projector.
func (l PromptKD) Prompts(p Values) Prompts {
	return Prompts{
		Vision:  deep(p, visionPrompts+".VPT", visionPrompts, l.depth()),
		Project: func(views []*graph.Node, training bool) ([]*graph.Node, Values) { return project(p, views, training) },
	}
}

// project is linear, batch normalisation, ReLU, linear, one function for all views: in training it is normalised by the mean
// and variance of the first, which the running statistics follow, else by those. So the first view is what the published code
// computes, and other views are compared with it as they will be in tests.
func project(p Values, views []*graph.Node, training bool) ([]*graph.Node, Values) {
	const epsilon, momentum = 1e-5, 0.1
	inner := make([]*graph.Node, len(views))
	for i, view := range views {
		inner[i] = convolve(p, projector+"0", view)
	}
	mean, variance := p[runningMean], p[runningVar]
	var buffers Values
	if training {
		batch := views[0].Shape().Dim(0)
		if batch < 2 {
			exceptions.Panicf("prompt: promptkd normalises by the variance over a batch of %d image, want at least 2 in a step", batch)
		}
		mean = graph.ReduceMean(inner[0], 0)
		variance = graph.ReduceMean(graph.Square(graph.Sub(inner[0], graph.ExpandAxes(mean, 0))), 0)
		follow := func(old, new *graph.Node) *graph.Node {
			return graph.Add(graph.MulScalar(old, 1-momentum), graph.MulScalar(graph.StopGradient(new), momentum))
		}
		unbiased := graph.MulScalar(variance, float64(batch)/float64(batch-1))
		buffers = Values{runningMean: follow(p[runningMean], mean), runningVar: follow(p[runningVar], unbiased)}
	}
	gain := graph.Div(p[projector+"1.weight"], graph.Sqrt(graph.AddScalar(variance, epsilon)))
	outer := make([]*graph.Node, len(views))
	for i, x := range inner {
		x = graph.Mul(graph.Sub(x, graph.ExpandAxes(mean, 0)), graph.ExpandAxes(gain, 0))
		x = graph.Add(x, graph.ExpandAxes(p[projector+"1.bias"], 0))
		outer[i] = convolve(p, projector+"3", graph.MaxScalar(x, 0))
	}
	return outer, buffers
}

// convolve maps x [batch, in] by a convolution of one pixel, to [batch, out].
func convolve(p Values, name string, x *graph.Node) *graph.Node {
	weight := p[name+".weight"]
	weight = graph.Reshape(weight, weight.Shape().Dim(0), weight.Shape().Dim(1))
	return graph.Add(graph.Einsum("bi,oi->bo", x, weight), graph.ExpandAxes(p[name+".bias"], 0))
}

// Terms is the divergence from the teacher.
func (l PromptKD) Terms() []Term { return []Term{{"distil", weight(l.Weight, 1000)}} }

// Loss is the divergence of the student's logits from the teacher's, per logit and times the squared temperature.
func (l PromptKD) Loss(s Step) []*graph.Node {
	cool := cmp.Or(l.Temperature, 1)
	loss := divergence(graph.DivScalar(s.Teacher, cool), graph.DivScalar(s.Logits(s.Image, s.Texts), cool))
	return []*graph.Node{graph.MulScalar(loss, cool*cool)}
}

// Preset is that of PromptKD's authors, without their choice of an epoch on test images. Where other data sets are tested, they
// tuned on the images of each.
func (l PromptKD) Preset(t Task) (Preset, bool) {
	const config = "zhengli97/PromptKD configs/trainers/PromptKD/vit_b16_c2_ep20_batch8_4+4ctx"
	const last = " (ours: the last step; theirs is the one that is best on test images)"
	p := Preset{Learner: l.On(t), Rate: 0.005, Epochs: 20, Batch: 8, Source: config + ".yaml" + last}
	switch t.Protocol {
	case "":
	case baseToNovel:
		p.Target = Row(t.Protocol, "86.96 / 80.73 / 83.73 (with a teacher of ViT-L/14, and epochs chosen on test images)")
	case crossDataset, domainGeneralization:
		p.Source = config + "_cross_datasets.yaml" + last
		p.Target = "its rows are of students that were tuned on each target's images"
	default:
		return Preset{}, false
	}
	return p, true
}

// Lesson is how the published teacher was tuned (configs/trainers/PromptSRC/vit_l14_c2_ep20_batch8_4+4ctx.yaml); false for
// another learner.
func (l PromptKD) Lesson(t Task) (Preset, bool) {
	return Preset{
		Learner: l.Taught(), Rate: 0.005, Epochs: 20, Batch: 8, Average: Gaussian{Mean: 15, Deviation: 1},
		Source: "zhengli97/PromptKD configs/trainers/PromptSRC/vit_l14_c2_ep20_batch8_4+4ctx.yaml",
	}, l.Teacher == "" && (t.Protocol == baseToNovel || t.Protocol == "")
}

// Recognize reads the sizes off the vision prompts and the projector. The teacher's texts are not in published checkpoints.
func (PromptKD) Recognize(shapes map[string][]int) (Recognition, bool) {
	patch, first, second := shapes[visionPrompts+".VPT"], shapes[projector+"0.weight"], shapes[projector+"3.weight"]
	if len(patch) != 2 || len(first) != 4 || !slices.Equal(second, []int{first[0], first[0], 1, 1}) || shapes["ctx"] != nil {
		return Recognition{}, false
	}
	depth := 1 + blocks(shapes, visionPrompts)
	return Recognition{
		Learner: PromptKD{Context: patch[0], Depth: depth, Embed: first[0]}, Tensors: depth + count(shapes, projector),
		Beside: []string{projector}, Unread: []string{projector + "1.num_batches_tracked"},
	}, true
}
