package clip

import (
	"fmt"
	"strconv"
)

// Config is the size of one CLIP. It is read from the weights and never typed in.
type Config struct {
	Side       int // image side in pixels
	Patch      int // patch side in pixels; divides Side
	Embed      int // joint embedding of both towers
	Context    int // places of a text, start and end tokens included; 77 for OpenAI's models
	Vocabulary int // token ids; the last two are the start and the end token
	Vision     Tower
	Text       Tower
}

// Tower is the size of one transformer.
type Tower struct {
	Width  int // channels of a token
	Layers int // residual blocks
	Heads  int // attention heads, Width/64
}

// Grid returns the patches along one side of the image.
func (c Config) Grid() int { return c.Side / c.Patch }

// Patches returns the patch tokens of an image.
func (c Config) Patches() int { return c.Grid() * c.Grid() }

// String names the size as papers do, such as "ViT-B/16".
func (c Config) String() string {
	name := fmt.Sprintf("ViT-%dx%d/%d", c.Vision.Width, c.Vision.Layers, c.Patch)
	switch {
	case c.Vision.Width == 768 && c.Vision.Layers == 12:
		name = "ViT-B/" + strconv.Itoa(c.Patch)
	case c.Vision.Width == 1024 && c.Vision.Layers == 24:
		name = "ViT-L/" + strconv.Itoa(c.Patch)
	}
	if c.Vision.Width > 512 && c.Side != 224 {
		name += "@" + strconv.Itoa(c.Side) + "px"
	}
	return name
}

// Validate names the first field that cannot be, with its value.
func (c Config) Validate() error {
	for _, field := range []struct {
		name  string
		value int
	}{
		{"Side", c.Side},
		{"Patch", c.Patch},
		{"Embed", c.Embed},
		{"Context", c.Context},
		{"Vocabulary", c.Vocabulary},
		{"Vision.Width", c.Vision.Width},
		{"Vision.Layers", c.Vision.Layers},
		{"Vision.Heads", c.Vision.Heads},
		{"Text.Width", c.Text.Width},
		{"Text.Layers", c.Text.Layers},
		{"Text.Heads", c.Text.Heads},
	} {
		if field.value <= 0 {
			return fmt.Errorf("clip: %s is %d, want at least 1", field.name, field.value)
		}
	}
	if c.Side%c.Patch != 0 {
		return fmt.Errorf("clip: Patch %d does not divide Side %d", c.Patch, c.Side)
	}
	for _, tower := range []Tower{c.Vision, c.Text} {
		if tower.Width%tower.Heads != 0 {
			return fmt.Errorf("clip: %d heads do not divide width %d", tower.Heads, tower.Width)
		}
	}
	return nil
}

// Weight is the name and shape of one parameter.
type Weight struct {
	Name string // OpenAI's, such as "visual.proj"
	Dims []int  // nil is a scalar
}

// Parameters lists every weight of the model in OpenAI's names and order. Linear weights are [out, in]; "visual.proj"
// and "text_projection" are [in, out] (openai/CLIP clip/model.py).
func (c Config) Parameters() []Weight {
	list := []Weight{
		{"positional_embedding", []int{c.Context, c.Text.Width}},
		{"text_projection", []int{c.Text.Width, c.Embed}},
		{"logit_scale", nil},
		{"visual.class_embedding", []int{c.Vision.Width}},
		{"visual.positional_embedding", []int{c.Patches() + 1, c.Vision.Width}},
		{"visual.proj", []int{c.Vision.Width, c.Embed}},
		{"visual.conv1.weight", []int{c.Vision.Width, 3, c.Patch, c.Patch}},
	}
	list = appendNorm(list, "visual.ln_pre", c.Vision.Width)
	list = appendBlocks(list, "visual.transformer", c.Vision)
	list = appendNorm(list, "visual.ln_post", c.Vision.Width)
	list = appendBlocks(list, "transformer", c.Text)
	list = append(list, Weight{tokenTable, []int{c.Vocabulary, c.Text.Width}})
	return appendNorm(list, "ln_final", c.Text.Width)
}

func appendNorm(list []Weight, name string, width int) []Weight {
	return append(list, Weight{name + ".weight", []int{width}}, Weight{name + ".bias", []int{width}})
}

func appendLinear(list []Weight, name string, out, in int) []Weight {
	return append(list, Weight{name + ".weight", []int{out, in}}, Weight{name + ".bias", []int{out}})
}

func appendBlocks(list []Weight, name string, tower Tower) []Weight {
	width := tower.Width
	for i := range tower.Layers {
		block := fmt.Sprintf("%s.resblocks.%d", name, i)
		list = append(list,
			Weight{block + ".attn.in_proj_weight", []int{3 * width, width}},
			Weight{block + ".attn.in_proj_bias", []int{3 * width}})
		list = appendLinear(list, block+".attn.out_proj", width, width)
		list = appendNorm(list, block+".ln_1", width)
		list = appendLinear(list, block+".mlp.c_fc", 4*width, width)
		list = appendLinear(list, block+".mlp.c_proj", width, 4*width)
		list = appendNorm(list, block+".ln_2", width)
	}
	return list
}
