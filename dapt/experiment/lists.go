package experiment

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// checkLists finds, before anything is tuned, lists of images that runs need and their data set does not have, and class
// names that do not fit into CLIP's sentences. Without validation images the last step's prompts are kept, whatever
// [train.Config] asks for.
func checkLists(lab *Lab, runs []run) error {
	fits := map[string]bool{}
	for _, r := range runs {
		if r.trains && len(r.data.Train) == 0 {
			return fmt.Errorf("experiment: %s has no training images, and %s is tuned on some: add a list train to the data set, or test zero-shot CLIP or prompts that were tuned elsewhere",
				r.data.Name, r.method.Name())
		}
		data := []*dataset.Dataset{r.data}
		for _, t := range r.tests {
			if len(t.data.Test) == 0 {
				return fmt.Errorf("experiment: %s has no images for the test %s: add a list test to the data set, with images of its classes, %.200q", r.data.Name, t.name, t.data.Classes)
			}
			data = append(data, t.data)
		}
		for _, d := range data {
			sentences := dapt.Sentences(r.method.Learner.Template(d.Template), d.Classes)
			if key := fmt.Sprint(sentences); !fits[key] {
				fits[key] = true
				if _, err := lab.Model.Tokenizer.Tokenize(sentences, lab.Model.Config.Context); err != nil {
					return fmt.Errorf("experiment: class names of %s: %w", d.Name, err)
				}
			}
		}
	}
	return nil
}
