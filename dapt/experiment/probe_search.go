package experiment

import (
	"maps"
	"math"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// Probe is how a linear probe's C, the inverse of the penalty, was searched for.
type Probe struct {
	Scan  []ProbeFit  `json:"scan"`  // from the highest C
	Steps []ProbeStep `json:"steps"` // around the first best of the scan
}

// ProbeFit is a regression.
type ProbeFit struct {
	C   float64 `json:"c"`
	Val float64 `json:"val"` // accuracy in percent on the images that C is searched on
}

// ProbeStep compares the ends of an interval; the better one, the left of equals, is the end of the next, with the middle.
type ProbeStep struct {
	Left  ProbeFit `json:"left"`
	Right ProbeFit `json:"right"`
}

// Best is the better end.
func (s ProbeStep) Best() ProbeFit {
	if s.Right.Val > s.Left.Val {
		return s.Right
	}
	return s.Left
}

// Chosen is the better end of the last step: what was tested. Without steps it is zero.
func (p Probe) Chosen() ProbeFit {
	if len(p.Steps) == 0 {
		return ProbeFit{}
	}
	return p.Steps[len(p.Steps)-1].Best()
}

const (
	probeSteps      = 8
	probeIterations = 1000               // of a fit, at most
	probeFits       = 7 + 1 + probeSteps // at most
)

// searchC looks for C as KaiyangZhou/CoOp lpclip/linear_probe.py does: seven powers of ten, then steps that halve an interval
// of two decades, in logarithms. fit returns the accuracy with a C; each is asked for once, where the original fits the end
// that stays again.
func searchC(fit func(c float64) (float64, error)) (*Probe, error) {
	known := map[float64]ProbeFit{} // by logarithm
	at := func(exponent float64) (ProbeFit, error) {
		if found, ok := known[exponent]; ok {
			return found, nil
		}
		c := math.Pow(10, exponent)
		val, err := fit(c)
		known[exponent] = ProbeFit{c, val}
		return known[exponent], err
	}
	p := &Probe{}
	peak, best := 0.0, -1.0
	for exponent := 6.0; exponent >= -6; exponent -= 2 {
		found, err := at(exponent)
		if err != nil {
			return nil, err
		}
		p.Scan = append(p.Scan, found)
		if found.Val > best {
			peak, best = exponent, found.Val
		}
	}
	left, right := peak-1, peak+1
	for range probeSteps {
		var s ProbeStep
		var err error
		if s.Left, err = at(left); err != nil {
			return nil, err
		}
		if s.Right, err = at(right); err != nil {
			return nil, err
		}
		p.Steps = append(p.Steps, s)
		if s.Best() == s.Right {
			left = (left + right) / 2
		} else {
			right = (left + right) / 2
		}
	}
	return p, nil
}

// probeDraw draws up to shots training and min(shots, 4) validation images of each class that is trained on, in the order of
// labels, from NumPy's np.random.seed(seed), and returns places in the two lists. A class with fewer is kept whole, in order,
// where the original fails, and consumes no random numbers.
func probeDraw(train, val []dataset.Item, shots int, seed uint32) (trainPlaces, valPlaces []int) {
	random := pyrand.NewNumPy(seed)
	groups := placesByLabel(train)
	labels := slices.Sorted(maps.Keys(groups))
	draw := func(groups map[int][]int, count int) (drawn []int) {
		for _, label := range labels {
			group := groups[label]
			if len(group) >= count {
				group = choose(group, random.Choice(len(group), count))
			}
			drawn = append(drawn, group...)
		}
		return drawn
	}
	return draw(groups, shots), draw(placesByLabel(val), min(shots, 4))
}

func placesByLabel(items []dataset.Item) map[int][]int {
	groups := map[int][]int{}
	for place, item := range items {
		groups[item.Label] = append(groups[item.Label], place)
	}
	return groups
}
