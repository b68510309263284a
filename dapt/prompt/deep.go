package prompt

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Where checkpoints have the deep prompts of each tower: among CLIP's own weights.
const (
	visionPrompts = "image_encoder"
	textPrompts   = "text_encoder"
)

// vision draws the prompts of the image tower.
func vision(rng *rand.Rand, depth, context, width int) []Parameter {
	list := []Parameter{normal(rng, visionPrompts+".VPT", 0.02, context, width)}
	return append(list, deeper(rng, visionPrompts, depth, context, width)...)
}

// deeper draws the prompts of a tower's blocks past the first.
func deeper(rng *rand.Rand, tower string, depth, context, width int) []Parameter {
	var list []Parameter
	for i := 1; i < depth; i++ {
		list = append(list, normal(rng, blockPrompt(tower, i), 0.02, context, width))
	}
	return list
}

// blockPrompt is the name of what is written before block i.
func blockPrompt(tower string, i int) string {
	return fmt.Sprintf("%s.transformer.resblocks.%d.VPT_shallow", tower, i)
}

// deep are a tower's prompts: the first, and those of the deeper blocks. Blocks past the end of a tower leave theirs unused.
func deep(p Values, first, tower string, depth int) []*graph.Node {
	list := []*graph.Node{p[first]}
	for i := 1; i < depth; i++ {
		list = append(list, p[blockPrompt(tower, i)])
	}
	return list
}

// blocks counts the deep prompts of a tower.
func blocks(shapes map[string][]int, tower string) int {
	deep := 0
	for name := range shapes {
		if strings.HasPrefix(name, tower+".transformer.resblocks.") && strings.HasSuffix(name, ".VPT_shallow") {
			deep++
		}
	}
	return deep
}

// count counts the tensors whose names begin with prefix.
func count(shapes map[string][]int, prefix string) int {
	found := 0
	for name := range shapes {
		if strings.HasPrefix(name, prefix) {
			found++
		}
	}
	return found
}
