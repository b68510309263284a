"""Times the work of DAPT's published training step and evaluation in PyTorch, when asked to.

The peer of `go run ./tools/bench -pytorch python3`, which starts it as

    python3 -c THIS_FILE SIZES BATCH THREADS

with the sizes of a CLIP as JSON (clip.Config). It answers every line on standard input with one JSON object:

    step CLASSES PHASE    one training step: {"seconds": ..., "peak_mb": ...}
    evaluate CLASSES      one evaluation batch of 100 images: seconds per image

What it computes is what Ferenas/DAPT trainers/maple.py computes over MaPLe (2 tokens, depth 9): every class and each of
the 32 background texts as a row of all 77 places, in phase 1 too; three passes of the image tower with gradients, of
which the losses then detach some; and for each evaluation batch all texts anew. The weights are random, in float32.
"""

import json
import sys
import time

try:
    import torch
except ImportError as error:
    print(json.dumps({"error": f"no PyTorch: {error}"}), flush=True)
    sys.exit(0)
from torch import nn
from torch.nn import functional as F

BACKGROUND, COLUMNS = 32, 7  # background texts, and how many of them the published slice takes for classes
TOKENS, DEPTH, LOGIT_SCALE = 2, 9, 1 / 0.07
EVALUATION = 100  # images a batch


class Attention(nn.Module):
    """A residual attention block: norm, attention, norm, MLP with OpenAI's approximation of GELU."""

    def __init__(self, width, heads, mask=None):
        super().__init__()
        self.before, self.then = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.mask = mask

    def forward(self, x):  # [tokens, rows, width]
        y = self.before(x)
        x = x + self.attention(y, y, y, need_weights=False, attn_mask=self.mask)[0]
        y = self.up(self.then(x))
        return x + self.down(y * torch.sigmoid(1.702 * y))


def embedding(*shape):
    return nn.Parameter(0.02 * torch.randn(shape))


class Clip(nn.Module):
    def __init__(self, c):
        super().__init__()
        vision, text = c["Vision"], c["Text"]
        self.patches = nn.Conv2d(3, vision["Width"], c["Patch"], c["Patch"], bias=False)
        self.places = 1 + (c["Side"] // c["Patch"]) ** 2
        self.first, self.positions = embedding(vision["Width"]), embedding(self.places, vision["Width"])
        self.pre, self.post = nn.LayerNorm(vision["Width"]), nn.LayerNorm(vision["Width"])
        self.final = nn.LayerNorm(text["Width"])
        causal = torch.full((c["Context"], c["Context"]), float("-inf")).triu(1)
        self.vision = nn.ModuleList(Attention(vision["Width"], vision["Heads"]) for _ in range(vision["Layers"]))
        self.text = nn.ModuleList(Attention(text["Width"], text["Heads"], causal) for _ in range(text["Layers"]))
        self.of_image, self.of_text = embedding(vision["Width"], c["Embed"]), embedding(text["Width"], c["Embed"])

    def encode_images(self, images, context, deep):
        rows = len(images)
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(rows, 1, -1), x], 1) + self.positions
        x = self.pre(torch.cat([x, context.expand(rows, -1, -1)], 1)).transpose(0, 1)
        for i, block in enumerate(self.vision):
            if 0 < i <= len(deep):
                x = torch.cat([x[: self.places], deep[i - 1].unsqueeze(1).expand(-1, rows, -1)])
            x = block(x)
        return F.normalize(self.post(x[0]) @ self.of_image, dim=-1)

    def encode_texts(self, x, deep, end):
        rows = len(x)
        x = x.transpose(0, 1)
        for i, block in enumerate(self.text):
            if 0 < i <= len(deep):
                x = torch.cat([x[:1], deep[i - 1].unsqueeze(1).expand(-1, rows, -1), x[1 + TOKENS :]])
            x = block(x)
        return F.normalize(self.final(x[end]) @ self.of_text, dim=-1)


class Prompts(nn.Module):
    def __init__(self, text, vision):
        super().__init__()
        self.context, self.map = embedding(TOKENS, text), nn.Linear(text, vision)
        self.deep = nn.ParameterList(embedding(TOKENS, text) for _ in range(DEPTH - 1))
        self.maps = nn.ModuleList(nn.Linear(text, vision) for _ in range(DEPTH - 1))


class Bench:
    def __init__(self, sizes, batch, classes):
        torch.manual_seed(1)
        text, side = sizes["Text"]["Width"], sizes["Side"]
        self.classes, self.side = classes, side
        self.clip = Clip(sizes).requires_grad_(False)
        self.prompts = Prompts(text, sizes["Vision"]["Width"])
        self.names = 0.02 * torch.randn(classes, sizes["Context"], text)
        self.background = 0.02 * torch.randn(BACKGROUND, sizes["Context"], text)
        self.images, self.labels = torch.randn(batch, 3, side, side), torch.arange(batch) % classes
        self.mask = torch.randint(0, 2, (batch, 1, side, side)).float()
        self.optimiser = torch.optim.SGD(self.prompts.parameters(), 1e-5, momentum=0.9, weight_decay=5e-4)

    def texts(self):
        p = self.prompts
        names = torch.cat([self.names[:, :1], p.context.expand(self.classes, -1, -1), self.names[:, 1 + TOKENS :]], 1)
        return self.clip.encode_texts(torch.cat([names, self.background]), list(p.deep), end=8)

    def view(self, images):
        p = self.prompts
        return self.clip.encode_images(images, p.map(p.context), [m(d) for m, d in zip(p.maps, p.deep)])

    def step(self, phase):
        texts = self.texts()
        classes, words = texts.split([self.classes + COLUMNS, BACKGROUND - COLUMNS])
        image = self.view(self.images)
        foreground, background = self.view(self.images * self.mask), self.view(self.images * (1 - self.mask))

        def align(features, columns, labels):
            return F.cross_entropy(LOGIT_SCALE * features @ columns.T, labels)

        loss = align(image, classes, self.labels)
        if phase == 1:
            loss = loss + 0.8 * F.triplet_margin_loss(image, foreground.detach(), background.detach(), margin=1.5)
        else:
            nearest = (background @ words.T).argmax(-1)
            loss = loss + 0.1 * align(foreground.detach(), classes, self.labels) + 0.5 * align(background, words, nearest)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        images = torch.randn(EVALUATION, 3, self.side, self.side)
        texts = self.texts()
        return (self.view(images) @ texts.T).argmax(-1)


def peak_mb():
    """The most memory of this process; what getrusage says includes that of the process that started it."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1.024 / 1000
    except (OSError, StopIteration):
        return 0


def answer(request, bench):
    start = time.perf_counter()
    if request[0] == "step":
        bench.step(int(request[2]))
        return time.perf_counter() - start
    bench.evaluate()
    return (time.perf_counter() - start) / EVALUATION


def main():
    sizes, batch, threads = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")  # where memory runs out, this process ends and no other
    except OSError:
        pass
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    bench = None
    for line in sys.stdin:
        request = line.split()
        classes = int(request[1])
        if bench is None or bench.classes != classes:
            bench = Bench(sizes, batch, classes)
        print(json.dumps({"seconds": answer(request, bench), "peak_mb": peak_mb()}), flush=True)


main()
