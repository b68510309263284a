package mask

import (
	"cmp"
	"context"
	"errors"
	"image"
	"maps"
	"slices"
	"sync"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
)

// Defect is what is wrong, or likely wrong, with a mask.
type Defect string

// Defects, the worst first.
const (
	Missing     Defect = "missing"     // there is no file
	Undecodable Defect = "undecodable" // the file is no image or broken
	MisSized    Defect = "mis-sized"   // it has another size than its image
	Shared      Defect = "shared"      // it is the mask of another image too
	Empty       Defect = "empty"       // nothing is foreground
	Full        Defect = "full"        // everything is foreground
	Inverted    Defect = "inverted"    // foreground lies along the border and not in the middle
	Grays       Defect = "grays"       // it has many values that are neither near black and white nor labels
	Rim         Defect = "rim"         // it is read as labels, but its white part is background and only a thin rim foreground
	Ringing     Defect = "ringing"     // it is labels in JPEG, which blurs them: what is beside a segment counts as one
)

// Defects are all of them, the worst first.
var Defects = []Defect{Missing, Undecodable, MisSized, Shared, Empty, Full, Inverted, Grays, Rim, Ringing}

// Refused reports whether training with these files refuses a mask that has the defect: see [Files.Check].
func (f Files) Refused(d Defect) bool {
	switch d {
	case Missing:
		return f.Fallback == nil
	case MisSized:
		return f.Decode != Official
	case Empty:
		return !f.AllowEmpty
	}
	return d == Undecodable || d == Shared
}

// Finding is what a mask looks like.
type Finding struct {
	Image   string   `json:"image"`
	Class   string   `json:"class"`
	Mask    string   `json:"mask,omitempty"` // below FS; "" if it is missing
	Defects []Defect `json:"defects,omitempty"`
	Detail  string   `json:"detail,omitempty"` // what reading it says
	Share   float64  `json:"share"`            // of foreground, a fraction; 0 if it cannot be read
	Read    bool     `json:"read"`             // it could be decoded
}

// ClassShare is how much of the masks of a class is foreground, as fractions.
type ClassShare struct {
	Class string  `json:"class"`
	Masks int     `json:"masks"` // that could be read
	Mean  float64 `json:"mean"`  // over masks, like the next two; 0 if there is none
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// Report is what [Survey] found.
type Report struct {
	Findings []Finding      `json:"findings"` // in the order of the items, each image once
	Counts   map[Defect]int `json:"counts"`
	Refused  int            `json:"refused"` // masks that training refuses
	Values   [256]int64     `json:"values"`  // pixels by value as stored, of all masks: palettes count by index
	Classes  []ClassShare   `json:"classes"` // by name
}

// Of returns the findings that have a defect.
func (r Report) Of(d Defect) []Finding {
	var found []Finding
	for _, f := range r.Findings {
		if slices.Contains(f.Defects, d) {
			found = append(found, f)
		}
	}
	return found
}

// Survey looks at the masks of all items, on all processors, and reads each file once. Files must be those of the items' data
// set: see [Files.For]. seen is told how many images are done, in ascending order, if it is not nil. What is wrong with a mask
// is a finding; the error says that the files as a whole are wrong, or that ctx ended.
func Survey(ctx context.Context, f Files, items []dataset.Item, seen func(done int)) (Report, error) {
	if err := f.validate(); err != nil {
		return Report{}, err
	}
	if f.data == nil {
		return Report{}, errors.New("mask: Survey compares masks with their images: call For with the data set")
	}
	items = slices.Clone(items)
	known := map[string]bool{}
	items = slices.DeleteFunc(items, func(item dataset.Item) bool { again := known[item.Path]; known[item.Path] = true; return again })
	report := Report{Findings: make([]Finding, len(items)), Counts: map[Defect]int{}}
	var lock sync.Mutex // of report.Values and done
	done := 0
	err := parallel.Each(ctx, len(items), func(i int) error {
		finding, values, err := f.look(items[i])
		if err != nil {
			return err
		}
		report.Findings[i] = finding
		lock.Lock()
		defer lock.Unlock()
		for v, n := range values {
			report.Values[v] += n
		}
		if done++; seen != nil {
			seen(done)
		}
		return ctx.Err()
	})
	if err != nil {
		return Report{}, err
	}
	report.share()
	report.count(f)
	return report, nil
}

// look reads an item's mask. The error is of a file system that cannot be read at all.
func (f Files) look(item dataset.Item) (Finding, [256]int64, error) {
	found := Finding{Image: item.Path, Class: item.Class}
	name, err := f.find(item)
	if err != nil {
		return found, [256]int64{}, err
	}
	if name == "" {
		found.Defects = []Defect{Missing}
		return found, [256]int64{}, nil
	}
	found.Mask = name
	img, format, err := f.stored(name)
	if err != nil {
		found.Defects, found.Detail = []Defect{Undecodable}, err.Error()
		return found, [256]int64{}, nil
	}
	values, rule := histogram(img), f.rule(img, format)
	mask, err := rule.apply(img)
	if err != nil {
		return found, values, err
	}
	if rule == Official {
		mask = mapped(mask, labelled)
	}
	found.Read, found.Share = true, Covered(mask)
	if err := f.sized(mask, pair{item.Path, name}); err != nil {
		found.Defects, found.Detail = append(found.Defects, MisSized), err.Error()
	}
	if found.Share > 0 || rule != Official || values[0] == int64(len(mask.Pix)) { // Official makes a rim of what is white alone
		found.Defects = append(found.Defects, shapeDefects(mask, found.Share)...)
	}
	found.Defects = append(found.Defects, valueDefects(values, format, rule != Binary)...)
	return found, values, nil
}

func histogram(img image.Image) [256]int64 {
	var counts [256]int64
	for _, v := range labels(img).Pix {
		counts[v]++
	}
	return counts
}

// shapeDefects are those that show in what is foreground.
func shapeDefects(mask *image.Gray, share float64) []Defect {
	switch {
	case share == 0:
		return []Defect{Empty}
	case share == 1:
		return []Defect{Full}
	}
	size := mask.Rect.Size()
	border := shareOf(mask, func(x, y int) bool { return x == 0 || y == 0 || x == size.X-1 || y == size.Y-1 })
	middle := shareOf(mask, func(x, y int) bool { return 3*x >= size.X && 3*x < 2*size.X && 3*y >= size.Y && 3*y < 2*size.Y })
	if border > 0.75 && middle < 0.25 {
		return []Defect{Inverted}
	}
	return nil
}

// shareOf is the share of foreground among the pixels that inside chooses.
func shareOf(mask *image.Gray, inside func(x, y int) bool) float64 {
	on, all := 0, 0
	for i, v := range mask.Pix {
		if inside(i%mask.Stride, i/mask.Stride) {
			all++
			on += int(v) / 255
		}
	}
	return float64(on) / float64(max(all, 1))
}

// valueDefects are those that show in the values as stored.
func valueDefects(values [256]int64, format string, byLabel bool) []Defect {
	var all, between, middle, grays int64
	for v, n := range values {
		all += n
		if n > 0 && 0 < v && v < 255 {
			grays++
			between += n
		}
		if 32 <= v && v < 224 {
			middle += n
		}
	}
	var found []Defect
	if grays > 32 && 10*middle > all {
		found = append(found, Grays)
	}
	if byLabel && 20*values[255] > all && 4*between < values[255] {
		found = append(found, Rim)
	}
	if byLabel && format == "jpeg" && between > 0 {
		found = append(found, Ringing)
	}
	return found
}

// share fills in the masks that several images have, and the classes.
func (r *Report) share() {
	images := map[string]int{}
	for _, f := range r.Findings {
		images[f.Mask]++
	}
	classes := map[string]*ClassShare{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Mask != "" && images[f.Mask] > 1 {
			f.Defects = append(f.Defects, Shared)
		}
		c := classes[f.Class]
		if c == nil {
			c = &ClassShare{Class: f.Class}
			classes[f.Class] = c
		}
		c.add(*f)
	}
	for _, name := range slices.Sorted(maps.Keys(classes)) {
		c := classes[name]
		c.Mean /= float64(max(c.Masks, 1))
		r.Classes = append(r.Classes, *c)
	}
}

// add makes Mean a sum.
func (c *ClassShare) add(f Finding) {
	switch {
	case !f.Read:
		return
	case c.Masks == 0:
		c.Min, c.Max = f.Share, f.Share
	}
	c.Masks++
	c.Mean += f.Share
	c.Min, c.Max = min(c.Min, f.Share), max(c.Max, f.Share)
}

// count sorts each finding's defects, the worst first, and counts them.
func (r *Report) count(f Files) {
	for i := range r.Findings {
		defects := r.Findings[i].Defects
		slices.SortFunc(defects, func(a, b Defect) int { return cmp.Compare(slices.Index(Defects, a), slices.Index(Defects, b)) })
		for _, d := range defects {
			r.Counts[d]++
		}
		if slices.ContainsFunc(defects, f.Refused) {
			r.Refused++
		}
	}
}
