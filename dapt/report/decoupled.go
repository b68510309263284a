package report

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// DecoupledList has a line for each image with what DAPT's losses compare and their values, and one for the mean.
func DecoupledList(found []train.Decoupled) List {
	l := List{
		Caption: "Images, views and losses", Labels: 1,
		Lines: [][]string{{"class", "p image", "p foreground", "p background", "to foreground", "to background", "background text", "L_cls", "L_v", "L_f", "L_b"}},
		Notes: []string{
			"p: probability of the image's class by the image, its foreground and its background, percent.",
			"to foreground, to background: distance of the image's unit feature to those of its views.",
			"background text: the one that the background view is nearest to; L_b pulls it nearer.",
		},
	}
	mean := make([]float64, 9)
	for _, d := range found {
		numbers := []float64{100 * d.Share[0], 100 * d.Share[1], 100 * d.Share[2], d.Near, d.Far, d.Losses[1], d.Losses[2], d.Losses[3], d.Losses[4]}
		for i, number := range numbers {
			mean[i] += number / float64(len(found))
		}
		l.Lines = append(l.Lines, decoupledLine(d.Item.Class, d.Word, numbers))
	}
	l.Lines = append(l.Lines, decoupledLine("mean", "", mean))
	return l
}

func decoupledLine(class, word string, numbers []float64) []string {
	line := []string{class}
	for i, number := range numbers {
		if i == 5 {
			line = append(line, word)
		}
		format := "%.3f"
		if i < 3 {
			format = "%.1f"
		}
		line = append(line, fmt.Sprintf(format, number))
	}
	return line
}

// LossList shows how the terms of a batch, the means over its images, add up in each phase.
func LossList(found []train.Decoupled, c dapt.Config) List {
	mean := make([]float64, len(dapt.Names()))
	for _, d := range found {
		for i, loss := range d.Losses {
			mean[i] += loss / float64(len(found))
		}
	}
	l := List{
		Caption: "The batch's losses, weighed", Labels: 2, Lines: [][]string{{"phase", "sum", "L_cls", "L_v", "L_f", "L_b", "total"}},
		Notes: []string{fmt.Sprintf("The mode of this setting is %q.", c.Mode)},
	}
	for _, p := range []struct {
		name, sum    string
		first, other float64
	}{
		{"1", "L_cls + λ_v L_v", 1, 0}, {"2", "L_cls + λ_f L_f + λ_b L_b", 0, 1}, {"joint", "all four", 1, 1},
	} {
		terms := []float64{mean[1], p.first * c.V * mean[2], p.other * c.F * mean[3], p.other * c.B * mean[4]}
		line, total := []string{p.name, p.sum}, 0.0
		for _, term := range terms {
			line, total = append(line, fmt.Sprintf("%.3f", term)), total+term
		}
		l.Lines = append(l.Lines, append(line, fmt.Sprintf("%.3f", total)))
	}
	return l
}

// StepCurves are the losses of successive steps, each in the order of [dapt.Names]; terms that are 0 throughout are left
// out.
func StepCurves(title string, steps [][]float32) ([]Figure, error) {
	c := chart.Chart{Title: title, Axis: "step", Over: fmt.Sprintf("%d steps", len(steps))}
	for i, name := range dapt.Names() {
		line, zero := chart.Curve{Name: name, Style: i}, true
		for step, losses := range steps {
			line.Points = append(line.Points, chart.Point{X: float64(step + 1), Mean: float64(losses[i])})
			zero = zero && losses[i] == 0
		}
		if !zero {
			c.Curves = append(c.Curves, line)
		}
	}
	return chart.Draw([]chart.Chart{c})
}

// GuessList has a line for each image with the classes that it is taken for, likeliest first. Labels of items are not read.
func GuessList(items []dataset.Item, guesses [][]train.Guess) List {
	l := List{Caption: "What the images are taken for", Labels: 1, Lines: [][]string{{"image"}}}
	for i, item := range items {
		line := []string{item.Path}
		for _, g := range guesses[i] {
			line = append(line, fmt.Sprintf("%s %.1f %%", g.Class, 100*g.Share))
		}
		for len(l.Lines[0]) < len(line) {
			l.Lines[0] = append(l.Lines[0], fmt.Sprintf("guess %d", len(l.Lines[0])))
		}
		l.Lines = append(l.Lines, line)
	}
	return l
}
