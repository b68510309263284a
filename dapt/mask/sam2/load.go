package sam2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-huggingface/models/sam2"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/internal/hub"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Default is the model that is taken where none is named: 46 million parameters, of which some are for video.
const Default = "facebook/sam2.1-hiera-small"

// ErrNoWeights is wrapped by errors of weights that are neither on this machine nor to be had.
var ErrNoWeights = errors.New("no weights of SAM2: where there is a network, they come from huggingface.co; else fetch model.safetensors and config.json of " +
	Default + " on another machine, and give the path of their folder")

// Load reads SAM2 by its repository at huggingface.co, such as [Default] or "facebook/sam2.1-hiera-tiny", or by a folder that
// holds model.safetensors and config.json; "" means Default. It is downloaded once into the cache that Python's huggingface_hub
// shares; with HF_HUB_OFFLINE set only the cache is looked at. A non-nil progress is told bytes. Where the weights cannot be had,
// the error wraps [ErrNoWeights].
func Load(ctx context.Context, backend compute.Backend, nameOrFolder string, progress func(done, total int64)) (*Model, error) {
	if nameOrFolder == "" {
		nameOrFolder = Default
	}
	path := filepath.Join(nameOrFolder, "model.safetensors")
	if info, err := os.Stat(nameOrFolder); err != nil || !info.IsDir() {
		if path, err = fetch(ctx, nameOrFolder, progress); err != nil {
			return nil, err
		}
	}
	config, err := readConfig(filepath.Join(filepath.Dir(path), "config.json"))
	if err != nil {
		return nil, err
	}
	weights, err := readWeights(path)
	if err != nil {
		return nil, err
	}
	m, err := newModel(backend, config, weights)
	if err != nil {
		return nil, err
	}
	m.Name = nameOrFolder
	return m, nil
}

func fetch(ctx context.Context, name string, progress func(done, total int64)) (string, error) {
	if !hub.Named(name) {
		return "", fmt.Errorf("sam2: %q is neither a folder nor a repository at huggingface.co: want one such as %s", name, Default)
	}
	path, err := hub.Get(ctx, name, hub.Files{Any: []string{"model.safetensors"}, Beside: "config.json"}, progress)
	switch {
	case errors.Is(err, context.Canceled):
		return "", fmt.Errorf("sam2: fetching %s: %w", name, err)
	case err != nil:
		return "", fmt.Errorf("sam2: fetching %s: %w: %w", name, err, ErrNoWeights)
	}
	return path, nil
}

// readConfig reads config.json. What it leaves out has the values of Hugging Face's Sam2Config.
func readConfig(path string) (*sam2.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sam2: reading the config, which must lie beside model.safetensors: %w", err)
	}
	config := defaults()
	if err := json.Unmarshal(text, config); err != nil {
		return nil, fmt.Errorf("sam2: reading %s: %w", path, err)
	}
	if !strings.HasPrefix(config.ModelType, "sam2") {
		return nil, fmt.Errorf("sam2: %s is of model type %q, want sam2 or sam2_video", path, config.ModelType)
	}
	b := config.VisionConfig.BackboneConfig
	stages := len(b.BlocksPerStage)
	for name, list := range map[string][]int{
		"embed_dim_per_stage": b.EmbedDimPerStage, "num_attention_heads_per_stage": b.NumAttentionHeadsPerStage, "window_size_per_stage": b.WindowSizePerStage,
	} {
		if stages != 4 || len(list) != stages {
			return nil, fmt.Errorf("sam2: %s has %d blocks_per_stage and %d %s, want 4 of each", path, stages, len(list), name)
		}
	}
	if p := config.PromptEncoderConfig; p.ImageSize != side || p.HiddenSize != 256 || config.VisionConfig.FPNHiddenSize != 256 {
		return nil, fmt.Errorf("sam2: %s has images of %d and width %d, want %d and 256: go-huggingface computes no other", path, p.ImageSize, p.HiddenSize, side)
	}
	return config, nil
}

// defaults are those of transformers 4.57.1 (models/sam2/configuration_sam2.py), which are those of sam2.1-hiera-tiny.
func defaults() *sam2.Config {
	backbone := sam2.HieraDetConfig{
		HiddenSize: 96, NumAttentionHeads: 1, NumChannels: 3, QueryStride: []int{2, 2}, NumQueryPoolStages: 3, BlocksPerStage: []int{1, 2, 7, 2},
		EmbedDimPerStage: []int{96, 192, 384, 768}, NumAttentionHeadsPerStage: []int{1, 2, 4, 8}, WindowSizePerStage: []int{8, 4, 14, 7},
		GlobalAttentionBlocks: []int{5, 7, 9}, MLPRatio: 4, HiddenAct: "gelu", LayerNormEps: 1e-6,
	}
	return &sam2.Config{
		VisionConfig: sam2.VisionConfig{
			BackboneChannelList: []int{768, 384, 192, 96}, FPNHiddenSize: 256, FPNKernelSize: 1, FPNStride: 1, FPNTopDownLevels: []int{2, 3},
			NumFeatureLevels: 3, HiddenAct: "gelu", LayerNormEps: 1e-6, BackboneConfig: backbone,
		},
		PromptEncoderConfig: sam2.PromptEncoderConfig{
			HiddenSize: 256, ImageSize: side, PatchSize: 16, MaskInputChannels: 16, NumPointEmbeddings: 4, HiddenAct: "gelu", LayerNormEps: 1e-6, Scale: 1,
		},
		MaskDecoderConfig: sam2.MaskDecoderConfig{
			HiddenSize: 256, HiddenAct: "gelu", MLPDim: 2048, NumHiddenLayers: 2, NumAttentionHeads: 8, AttentionDownsampleRate: 2,
			NumMultimaskOutputs: 3, IoUHeadDepth: 3, IoUHeadHiddenDim: 256,
		},
	}
}

// parts of the weights that one image by points and boxes needs, and parts of these that it does not.
var (
	parts  = []string{"vision_encoder.", "prompt_encoder.", "mask_decoder.", "no_memory_embedding", "shared_image_embedding."}
	beside = []string{"prompt_encoder.mask_embed.", "mask_decoder.pred_obj_score_head."}
)

// The positional embedding of points is that of the image; files may hold it once.
const imagePositions, pointPositions = "shared_image_embedding.positional_embedding", "prompt_encoder.shared_embedding.positional_embedding"

// mostWidth bounds what enlarging the positional embedding takes; the largest SAM2 has 144.
const mostWidth = 1024

// taken are weights that go-huggingface takes as they are; all others it asks for by their shape, see [Model.graph].
var taken = []string{
	"/no_memory_embedding", "/shared_image_embedding/positional_embedding", positionName, positionName + "_window",
	"/prompt_encoder/not_a_point_embed/embeddings", "/prompt_encoder/no_mask_embed/embeddings",
	"/mask_decoder/obj_score_token/embeddings", "/mask_decoder/iou_token/embeddings", "/mask_decoder/mask_tokens/embeddings",
	"/mask_decoder/upscale_conv1/conv/weights", "/mask_decoder/upscale_conv1/conv/biases",
	"/mask_decoder/upscale_conv2/conv/weights", "/mask_decoder/upscale_conv2/conv/biases",
}

// readWeights reads a file of weights, by their names in the store.
func readWeights(path string) (map[string]*tensors.Tensor, error) {
	file, err := safetensors.Read(path)
	if err != nil {
		return nil, fmt.Errorf("sam2: reading weights: %w", err)
	}
	if t, ok := file.Tensors[imagePositions]; ok {
		file.Tensors[pointPositions] = t
	}
	weights := map[string]*tensors.Tensor{}
	in := func(name string, prefixes []string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	for name, t := range file.Tensors {
		if !in(name, parts) || in(name, beside) {
			continue
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("sam2: weight %s of %s: %w", name, path, err)
		}
		whole := t
		if layer, ok := strings.CutSuffix(name, ".bias"); ok {
			whole = file.Tensors[layer+".weight"]
		}
		to, matrix := place(name, len(whole.Dims))
		dims := t.Dims
		if len(values) == 0 || to == positionName && (len(dims) != 4 || dims[0] != 1 || dims[1] > mostWidth || dims[2] != dims[3]) {
			return nil, fmt.Errorf("sam2: weight %s of %s is %v, as in no SAM2: fetch the file anew", name, path, dims)
		}
		if matrix && len(dims) == 2 {
			values, dims = transposed(values, dims[0], dims[1]), []int{dims[1], dims[0]}
		}
		if to == positionName {
			weights[to] = positions(values, dims[1], dims[2])
			continue
		}
		weights[to] = tensors.FromFlatDataAndDimensions(values, dims...)
	}
	if len(weights) == 0 {
		return nil, fmt.Errorf("sam2: %s holds no weights of SAM2 in Hugging Face's names, such as vision_encoder.backbone.pos_embed", path)
	}
	for _, name := range taken {
		if weights[name] == nil {
			return nil, fmt.Errorf("sam2: the weights in %s lack %s: fetch the file anew", path, name)
		}
	}
	return weights, nil
}

// place is where go-huggingface looks for a weight, and whether that is a matrix that stands the other way round there. rank is
// that of the layer's weight, which tells a bias of a convolution from one of a matrix.
func place(name string, rank int) (path string, matrix bool) {
	cut := strings.LastIndex(name, ".")
	scope, kind := "/"+strings.ReplaceAll(name[:max(cut, 0)], ".", "/"), name[cut+1:]
	layer := scope[strings.LastIndex(scope, "/")+1:]
	switch {
	case cut < 0:
		return "/" + name, false
	case kind != "weight" && kind != "bias":
		return scope + "/" + kind, false
	case strings.Contains(layer, "norm"):
		return scope + "/layer_normalization/" + map[string]string{"weight": "gain", "bias": "offset"}[kind], false
	case strings.HasSuffix(layer, "_embed"), strings.HasSuffix(layer, "_token"), strings.HasSuffix(layer, "_tokens"):
		return scope + "/embeddings", false
	}
	kind = map[string]string{"weight": "weights", "bias": "biases"}[kind]
	if rank == 4 {
		return scope + "/conv/" + kind, false
	}
	return scope + "/dense/" + kind, kind == "weights"
}

// transposed returns a matrix [rows, columns] as [columns, rows].
func transposed(values []float32, rows, columns int) []float32 {
	out := make([]float32, 0, len(values))
	for column := range columns {
		for row := range rows {
			out = append(out, values[row*columns+column])
		}
	}
	return out
}
