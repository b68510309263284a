package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"github.com/dapt-go/dapt-go/tools/backend"
)

// report is what was measured, on what.
type report struct {
	Backend    backend.Info `json:"backend"`
	CPU        string       `json:"cpu"`
	Cores      int          `json:"cores"`
	MemoryMB   float64      `json:"memory_mb"` // 10⁶ bytes; 0 where the system does not tell
	Model      string       `json:"model"`
	DType      string       `json:"dtype"`
	Batch      int          `json:"batch"`  // images a step
	Images     int          `json:"images"` // evaluated or mapped in one go
	Checkpoint bool         `json:"checkpoint"`
	Torch      string       `json:"torch,omitempty"` // version
	Rows       []row        `json:"rows"`
}

// row is one task at one number of classes. A unit is a training step or an image.
type row struct {
	Classes int       `json:"classes"`
	Task    string    `json:"task"`
	Seconds float64   `json:"seconds"` // median, a unit
	Times   []float64 `json:"times"`   // each, a unit
	GFLOP   float64   `json:"gflop"`   // 10⁹ operations of matrix products that the mathematics of a unit needs (count.go)
	Rate    float64   `json:"rate"`    // GFLOP/s of a large float32 matrix product, the median of those in turn with the times
	Share   float64   `json:"share"`   // GFLOP / Seconds / Rate
	Compile float64   `json:"compile"` // seconds that the first run took longer
	PeakMB  float64   `json:"peak_mb"` // of the whole process, compiler and weights included
	PyTorch *other    `json:"pytorch,omitempty"`
}

// other is the same by PyTorch.
type other struct {
	Seconds float64   `json:"seconds"`
	Times   []float64 `json:"times"`
	PeakMB  float64   `json:"peak_mb"`
	Faster  float64   `json:"faster"` // how often our time goes into its
	Memory  float64   `json:"memory"` // our peak, as a part of its
}

// compare adds what PyTorch answered.
func (r *row) compare(answers []reply) {
	if len(answers) == 0 {
		return
	}
	o := &other{}
	for _, a := range answers {
		o.Times = append(o.Times, a.Seconds)
		o.PeakMB = max(o.PeakMB, a.PeakMB)
	}
	o.Seconds = median(o.Times)
	o.Faster = o.Seconds / r.Seconds
	if o.PeakMB > 0 {
		o.Memory = r.PeakMB / o.PeakMB
	}
	r.PyTorch = o
}

// header names the columns of cells.
var header = []string{"classes", "a", "takes", "of matmul", "compiles in", "peak memory", "PyTorch", "faster", "its memory", "part of it"}

// cells are the row as text; PyTorch's are there only if it was measured.
func (r row) cells() []string {
	list := []string{
		fmt.Sprint(r.Classes), r.Task, duration(r.Seconds), fmt.Sprintf("%.0f %%", 100*r.Share), fmt.Sprintf("%.1f s", r.Compile), gigabytes(r.PeakMB),
	}
	if p := r.PyTorch; p != nil {
		list = append(list, duration(p.Seconds), fmt.Sprintf("%.1f ×", p.Faster), gigabytes(p.PeakMB), fmt.Sprintf("%.2f", p.Memory))
	}
	return list
}

func duration(seconds float64) string {
	if seconds < 0.5 {
		return fmt.Sprintf("%.3g ms", 1000*seconds)
	}
	return fmt.Sprintf("%.2f s", seconds)
}

func gigabytes(mb float64) string { return fmt.Sprintf("%.2f GB", mb/1000) }

// print writes the report as the options say.
func (r report) print(o options, out io.Writer) error {
	if o.plot != "" {
		if err := r.draw(o.plot); err != nil {
			return err
		}
	}
	if o.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	lines := r.lines()
	if o.asTable {
		fmt.Fprintf(out, "%s\n\n", r.caption())
		for i, line := range lines {
			fmt.Fprintf(out, "| %s |\n", strings.Join(line, " | "))
			if i == 0 {
				fmt.Fprintln(out, strings.Repeat("| --- ", len(line))+"|")
			}
		}
		return nil
	}
	fmt.Fprintln(out, r.caption())
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(table, strings.Join(line, "\t"))
	}
	return table.Flush()
}

// lines are the header and the rows, all of one length.
func (r report) lines() [][]string {
	columns := len(header)
	if !slices.ContainsFunc(r.Rows, func(r row) bool { return r.PyTorch != nil }) {
		columns -= 4
	}
	lines := [][]string{header[:columns]}
	for _, row := range r.Rows {
		cells := row.cells()
		lines = append(lines, append(cells, make([]string, columns-len(cells))...))
	}
	return lines
}

// caption says what was measured on what.
func (r report) caption() string {
	var rates []float64
	for _, row := range r.Rows {
		rates = append(rates, row.Rate)
	}
	text := fmt.Sprintf("%s in %s, MaPLe with DAPT, steps of %d images, evaluation of %d; %s (%s) on %s, %d cores; matmul %.0f GFLOP/s (f32)",
		r.Model, r.DType, r.Batch, r.Images, r.Backend.Backend, r.Backend.Plugin, cmp.Or(r.CPU, "an unnamed CPU"), r.Cores, median(rates))
	if r.Checkpoint {
		text += "; gradient checkpointing"
	}
	if r.Torch != "" {
		text += "; PyTorch " + r.Torch + " in float32"
	}
	return text
}

// draw plots the steps' seconds against the number of classes.
func (r report) draw(file string) error {
	p := plot.New()
	p.Title.Text = r.Model + ", a training step of " + fmt.Sprint(r.Batch) + " images"
	p.X.Label.Text, p.Y.Label.Text = "classes", "seconds"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(ticks), plot.TickerFunc(ticks)
	p.Legend.Top, p.Legend.Left = true, true
	var lines []any
	for _, phase := range []string{"phase 1 step", "phase 2 step"} {
		var ours, theirs plotter.XYs
		for _, row := range r.Rows {
			if row.Task != phase {
				continue
			}
			ours = append(ours, plotter.XY{X: float64(row.Classes), Y: row.Seconds})
			if row.PyTorch != nil {
				theirs = append(theirs, plotter.XY{X: float64(row.Classes), Y: row.PyTorch.Seconds})
			}
		}
		lines = append(lines, phase, ours)
		if len(theirs) > 0 {
			lines = append(lines, phase+", PyTorch", theirs)
		}
	}
	if err := plotutil.AddLinePoints(p, lines...); err != nil {
		return fmt.Errorf("bench: plotting: %w", err)
	}
	p.X.Max *= 1.1 // else the last label is cut
	p.Y.Min = min(p.Y.Min, 1)
	if err := p.Save(16*vg.Centimeter, 10*vg.Centimeter, file); err != nil {
		return fmt.Errorf("bench: writing the plot: %w", err)
	}
	return nil
}

// ticks are at 1, 2 and 5 times each power of ten; plot's own label the powers alone, of which seconds may span none.
func ticks(low, high float64) []plot.Tick {
	var list []plot.Tick
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if v := digit * power; v >= low && v <= high {
				list = append(list, plot.Tick{Value: v, Label: fmt.Sprintf("%.4g", v)})
			}
		}
	}
	return list
}
