package selection

import (
	"cmp"
	"context"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// CAL keeps contrastive examples: images that the model sees otherwise than their neighbours (Margatina et al., EMNLP
// 2021; deepcore/methods/cal.py). The score is the mean symmetric Kullback-Leibler divergence of class probabilities from
// the 10 nearest of the candidates by the features of [Herding], or from all others where there are fewer.
type CAL struct {
	// Lowest keeps the lowest scores, as the published code does.
	Lowest bool `json:",omitempty"`
	// Shuffled compares the probabilities of other images, as the published code does: it stores them class by class and
	// reads them by place in the list. Where the list is sorted by class this changes nothing.
	Shuffled bool `json:",omitempty"`
}

// Name returns "cal".
func (CAL) Name() string { return "cal" }

const neighbours = 10

// Select ranks by contrast.
func (c CAL) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, c)
	if err != nil {
		return Pick{}, err
	}
	read := items
	if c.Shuffled {
		read = pickOf(slices.Concat(Keep{}.groups(*pool)...), items)
	}
	rows, probabilities := s.mixed(items), s.probabilities(read)
	scores := make([]float64, len(items))
	for i := range items {
		near := nearest(rows, i, neighbours)
		for _, j := range near {
			scores[i] += divergence(probabilities[i], probabilities[j]) / float64(len(near))
		}
	}
	if c.Lowest {
		return lowest(items, scores, budget), nil
	}
	return highest(items, scores, budget), nil
}

// nearest returns the places of up to count rows nearest to row i, without itself.
func nearest(rows [][]float64, i, count int) []int {
	var others []int
	distances := make([]float64, len(rows))
	for j, row := range rows {
		if j != i {
			others = append(others, j)
			distances[j] = floats.Distance(rows[i], row, 2)
		}
	}
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(distances[a], distances[b]) })
	return others[:min(count, len(others))]
}
