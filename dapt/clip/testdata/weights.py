# Writes weights-state-dict.pt and weights-scripted.pt: a tiny CLIP as torch.save and torch.jit.save write it.
# Made with PyTorch 1.13 by `python3 weights.py`; value i of the weight NAME is ((31*len(NAME) + 7*i) % 64 - 32) / 32.
from collections import OrderedDict

import torch
from torch import nn

SIDE, PATCH, EMBED, CONTEXT, VOCABULARY, VISION, TEXT = 8, 4, 12, 8, 20, 16, 8


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class ResidualAttentionBlock(nn.Module):
    def __init__(self, width, mask=None):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, 1)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(OrderedDict([
            ("c_fc", nn.Linear(width, width * 4)), ("gelu", QuickGELU()), ("c_proj", nn.Linear(width * 4, width))]))
        self.ln_2 = nn.LayerNorm(width)
        self.attn_mask = mask

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.attn_mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers, mask=None):
        super().__init__()
        self.resblocks = nn.Sequential(*[ResidualAttentionBlock(width, mask) for _ in range(layers)])

    def forward(self, x):
        return self.resblocks(x)


class VisualTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, VISION, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.zeros(VISION))
        self.positional_embedding = nn.Parameter(torch.zeros((SIDE // PATCH) ** 2 + 1, VISION))
        self.ln_pre = nn.LayerNorm(VISION)
        self.transformer = Transformer(VISION, 2)
        self.ln_post = nn.LayerNorm(VISION)
        self.proj = nn.Parameter(torch.zeros(VISION, EMBED))

    def forward(self, x):
        x = self.conv1(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.class_embedding + torch.zeros_like(x[:, :1]), x], 1) + self.positional_embedding
        x = self.transformer(self.ln_pre(x).permute(1, 0, 2))
        return self.ln_post(x[0]) @ self.proj


class CLIP(nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = VisualTransformer()
        self.transformer = Transformer(TEXT, 3, torch.full((CONTEXT, CONTEXT), float("-inf")).triu_(1))
        self.token_embedding = nn.Embedding(VOCABULARY, TEXT)
        self.positional_embedding = nn.Parameter(torch.zeros(CONTEXT, TEXT))
        self.ln_final = nn.LayerNorm(TEXT)
        self.text_projection = nn.Parameter(torch.zeros(TEXT, EMBED))
        self.logit_scale = nn.Parameter(torch.tensor(0.0))
        for name, value in ("input_resolution", SIDE), ("context_length", CONTEXT), ("vocab_size", VOCABULARY):
            self.register_buffer(name, torch.tensor(value))

    def forward(self, image, text):
        x = self.transformer((self.token_embedding(text) + self.positional_embedding).permute(1, 0, 2))
        return self.logit_scale.exp() * (self.visual(image) @ (self.ln_final(x[-1]) @ self.text_projection).t())


model = CLIP().eval()
with torch.no_grad():
    for name, p in model.named_parameters():
        p.copy_(((31 * len(name) + 7 * torch.arange(p.numel())) % 64 - 32).reshape(p.shape) / 32)

torch.jit.trace(model, (torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, CONTEXT, dtype=torch.int64))).save("weights-scripted.pt")

# Every float type, a matrix that lies transposed in its storage, and weights that share one storage.
state = model.state_dict()
state["visual.conv1.weight"] = state["visual.conv1.weight"].half()
state["visual.proj"] = state["visual.proj"].bfloat16()
state["ln_final.weight"] = nn.Parameter(state["ln_final.weight"].double())
state["text_projection"] = state["text_projection"].t().contiguous().t()
both = torch.cat([state["visual.ln_pre.weight"], state["visual.ln_pre.bias"]])
state["visual.ln_pre.weight"], state["visual.ln_pre.bias"] = both[:VISION], both[VISION:]
torch.save({"epoch": 3, "state_dict": state}, "weights-state-dict.pt")
