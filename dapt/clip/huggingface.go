package clip

import (
	"maps"
	"slices"
	"strings"
)

// huggingFaceNames are OpenAI's names by Hugging Face's, outside the blocks (transformers models/clip, convert script).
var huggingFaceNames = map[string]string{
	"text_model.embeddings.token_embedding.weight":      "token_embedding.weight",
	"text_model.embeddings.position_embedding.weight":   "positional_embedding",
	"text_model.final_layer_norm.weight":                "ln_final.weight",
	"text_model.final_layer_norm.bias":                  "ln_final.bias",
	"text_projection.weight":                            "text_projection",
	"vision_model.embeddings.class_embedding":           "visual.class_embedding",
	"vision_model.embeddings.patch_embedding.weight":    "visual.conv1.weight",
	"vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
	"vision_model.pre_layrnorm.weight":                  "visual.ln_pre.weight", // sic
	"vision_model.pre_layrnorm.bias":                    "visual.ln_pre.bias",
	"vision_model.post_layernorm.weight":                "visual.ln_post.weight",
	"vision_model.post_layernorm.bias":                  "visual.ln_post.bias",
	"visual_projection.weight":                          "visual.proj",
}

// blockNames are the parts of a block.
var blockNames = strings.NewReplacer(
	"vision_model.encoder.layers.", "visual.transformer.resblocks.", "text_model.encoder.layers.", "transformer.resblocks.",
	"self_attn.out_proj", "attn.out_proj", "layer_norm1", "ln_1", "layer_norm2", "ln_2", "mlp.fc1", "mlp.c_fc", "mlp.fc2", "mlp.c_proj",
	"self_attn.q_proj.weight", "attn.in_proj_weight", "self_attn.q_proj.bias", "attn.in_proj_bias",
)

// fromHuggingFace renames weights, transposes the projections, and stacks query, key and value. What cannot be one of
// OpenAI's weights keeps its name, to be reported.
func fromHuggingFace(found map[string]tensor) map[string]tensor {
	renamed := map[string]tensor{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		t := found[name]
		to, known := huggingFaceNames[name]
		if !known {
			to = blockNames.Replace(name)
		}
		ok := true
		switch {
		case strings.HasSuffix(name, "_projection.weight"):
			t, ok = t.transposed()
		case strings.Contains(name, ".self_attn.q_proj."):
			if ok = stackable(found, name); ok {
				t = stack(found, name)
			}
		case strings.Contains(name, ".self_attn.k_proj."), strings.Contains(name, ".self_attn.v_proj."):
			query := strings.NewReplacer("k_proj", "q_proj", "v_proj", "q_proj").Replace(name)
			if stackable(found, query) {
				continue
			}
		}
		if _, twice := renamed[to]; !ok || twice {
			to, t = name, found[name]
		}
		renamed[to] = t
	}
	return renamed
}

// queryKeyValue are the names of what is stacked, by that of the first.
func queryKeyValue(query string) [3]string {
	return [3]string{query, strings.Replace(query, "q_proj", "k_proj", 1), strings.Replace(query, "q_proj", "v_proj", 1)}
}

// stackable reports whether the query, key and value of a block are there and of one shape, weights or biases.
func stackable(found map[string]tensor, query string) bool {
	for _, name := range queryKeyValue(query) {
		if t, ok := found[name]; !ok || len(t.dims) == 0 || !slices.Equal(t.dims, found[query].dims) {
			return false
		}
	}
	return true
}

// stack puts query, key and value one under the other.
func stack(found map[string]tensor, query string) tensor {
	stacked := tensor{dims: slices.Clone(found[query].dims)}
	stacked.dims[0] *= 3
	for _, name := range queryKeyValue(query) {
		stacked.values = append(stacked.values, found[name].values...)
	}
	return stacked
}

// transposed swaps the axes of a matrix; anything else is false.
func (t tensor) transposed() (tensor, bool) {
	if len(t.dims) != 2 {
		return t, false
	}
	rows, columns := t.dims[0], t.dims[1]
	values := make([]float32, len(t.values))
	for i := range rows {
		for j := range columns {
			values[j*rows+i] = t.values[i*columns+j]
		}
	}
	return tensor{[]int{columns, rows}, values}, true
}
