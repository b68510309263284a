package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// TuningList says how the methods of an experiment were tuned, a line for each way.
func TuningList(ways []experiment.Tuned) List {
	list := List{
		Caption: "How each was tuned", Labels: 1,
		Lines: [][]string{{"methods", "shots", "epochs", "batch", "rate", "optimiser", "keeps", "after"}},
		Notes: []string{"shots: training images a class. rate: learning rate after the warm-up. DAPT's own: nothing was published of the learner for this protocol."},
	}
	for _, w := range ways {
		optimiser := "SGD"
		if w.Config.Optimizer == train.AdamW {
			optimiser = "AdamW"
		}
		list.Lines = append(list.Lines, []string{
			strings.Join(w.Methods, ", "), w.Images(), fmt.Sprint(w.Config.Epochs), fmt.Sprint(w.Config.Batch), fmt.Sprint(w.Config.Rate),
			optimiser, string(w.Config.Final), cmp.Or(w.Source, "DAPT's own"),
		})
	}
	return list
}

// tuning is how they were tuned, if that is known.
func (l *Learners) tuning() []List {
	if len(l.Tuning.Lines) == 0 {
		return nil
	}
	return []List{l.Tuning}
}
