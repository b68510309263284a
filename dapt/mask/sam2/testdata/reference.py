"""Makes testdata/: a tiny SAM2 of Hugging Face's transformers 4.57.1, with weights of a formula, and what it says of some prompts.

python reference.py testdata    # with torch 2.15, numpy and transformers 4.57.1
"""
import json, sys
import numpy as np
import torch
from transformers.models.sam2.configuration_sam2 import Sam2Config, Sam2HieraDetConfig, Sam2VisionConfig
from transformers.models.sam2.modeling_sam2 import Sam2Model

def mix(h):
    h = h.astype(np.uint32)
    h ^= h >> np.uint32(16); h *= np.uint32(0x7FEB352D); h ^= h >> np.uint32(15); h *= np.uint32(0x846CA68B); h ^= h >> np.uint32(16)
    return h

def fnv(name):
    h = 2166136261
    for b in name.encode():
        h = (h ^ b) * 16777619 & 0xFFFFFFFF
    return h

def values(name, shape):
    n = int(np.prod(shape))
    h = mix(np.arange(n, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(fnv(name)))
    u = (h >> np.uint32(8)).astype(np.float64) / (1 << 24) * 2 - 1  # [-1, 1)
    if name.endswith("norm.weight") or "layer_norm" in name and name.endswith(".weight"):
        v = 1 + 0.2 * u
    elif name.endswith("bias") or len(shape) < 2:
        v = 0.1 * u
    elif len(shape) == 2 and shape[0] > 8:
        v = u * np.sqrt(3 / shape[1])
    elif len(shape) == 4 and shape[0] > 1:
        v = u * np.sqrt(3 / np.prod(shape[1:]))
    else:
        v = u
    return v.astype(np.float32).reshape(shape)

def picture(side=1024):
    y, x = np.mgrid[0:side, 0:side]
    rgb = np.stack([(x // 5 + y // 3) % 256, (x // 4) % 256, ((x // 64 + y // 64) % 2) * 200 + 20], -1)
    return rgb.astype(np.uint8)

def main(out):
    torch.manual_seed(0)
    backbone = Sam2HieraDetConfig(hidden_size=8, embed_dim_per_stage=[8, 16, 32, 64], num_attention_heads_per_stage=[1, 2, 4, 8], num_attention_heads=1,
        blocks_per_stage=[1, 2, 2, 1], global_attention_blocks=[4], window_size_per_stage=[8, 4, 14, 7])
    vision = Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8])
    config = Sam2Config(vision_config=vision)
    model = Sam2Model(config).eval()
    state = model.state_dict()
    names = {}
    tied = "prompt_encoder.shared_embedding.positional_embedding"
    for name, t in state.items():
        t.copy_(torch.from_numpy(values("shared_image_embedding.positional_embedding" if name == tied else name, tuple(t.shape))))
        if name != tied:
            names[name] = list(t.shape)
    config.to_json_file(f"{out}/config.json")
    img = torch.from_numpy(picture()).permute(2, 0, 1)[None].float() / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1); std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    pixels = (img - mean) / std
    cases = []
    for points, labels in [([[300, 700]], [1]), ([[100, 200], [900, 600]], [2, 3]), ([[100, 200], [900, 600], [500, 333]], [2, 3, 1])]:
        with torch.no_grad():
            o = model(pixel_values=pixels, input_points=torch.tensor([[points]]).float(), input_labels=torch.tensor([[labels]]), multimask_output=True)
        m = o.pred_masks[0, 0]
        cases.append({"points": points, "labels": labels, "iou": o.iou_scores[0, 0].tolist(), "logits": [round(v, 5) for v in m[:, 8::16, 8::16].flatten().tolist()],
            "share": (m > 0).float().mean((1, 2)).tolist()})
        print(points, o.iou_scores, m.shape, m.mean(), m.std(), cases[-1]["share"])
    resized = []
    for w, h in [(300, 200), (1500, 1100), (1024, 700)]:
        small = torch.from_numpy(picture(2048)[:h, :w].copy()).permute(2, 0, 1)[None]
        big = torch.nn.functional.interpolate(small, size=(1024, 1024), mode="bilinear", antialias=True, align_corners=False)
        resized.append({"width": w, "height": h, "values": big[0, :, 5::60, 5::60].flatten().tolist()})
    plane = torch.from_numpy(values("logits", (1, 1, 256, 256)))
    enlarged = []
    for w, h in [(300, 200), (90, 130), (256, 256), (1, 1)]:
        on = torch.nn.functional.interpolate(plane, size=(h, w), mode="bilinear", align_corners=False)[0, 0] > 0
        enlarged.append({"width": w, "height": h, "rows": ["".join("01"[int(v)] for v in row) for row in on[::max(1, h // 10)]]})
    json.dump({"tensors": names, "cases": cases, "resized": resized, "enlarged": enlarged, "defaults": Sam2Config().to_dict()}, open(f"{out}/reference.json", "w"))

main(sys.argv[1])
