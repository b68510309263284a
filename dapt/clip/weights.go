package clip

// Weights are the frozen parameters of one CLIP by OpenAI's names.
type Weights struct {
	Config Config
	Name   string               // "ViT-B/16", "mini"
	Values map[string][]float32 // one entry for each of Config.Parameters, row-major
}
