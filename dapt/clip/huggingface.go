package clip

import (
	"fmt"
	"slices"
	"strings"
)

// huggingFaceNames are OpenAI's names by Hugging Face's, outside the blocks (transformers models/clip, convert script).
var huggingFaceNames = map[string]string{
	"logit_scale": "logit_scale",
	"text_model.embeddings.token_embedding.weight":      "token_embedding.weight",
	"text_model.embeddings.position_embedding.weight":   "positional_embedding",
	"text_model.final_layer_norm.weight":                "ln_final.weight",
	"text_model.final_layer_norm.bias":                  "ln_final.bias",
	"vision_model.embeddings.class_embedding":           "visual.class_embedding",
	"vision_model.embeddings.patch_embedding.weight":    "visual.conv1.weight",
	"vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
	"vision_model.pre_layrnorm.weight":                  "visual.ln_pre.weight",
	"vision_model.pre_layrnorm.bias":                    "visual.ln_pre.bias",
	"vision_model.post_layernorm.weight":                "visual.ln_post.weight",
	"vision_model.post_layernorm.bias":                  "visual.ln_post.bias",
}

// blockNames are the parts of a block.
var blockNames = strings.NewReplacer(
	"vision_model.encoder.layers.", "visual.transformer.resblocks.", "text_model.encoder.layers.", "transformer.resblocks.",
	"self_attn.out_proj", "attn.out_proj", "layer_norm1", "ln_1", "layer_norm2", "ln_2", "mlp.fc1", "mlp.c_fc", "mlp.fc2", "mlp.c_proj",
)

// fromHuggingFace renames weights, transposes the projections, and stacks query, key and value. Names that it does not
// know stay, to be reported.
func fromHuggingFace(found map[string]tensor) (map[string]tensor, error) {
	renamed := map[string]tensor{}
	for name, t := range found {
		switch to, ok := huggingFaceNames[name]; {
		case ok:
			renamed[to] = t
		case name == "visual_projection.weight" || name == "text_projection.weight":
			if len(t.dims) != 2 {
				return nil, fmt.Errorf("clip: weight %s is %v, want 2 axes", name, t.dims)
			}
			renamed[map[string]string{"visual_projection.weight": "visual.proj", "text_projection.weight": "text_projection"}[name]] = t.transposed()
		case strings.Contains(name, ".self_attn.k_proj."), strings.Contains(name, ".self_attn.v_proj."):
		case strings.Contains(name, ".self_attn.q_proj."):
			to, packed, err := pack(found, name)
			if err != nil {
				return nil, err
			}
			renamed[to] = packed
		default:
			renamed[blockNames.Replace(name)] = t
		}
	}
	return renamed, nil
}

// pack stacks the query, key and value of a block, weights or biases.
func pack(found map[string]tensor, query string) (string, tensor, error) {
	packed := tensor{dims: slices.Clone(found[query].dims)}
	for _, part := range []string{"q_proj", "k_proj", "v_proj"} {
		name := strings.Replace(query, "q_proj", part, 1)
		t, ok := found[name]
		if !ok || !slices.Equal(t.dims, found[query].dims) || len(t.dims) == 0 {
			return "", packed, fmt.Errorf("clip: weight %s is %v, want it as %s, %v", name, t.dims, query, found[query].dims)
		}
		packed.values = append(packed.values, t.values...)
	}
	packed.dims[0] *= 3
	to := blockNames.Replace(query)
	to = strings.NewReplacer("self_attn.q_proj.weight", "attn.in_proj_weight", "self_attn.q_proj.bias", "attn.in_proj_bias").Replace(to)
	return to, packed, nil
}

// transposed swaps the axes of a matrix.
func (t tensor) transposed() tensor {
	rows, columns := t.dims[0], t.dims[1]
	values := make([]float32, len(t.values))
	for i := range rows {
		for j := range columns {
			values[j*rows+i] = t.values[i*columns+j]
		}
	}
	return tensor{[]int{columns, rows}, values}
}
