"""Writes promptkd.json: PromptKD's projector and loss by PyTorch, on numbers drawn here. Run: python promptkd.py"""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
batch, embed, out, classes = 4, 3, 5, 6

first, norm, second = nn.Linear(embed, out), nn.BatchNorm1d(out), nn.Linear(out, out)
with torch.no_grad():
    for tensor in (norm.weight, norm.bias):
        tensor.copy_(torch.randn(out))
    norm.running_mean.copy_(torch.randn(out))
    norm.running_var.copy_(torch.rand(out) + 0.5)
names = {"0.weight": first.weight, "0.bias": first.bias, "1.weight": norm.weight, "1.bias": norm.bias, "3.weight": second.weight, "3.bias": second.bias}
views = [torch.randn(batch, embed, requires_grad=True) for _ in range(2)]
data = {"sizes": {"batch": batch, "embed": embed, "out": out, "classes": classes}}
data["parameters"] = {name: value.tolist() for name, value in names.items()}
data["parameters"] |= {"1.running_mean": norm.running_mean.tolist(), "1.running_var": norm.running_var.tolist()}
data["views"] = [view.tolist() for view in views]

# At test: running statistics.
norm.eval()
data["tested"] = [second(F.relu(norm(first(view)))).tolist() for view in views]

# In training: the module's own statistics of the first view, and those by hand for the second.
norm.train()
inner = [first(view) for view in views]
mean, variance = inner[0].mean(0), inner[0].var(0, unbiased=False)
outer = [norm(inner[0]), (inner[1] - mean) / torch.sqrt(variance + norm.eps) * norm.weight + norm.bias]
trained = [second(F.relu(x)) for x in outer]
loss = sum((i + 1) * (x**2).sum() for i, x in enumerate(trained))
gradients = torch.autograd.grad(loss, list(names.values()) + views)
data["trained"] = [x.tolist() for x in trained]
data["loss"] = loss.item()
data["gradients"] = dict(zip(list(names) + ["view0", "view1"], [g.tolist() for g in gradients]))
data["running_mean"], data["running_var"] = norm.running_mean.tolist(), norm.running_var.tolist()

# The loss as trainers/promptkd.py writes it.
temperature, scale = 2.0, 7.0
image = F.normalize(torch.randn(batch, out), dim=-1).requires_grad_()
texts = F.normalize(torch.randn(classes, out), dim=-1)
teacher = 3 * torch.randn(batch, classes)
logits = scale * image @ texts.t()
loss = F.kl_div(F.log_softmax(logits / temperature, 1), F.softmax(teacher / temperature, 1), reduction="sum") * temperature**2 / logits.numel()
data["distil"] = {
    "temperature": temperature, "scale": scale, "image": image.tolist(), "texts": texts.tolist(), "teacher": teacher.tolist(),
    "loss": loss.item(), "gradient": torch.autograd.grad(loss, image)[0].tolist(),
}


def rounded(x):
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, list):
        return [rounded(v) for v in x]
    return x if isinstance(x, int) else float(f"{x:.9g}")


pathlib.Path(__file__).with_name("promptkd.json").write_text(json.dumps(rounded(data)) + "\n")
