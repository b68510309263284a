package sam2

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/go-huggingface/models/sam2"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

func TestDefaultsAreHuggingFaces(t *testing.T) {
	want := defaults()
	if err := json.Unmarshal(readReference(t).Defaults, want); err != nil {
		t.Fatal(err)
	}
	got := defaults()
	// What go-huggingface reads but does not compute with.
	for _, c := range []*sam2.Config{got, want} {
		b := &c.VisionConfig.BackboneConfig
		b.ImageSize, b.PatchKernelSize, b.PatchStride, b.PatchPadding, b.WindowPositionalEmbeddingBackgroundSize = nil, nil, nil, nil, nil
		c.VisionConfig.BackboneFeatureSizes, c.ModelType = nil, ""
		d := &c.MaskDecoderConfig
		d.DynamicMultimaskViaStability, d.DynamicMultimaskStabilityDelta, d.DynamicMultimaskStabilityThresh = false, 0, 0
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults are %+v, want %+v", got, want)
	}
}

func TestWeightsGoWhereTheyAreLookedFor(t *testing.T) {
	for name, c := range map[string]struct {
		rank   int
		want   string
		matrix bool
	}{
		"no_memory_embedding":                                            {3, "/no_memory_embedding", false},
		"shared_image_embedding.positional_embedding":                    {2, "/shared_image_embedding/positional_embedding", false},
		"vision_encoder.backbone.pos_embed":                              {4, "/vision_encoder/backbone/pos_embed", false},
		"vision_encoder.backbone.patch_embed.projection.weight":          {4, "/vision_encoder/backbone/patch_embed/projection/conv/weights", false},
		"vision_encoder.backbone.patch_embed.projection.bias":            {4, "/vision_encoder/backbone/patch_embed/projection/conv/biases", false},
		"vision_encoder.backbone.blocks.0.layer_norm1.weight":            {1, "/vision_encoder/backbone/blocks/0/layer_norm1/layer_normalization/gain", false},
		"mask_decoder.upscale_layer_norm.bias":                           {1, "/mask_decoder/upscale_layer_norm/layer_normalization/offset", false},
		"vision_encoder.backbone.blocks.0.attn.qkv.weight":               {2, "/vision_encoder/backbone/blocks/0/attn/qkv/dense/weights", true},
		"vision_encoder.backbone.blocks.0.attn.qkv.bias":                 {2, "/vision_encoder/backbone/blocks/0/attn/qkv/dense/biases", false},
		"mask_decoder.iou_prediction_head.layers.0.weight":               {2, "/mask_decoder/iou_prediction_head/layers/0/dense/weights", true},
		"mask_decoder.iou_token.weight":                                  {2, "/mask_decoder/iou_token/embeddings", false},
		"mask_decoder.mask_tokens.weight":                                {2, "/mask_decoder/mask_tokens/embeddings", false},
		"prompt_encoder.not_a_point_embed.weight":                        {2, "/prompt_encoder/not_a_point_embed/embeddings", false},
		"vision_encoder.neck.convs.3.weight":                             {4, "/vision_encoder/neck/convs/3/conv/weights", false},
		"prompt_encoder.shared_embedding.positional_embedding":           {2, "/prompt_encoder/shared_embedding/positional_embedding", false},
		"mask_decoder.transformer.layers.1.mlp.proj_out.weight":          {2, "/mask_decoder/transformer/layers/1/mlp/proj_out/dense/weights", true},
		"mask_decoder.transformer.layer_norm_final_attn.weight":          {1, "/mask_decoder/transformer/layer_norm_final_attn/layer_normalization/gain", false},
		"mask_decoder.transformer.final_attn_token_to_image.o_proj.bias": {2, "/mask_decoder/transformer/final_attn_token_to_image/o_proj/dense/biases", false},
	} {
		if got, matrix := place(name, c.rank); got != c.want || matrix != c.matrix {
			t.Errorf("place(%q, %d) = %q, %v, want %q, %v", name, c.rank, got, matrix, c.want, c.matrix)
		}
	}
}

// video adds what the files of facebook/sam2 hold beside the image part.
func video(f *safetensors.File) {
	for _, name := range []string{"memory_attention.layers.0.norm.weight", "memory_encoder.fuser.weight", "object_pointer_proj.proj_in.weight", "prompt_encoder.shared_embedding.other"} {
		f.Tensors[name] = safetensors.Float32([]float32{1, 2}, 2)
	}
}

func TestOnlyTheImagePartIsLoaded(t *testing.T) {
	weights, err := readWeights(filepath.Join(files(t, video), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range weights {
		if strings.Contains(name, "memory_attention") || strings.Contains(name, "memory_encoder") || strings.Contains(name, "object_pointer") || strings.Contains(name, "/mask_embed/") {
			t.Errorf("%s is loaded", name)
		}
	}
	for name, want := range map[string][]int{
		"/prompt_encoder/shared_embedding/positional_embedding":           {2, 128}, // which the file holds as the image's
		"/vision_encoder/backbone/pos_embed":                              {1, 8, 256, 256},
		"/vision_encoder/backbone/blocks/0/mlp/proj_in/dense/weights":     {8, 32},
		"/mask_decoder/output_hypernetworks_mlps/2/proj_out/dense/biases": {32},
	} {
		if w := weights[name]; w == nil || !reflect.DeepEqual(w.Shape().Dimensions, want) {
			t.Errorf("%s has shape %v, want %v", name, w, want)
		}
	}
}

// positioned has a positional embedding of these dimensions.
func positioned(t *testing.T, dims ...int) string {
	t.Helper()
	return files(t, func(f *safetensors.File) {
		values := make([]float32, dims[0]*dims[1]*dims[2]*dims[3])
		f.Tensors["vision_encoder.backbone.pos_embed"] = safetensors.Float32(values, dims...)
	})
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	backend := golden.Backend(t) // before the cache is elsewhere
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "1")
	with := func(name, text string) string {
		folder := files(t, nil)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	for name, c := range map[string]struct{ from, want string }{
		"a name that is none":      {"sam2", `"sam2" is neither a folder nor a repository`},
		"an empty folder":          {t.TempDir(), "config.json"},
		"a config that is no JSON": {with("config.json", "{"), "reading"},
		"another model's config":   {with("config.json", `{"model_type":"clip"}`), `is of model type "clip", want sam2`},
		"a config of three stages": {with("config.json", `{"model_type":"sam2","vision_config":{"backbone_config":{"blocks_per_stage":[1,1,1]}}}`), "want 4 of each"},
		"a config of another size": {with("config.json", `{"model_type":"sam2","prompt_encoder_config":{"image_size":512}}`), "images of 512"},
		"weights that are none":    {with("model.safetensors", "<html>"), "safetensors"},
		"weights of something else": {files(t, func(f *safetensors.File) {
			clear(f.Tensors)
			video(f)
			delete(f.Tensors, "prompt_encoder.shared_embedding.other")
		}), "no weights of SAM2"},
		"weights without values": {positioned(t, 1, 8, 0, 0), "pos_embed of"},
		"positions of no image":  {positioned(t, 0, 8, 7, 7), "is [0 8 7 7], as in no SAM2"},
		"positions too wide":     {positioned(t, 1, 100_000, 1, 1), "is [1 100000 1 1], as in no SAM2"},
	} {
		if _, err := Load(t.Context(), backend, c.from, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Load of %s fails with %v, want a message with %q", name, err, c.want)
		}
	}
	for name, want := range map[string]string{"": "HF_HUB_OFFLINE is set", "facebook/sam2.1-hiera-tiny": "facebook/sam2.1-hiera-tiny: HF_HUB_OFFLINE"} {
		_, err := Load(t.Context(), backend, name, nil)
		if !errors.Is(err, ErrNoWeights) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "give the path of their folder") {
			t.Errorf("Load of %q where it cannot be had fails with %v, want ErrNoWeights with %q", name, err, want)
		}
	}
}

func TestAWeightThatIsMissingIsNotDrawn(t *testing.T) {
	for _, lacking := range []string{"mask_decoder.conv_s0.weight", "vision_encoder.backbone.blocks.0.attn.qkv.bias", "no_memory_embedding", "mask_decoder.upscale_conv2.bias", "mask_decoder.iou_prediction_head.proj_out.bias"} {
		m, err := Load(t.Context(), golden.Backend(t), files(t, func(f *safetensors.File) { delete(f.Tensors, lacking) }), nil)
		if err == nil {
			_, err = m.Segment(t.Context(), picture(8, 8), Prompt{Points: nil, Box: picture(8, 8).Rect})
		}
		if err == nil || !strings.Contains(err.Error(), "lack") {
			t.Errorf("without %s: error is %v, want one that says what the weights lack", lacking, err)
		}
	}
}

func TestWeightsAreFetchedOnceAndKept(t *testing.T) {
	backend := golden.Backend(t) // before the cache is elsewhere
	folder, asked := files(t, nil), 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if strings.HasPrefix(r.URL.Path, "/api/models/facebook/sam2.1-hiera-small") {
			info, err := os.Stat(filepath.Join(folder, "model.safetensors"))
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, `{"sha":"abc","siblings":[{"rfilename":"config.json"},{"rfilename":"sam2_hiera.pt","size":9},{"rfilename":"model.safetensors","size":%d}]}`, info.Size())
			return
		}
		w.Header().Set("ETag", `"`+filepath.Base(r.URL.Path)+`"`)
		http.ServeFile(w, r, filepath.Join(folder, filepath.Base(r.URL.Path)))
	}))
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "")
	for range 2 {
		m, err := Load(t.Context(), backend, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != Default {
			t.Errorf("the model's name is %q, want %q", m.Name, Default)
		}
		m.Close()
		if asked == 0 {
			t.Error("the first time, nothing is fetched")
		}
		server.Close()
	}
}
