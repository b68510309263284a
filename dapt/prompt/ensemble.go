package prompt

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Ensembler is a learner that compares an image with the mean of several sentences for each class: each sentence's unit
// feature, averaged, of unit length again.
type Ensembler interface {
	Learner
	// Templates are the sentences, each with one {}, on a data set of this name whose own hand-crafted sentence is hand.
	Templates(dataset, hand string) ([]string, error)
}

// Ensemble is zero-shot CLIP with several sentences for each class, which is not what base-to-novel tables call CLIP
// (KaiyangZhou/CoOp trainers/zsclip.py, ZeroshotCLIP2).
type Ensemble struct {
	ZeroShot
	// List is "select", seven of ImageNet's sentences and, but on ImageNet, the data set's own; "imagenet", the 80 of OpenAI's
	// notebook Prompt_Engineering_for_ImageNet; or "promptsrc", the 60 of these that PromptSRC's text teacher takes. "" means
	// "select".
	List string
}

// Name returns "zero-shot-ensemble".
func (Ensemble) Name() string { return "zero-shot-ensemble" }

// Templates returns those of List.
func (e Ensemble) Templates(dataset, hand string) ([]string, error) {
	list := e.List
	if list == "" {
		list = "select"
	}
	templates, err := Templates(list)
	if err == nil && list == "select" && dataset != "ImageNet" {
		templates = append(templates, hand)
	}
	return templates, err
}

// templateFiles are lists of sentences, a line each, as published: of KaiyangZhou/CoOp and of muzairkhattak/PromptSRC, both
// trainers/imagenet_templates.py.
//
//go:embed templates
var templateFiles embed.FS

// listFiles are the files of lists.
var listFiles = map[string]string{"select": "imagenet_select.txt", "imagenet": "imagenet.txt", "promptsrc": "promptsrc.txt"}

// Templates returns a published list of sentences, each with one {}: "select", "imagenet" or "promptsrc" (see [Ensemble]).
func Templates(list string) ([]string, error) {
	text, err := fs.ReadFile(templateFiles, "templates/"+listFiles[list])
	if listFiles[list] == "" || err != nil {
		return nil, fmt.Errorf("prompt: no list of sentences is called %q, want select, imagenet or promptsrc", list)
	}
	return slices.Collect(strings.SplitSeq(strings.TrimSpace(string(text)), "\n")), nil
}
