package prompt

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/nn"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// MMRL is multi-modal representation learning (Guo and Gu, CVPR 2025; yunncheng/MMRL trainers/mmrl.py, clip/model_mmrl.py):
// tokens of a space that both towers share are inserted into their last blocks, and what the image tower makes of them is a
// second feature, which tells the classes that were tuned on and no others.
//
// Logits are by CLIP's own scale, which is 100 in all that OpenAI published; the published code has that number instead.
type MMRL struct {
	Tokens int     // representation tokens, the same for all blocks; 0 means 5
	Width  int     // numbers of each; 0 means the published one of the data set, which is 512 but for EuroSAT
	Depth  int     // blocks with tokens, up to the last; 0 means the published 7 of 12, and the same part of others, by the shallower tower
	Share  float64 // of the second feature in the loss and in logits, up to 1; 0 means 0.3, less than 0 leaves it out
	Weight float64 // of the distances of image features and of texts to CLIP's; 0 means the published one of the task, less than 0 leaves them out
}

// Names are those of the published code's parameters, in whose checkpoints they stand beside CLIP's.
const (
	representation = "representation_learner."
	tokensName     = representation + "compound_rep_tokens"
	toVision       = tokensName + "_r2vproj"
	toText         = tokensName + "_r2tproj"
	secondName     = visionPrompts + ".proj_rep"
)

// mostWidth bounds the width of tokens to four times the widest published.
const mostWidth = 8192

// Name returns "mmrl".
func (MMRL) Name() string { return "mmrl" }

// Trains says everything, and no word at the input.
func (MMRL) Trains() Parts { return Classes | Deep | Images }

// mmrlWeights are those of the published code, by data set (trainers/config.py).
var mmrlWeights = map[string]float64{
	"ImageNet": 0.5, "Caltech101": 0.5, "OxfordPets": 0.2, "StanfordCars": 7, "OxfordFlowers": 4, "Food101": 5, "FGVCAircraft": 6,
	"SUN397": 6, "DescribableTextures": 6, "EuroSAT": 0.01, "UCF101": 3,
}

// On takes the width and the weight of the data set. Of data sets that the published code does not list, and of tuning for
// other data sets, it takes the weights of its settings files.
func (l MMRL) On(t Task) Learner {
	if l.Width == 0 && t.Dataset == "EuroSAT" {
		l.Width = 2048
	}
	if l.Weight != 0 {
		return l
	}
	switch listed := mmrlWeights[t.Dataset]; {
	case transfers(t):
		l.Weight = 0.2
	case listed == 0 && (t.Protocol == fewShot || t.Protocol == dataEfficient):
		l.Weight = 0.5
	default:
		l.Weight = cmp.Or(listed, 1)
	}
	return l
}

// Template returns the data set's hand-crafted sentence: the tokens are written over none of it.
func (MMRL) Template(hand string) string { return hand }

// depth is how many blocks have tokens in towers of so many blocks.
func (l MMRL) depth(layers int) int { return cmp.Or(l.Depth, layers*7/12, 1) }

// Parameters returns compound_rep_tokens [tokens, width]; for each block from there to the width of each tower a linear
// layer, which all start equal; and proj_rep, [visionWidth, embed]. The blocks are the last of each tower.
func (l MMRL) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Tokens, l.Depth); err != nil {
		return nil, err
	}
	if l.Width < 0 || l.Width > mostWidth {
		return nil, fmt.Errorf("prompt: MMRL with Width %d, want at most %d, and 0 for the published one", l.Width, mostWidth)
	}
	if !(l.Share <= 1) {
		return nil, fmt.Errorf("prompt: MMRL with Share %g, want at most 1, and 0 for the published one", l.Share)
	}
	layers := min(m.Config.Text.Layers, m.Config.Vision.Layers)
	depth, width := l.depth(layers), cmp.Or(l.Width, 512)
	if depth >= layers {
		return nil, fmt.Errorf("prompt: MMRL with tokens in %d blocks, but a tower of %s has %d and the first takes none: set Depth to at most %d",
			depth, m.Config, layers, layers-1)
	}
	list := []Parameter{normal(rng, tokensName, 0.02, cmp.Or(l.Tokens, 5), width)}
	for _, family := range []struct {
		name string
		out  int
	}{{toVision, m.Config.Vision.Width}, {toText, m.Config.Text.Width}} {
		layer := linear(rng, "", family.out, width)
		for i := range depth {
			for _, p := range layer {
				list = append(list, Parameter{Name: fmt.Sprintf("%s.%d%s", family.name, i, p.Name), Dims: p.Dims, Value: p.Value})
			}
		}
	}
	vision := m.Config.Vision.Width
	return append(list, normal(rng, secondName, 1/math.Sqrt(float64(vision)), vision, m.Config.Embed)), nil
}

// Prompts maps the tokens into the last blocks of both towers.
func (l MMRL) Prompts(p Values) Prompts {
	prompts := Prompts{Inserted: true, Last: true, Share: weight(l.Share, 0.3)}
	project := func(family string, i int) *graph.Node {
		name := fmt.Sprintf("%s.%d", family, i)
		return nn.Dense(p[tokensName], p[name+".weight"], p[name+".bias"], compute.DenseLayoutOutputsInput)
	}
	for i := 0; p[fmt.Sprintf("%s.%d.bias", toText, i)] != nil; i++ {
		prompts.Text, prompts.Vision = append(prompts.Text, project(toText, i)), append(prompts.Vision, project(toVision, i))
	}
	prompts.Second = func(context *graph.Node) *graph.Node {
		return graph.Einsum("bw,we->be", graph.ReduceMean(context, 1), p[secondName])
	}
	return prompts
}

// Anchors is the data set's hand-crafted sentence.
func (MMRL) Anchors(_, hand string) (Anchors, error) {
	return Anchors{Templates: []string{hand}}, nil
}

// Terms are the cross-entropies of both features, and 1 minus the mean cosines of images and of class texts with CLIP's.
func (l MMRL) Terms() []Term {
	share, near := weight(l.Share, 0.3), weight(l.Weight, 1)
	return []Term{{"cls", 1 - share}, {"rep", share}, {"image", near}, {"text", near}}
}

// Loss returns the values of [MMRL.Terms].
func (MMRL) Loss(s Step) []*graph.Node {
	return []*graph.Node{s.CrossEntropy(s.Image), s.CrossEntropy(s.Second), apart(s.Image, s.CLIP()), apart(s.Texts, s.Anchors)}
}

// Preset is that of the published scripts (yunncheng/MMRL configs/trainers/MMRL).
func (l MMRL) Preset(t Task) (Preset, bool) {
	const folder = "yunncheng/MMRL configs/trainers/MMRL/"
	p := Preset{Learner: l.On(t), Rate: 0.001, AdamW: true, Crop: 0.5, Epochs: 10, Batch: 4}
	switch t.Protocol {
	case "", baseToNovel:
		p.Source, p.Target = folder+"vit_b16.yaml", Row(baseToNovel, "85.68 / 77.16 / 81.20 (as later papers quote it)")
	case fewShot:
		p.Source, p.Epochs, p.Batch, p.Shots = folder+"vit_b16_few_shot.yaml", 50, 32, allShots()
	case crossDataset, domainGeneralization:
		p.Source, p.Epochs, p.Batch, p.NoWarm = folder+"vit_b16_cross_datasets.yaml", 1, 32, true
		if t.Protocol == domainGeneralization {
			p.Target = Row(t.Protocol, "72.03 / 60.59 (as later papers quote it)")
		}
	default:
		return Preset{}, false
	}
	if t.Dataset == "ImageNet" && !transfers(t) {
		p.Source, p.Epochs, p.Batch = folder+"vit_b16_imagenet.yaml", 5, 32
	}
	return p, true
}

// Recognize knows the tokens. A checkpoint holds CLIP too, beside whose weights it has proj_rep, and the class sentences.
func (MMRL) Recognize(shapes map[string][]int) (Recognition, bool) {
	tokens := shapes[tokensName]
	if len(tokens) != 2 {
		return Recognition{}, false
	}
	found := count(shapes, representation)
	return Recognition{
		Learner: MMRL{Tokens: tokens[0], Width: tokens[1], Depth: count(shapes, toText) / 2}, Tensors: found + 1,
		Beside: []string{representation, secondName}, Unread: []string{"prompt_embeddings"},
	}, true
}
