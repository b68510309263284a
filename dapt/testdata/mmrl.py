# Derives MMRL from its definition in PyTorch, on a tiny CLIP, and writes mmrl.json: features, losses and gradients. Tokens
# stand behind the class token and behind the start token, and masks are written out, as in the paper; mmrl_test.go has the
# same sizes. Value i of the tensor NAME is sin(h + 0.7 i^2) times 0.4, h the sum of the name's bytes, and 1 more in the gains
# of norms. Made with PyTorch 2.15 by `python3 mmrl.py`.
import json
import math

import torch
import torch.nn.functional as F

VISION, TEXT, LAYERS, HEADS, EMBED, PATCH, TOKENS, REP, DEPTH = 16, 8, 4, 2, 12, 4, 3, 6, 2
ROWS = [[1, 2, 5, 6, 19], [1, 2, 7, 19], [1, 2, 8, 9, 10, 19]]
LABELS, SHARE, WEIGHT = torch.tensor([1, 2]), 0.3, 3.0


def tensor(name, *dims):
    size = math.prod(dims)
    h = sum(name.encode())
    values = [0.4 * math.sin(h + 0.7 * i * i) + (1 if "ln_" in name and name.endswith("weight") else 0) for i in range(size)]
    return torch.tensor(values, dtype=torch.float32).reshape(dims)


def norm(x, name):
    w = x.shape[-1]
    return F.layer_norm(x, (w,), tensor(name + ".weight", w), tensor(name + ".bias", w), 1e-5)


def block(x, name, mask):
    batch, places, w = x.shape
    qkv = F.linear(norm(x, name + ".ln_1"), tensor(name + ".attn.in_proj_weight", 3 * w, w), tensor(name + ".attn.in_proj_bias", 3 * w))
    q, k, v = (y.reshape(batch, places, HEADS, w // HEADS).transpose(1, 2) for y in qkv.split(w, -1))
    scores = q @ k.transpose(-1, -2) / math.sqrt(w // HEADS)
    if mask:
        scores = scores + torch.full((places, places), -math.inf).triu(1)
    read = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, places, w)
    x = x + F.linear(read, tensor(name + ".attn.out_proj.weight", w, w), tensor(name + ".attn.out_proj.bias", w))
    y = F.linear(norm(x, name + ".ln_2"), tensor(name + ".mlp.c_fc.weight", 4 * w, w), tensor(name + ".mlp.c_fc.bias", 4 * w))
    y = y * torch.sigmoid(1.702 * y)
    return x + F.linear(y, tensor(name + ".mlp.c_proj.weight", w, 4 * w), tensor(name + ".mlp.c_proj.bias", w))


def transformer(x, name, prompts, mask):
    first = LAYERS - len(prompts)
    for i in range(LAYERS):
        if prompts and i >= first:
            tokens = prompts[i - first].expand(x.shape[0], -1, -1)
            x = torch.cat([x[:, :1], tokens, x[:, 1 if i == first else 1 + TOKENS:]], 1)
        x = block(x, "%s.resblocks.%d" % (name, i), mask)
    return x


def image_tower(images, prompts):
    x = F.conv2d(images.permute(0, 3, 1, 2), tensor("visual.conv1.weight", VISION, 3, PATCH, PATCH), stride=PATCH).flatten(2).transpose(1, 2)
    x = torch.cat([tensor("visual.class_embedding", VISION).expand(x.shape[0], 1, -1), x], 1) + tensor("visual.positional_embedding", 5, VISION)
    x = norm(transformer(norm(x, "visual.ln_pre"), "visual.transformer", prompts, False), "visual.ln_post")
    return x[:, 0] @ tensor("visual.proj", VISION, EMBED), x[:, 1:1 + TOKENS].mean(1)


def text_tower(prompts):
    table, features = tensor("token_embedding.weight", 20, TEXT), []
    for row in ROWS:
        row = torch.tensor(row + [0] * (10 - len(row)))
        x = (table[row] + tensor("positional_embedding", 10, TEXT))[None]
        x = norm(transformer(x, "transformer", prompts, True), "ln_final")
        features.append(x[0, row.argmax() + (TOKENS if prompts else 0)] @ tensor("text_projection", TEXT, EMBED))
    return torch.stack(features)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


shapes = {"representation_learner.compound_rep_tokens": (TOKENS, REP), "image_encoder.proj_rep": (VISION, EMBED)}
for family, width in ("v", VISION), ("t", TEXT):
    for i in range(DEPTH):
        at = "representation_learner.compound_rep_tokens_r2%sproj.%d." % (family, i)
        shapes |= {at + "weight": (width, REP), at + "bias": (width,)}
p = {name: tensor(name, *dims).requires_grad_() for name, dims in shapes.items()}


def project(family):
    at = "representation_learner.compound_rep_tokens_r2%sproj.%d."
    r = p["representation_learner.compound_rep_tokens"]
    return [F.linear(r, p[at % (family, i) + "weight"], p[at % (family, i) + "bias"]) for i in range(DEPTH)]


images = tensor("images", 2, 8, 8, 3)
image, mean = image_tower(images, project("v"))
image, second, texts = unit(image), unit(mean @ p["image_encoder.proj_rep"]), unit(text_tower(project("t")))
with torch.no_grad():
    own_image, own_texts = unit(image_tower(images, [])[0]), unit(text_tower([]))
scale = torch.tensor(math.log(100.0)).exp()
terms = [
    F.cross_entropy(scale * image @ texts.T, LABELS), F.cross_entropy(scale * second @ texts.T, LABELS),
    1 - F.cosine_similarity(image, own_image).mean(), 1 - F.cosine_similarity(texts, own_texts).mean(),
]
total = (1 - SHARE) * terms[0] + SHARE * terms[1] + WEIGHT * (terms[2] + terms[3])
total.backward()
results = {"image": image, "second": second, "texts": texts, "losses": torch.stack([total, *terms])} | {name: v.grad for name, v in p.items()}
with open("mmrl.json", "w") as f:
    f.write("{\n" + ",\n".join('"%s": [%s]' % (name, ", ".join("%.8g" % v for v in t.flatten().tolist())) for name, t in results.items()) + "\n}\n")
