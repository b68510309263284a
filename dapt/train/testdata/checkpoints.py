# Writes checkpoints as Dassl's trainers do (KaiyangZhou/Dassl.pytorch dassl/utils/torchtools.py save_checkpoint), of a CLIP
# with text width 8, vision width 16 and joint width 32, and for three classes. Value i of the tensor NAME is
# ((31*len(NAME) + 7*i) % 64 - 32) / 32. Made with PyTorch 2.15 and numpy 2.4 by `python3 checkpoints.py`.
import shutil

import numpy
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

TEXT, VISION, EMBED, CLASSES = 8, 16, 32, 3


class Warmup(LRScheduler):
    """Keeps the next schedule as an attribute, so that the checkpoint holds it, and the optimiser with it, as objects."""

    def __init__(self, optimizer, successor):
        self.successor = successor
        super().__init__(optimizer)

    def get_lr(self):
        return [1e-5 for _ in self.base_lrs]


def tensor(name, *dims):
    size = int(numpy.prod(dims)) if dims else 1
    return (((31 * len(name) + 7 * torch.arange(size)) % 64 - 32) / 32).reshape(dims)


def named(shapes, half=()):
    return {name: tensor(name, *dims).half() if half is True or name in half else tensor(name, *dims) for name, dims in shapes.items()}


def save(path, state, legacy=False):
    weights = [torch.nn.Parameter(t.float().clone()) for t in list(state.values())[:2]]
    optimizer = torch.optim.SGD(weights, 0.0035, momentum=0.9, weight_decay=5e-4)
    for p in weights:
        p.grad = torch.ones_like(p)
    optimizer.step()
    schedule = Warmup(optimizer, CosineAnnealingLR(optimizer, 5.0))
    optimizer.step()
    schedule.step()
    torch.save(
        {"state_dict": state, "epoch": 5, "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(),
         "val_result": numpy.float64(81.5)},
        path, _use_new_zipfile_serialization=not legacy)


def buffers(before, context):
    return {before + "token_prefix": (CLASSES, 1, TEXT), before + "token_suffix": (CLASSES, 6 - context, TEXT)}


def maple(depth):
    shapes = {"prompt_learner.ctx": (2, TEXT), "prompt_learner.proj.weight": (VISION, TEXT), "prompt_learner.proj.bias": (VISION,)}
    for i in range(depth - 1):
        shapes["prompt_learner.compound_prompts_text.%d" % i] = (2, TEXT)
    for i in range(depth - 1):
        at = "prompt_learner.compound_prompt_projections.%d." % i
        shapes[at + "weight"], shapes[at + "bias"] = (VISION, TEXT), (VISION,)
    return shapes | buffers("prompt_learner.", 2)


def clip():
    return {
        "logit_scale": (), "image_encoder.class_embedding": (VISION,), "image_encoder.proj": (VISION, EMBED),
        "text_encoder.text_projection": (TEXT, EMBED), "image_encoder.ln_post.weight": (VISION,),
    }


def deep(tower, width, tokens, depth):
    return {"%s.transformer.resblocks.%d.VPT_shallow" % (tower, i): (tokens, width) for i in range(1, depth)}


half = ["prompt_learner.ctx", "prompt_learner.proj.weight", "prompt_learner.proj.bias", "image_encoder.proj", "text_encoder.text_projection"]
save("maple.pth.tar", named(maple(3) | clip(), half))
save("dapt.pth.tar", named(maple(2) | clip() | {"image_encoder_ori.proj": (VISION, EMBED), "image_encoder_ori.class_embedding": (VISION,)}, half))
save("promptsrc.pth.tar", named(
    {"prompt_learner.ctx": (4, TEXT), "image_encoder.VPT": (4, VISION), "prompt_learner.ZS_image_encoder.class_embedding": (VISION,)}
    | deep("image_encoder", VISION, 4, 2) | deep("text_encoder", TEXT, 4, 3) | buffers("prompt_learner.", 4) | clip()), legacy=True)
save("coop.pth.tar", named({"ctx": (4, TEXT)} | buffers("", 4)))
save("coop-csc.pth.tar", named({"ctx": (CLASSES, 2, TEXT)} | buffers("", 2), True), legacy=True)
save("cocoop.pth.tar", named({
    "ctx": (4, TEXT), "meta_net.linear1.weight": (2, EMBED), "meta_net.linear1.bias": (2,), "meta_net.linear2.weight": (TEXT, 2),
    "meta_net.linear2.bias": (TEXT,)} | buffers("", 4), True))
save("vpt.pth.tar", named({"image_encoder.VPT": (8, VISION)} | deep("image_encoder", VISION, 8, 3) | clip()))
representation = {"representation_learner.compound_rep_tokens": (5, 12), "image_encoder.proj_rep": (VISION, EMBED)}
for family, width in ("v", VISION), ("t", TEXT):
    for i in range(2):
        at = "representation_learner.compound_rep_tokens_r2%sproj.%d." % (family, i)
        representation |= {at + "weight": (width, 12), at + "bias": (width,)}
save("mmrl.pth.tar", named({"prompt_embeddings": (CLASSES, 24, TEXT)} | representation | clip()))
TEACHER, at = 6, "VPT_image_trans.conv1."
save("promptkd.pth.tar", named(
    {"image_encoder.VPT": (4, VISION)} | deep("image_encoder", VISION, 4, 2) | clip()
    | {at + name: (TEACHER,) for name in ("0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "3.bias")}
    | {at + "0.weight": (TEACHER, EMBED, 1, 1), at + "3.weight": (TEACHER, TEACHER, 1, 1)}, [at + "0.weight", at + "3.weight"])
    | {at + "1.num_batches_tracked": torch.tensor(40)})
for name in "maple", "promptsrc":
    shutil.copy(name + ".pth.tar", "../../internal/torch/testdata/")
save("../../../tools/dapt/testdata/coop.pth.tar", named({"ctx": (4, 128)}, True))  # for the mini CLIP
