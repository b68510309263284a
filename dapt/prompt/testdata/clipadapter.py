"""What CLIP-Adapter makes of two features, by PyTorch: python clipadapter.py > clipadapter.json"""
import json

import torch

torch.manual_seed(1)
adapter = torch.nn.Sequential(torch.nn.Linear(8, 2, bias=False), torch.nn.ReLU(), torch.nn.Linear(2, 8, bias=False), torch.nn.ReLU())
features = torch.randn(2, 8)
with torch.no_grad():
    mixed = 0.2 * adapter(features) + 0.8 * features
print(json.dumps({
    "Down": adapter[0].weight.tolist(), "Up": adapter[2].weight.tolist(), "Features": features.tolist(), "Mixed": mixed.tolist(),
}))
