#!/usr/bin/env python3
"""Golden embeddings of families whose checkpoints transformers does not have, in float32.

usage: families.py [NAME...]     writes towers/NAME/ beside this file; see README.md

mobileclip: open_clip's CustomTextCLIP with timm's vit_base_mci_224, made small.
tinyclip: a pruned TinyCLIP. Its towers are written here after reading the module that TinyCLIP publishes
(src/open_clip/model.py, ResidualAttentionBlock.forward and prune()): pre-norm blocks, of which attention or MLP may be
missing, heads of 64 numbers, softmax(q k / 8).
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

import towers
from towers import OPENAI, OUT, TEXTS, TOKENS, ZERO, fnv1a, linear, norm, picture, tensor, uniform

DIM, CONTEXT, HEAD = 48, 77, 64


def flat_block(at, width, attention, mlp):
    """The flat names; attention: numbers of all heads. 0: pruned away."""
    out = []
    if attention:
        scale = math.sqrt(3 / width) * 1.3
        out += [uniform(at + "attn.in_proj_weight", (3 * attention, width), scale),
                uniform(at + "attn.in_proj_bias", (3 * attention,), .15)]
        out += linear(at + "attn.out_proj", width, attention, 1.2) + norm(at + "ln_1", width)
    if mlp:
        out += linear(at + "mlp.c_fc", mlp, width, 1.2, .2) + linear(at + "mlp.c_proj", width, mlp, 1.4)
        out += norm(at + "ln_2", width)
    return out


def flat_text(prefix, width, blocks, dim):
    out = [uniform(prefix + "token_embedding.weight", (len(TOKENS.ids), width), .8),
           uniform(prefix + "positional_embedding", (CONTEXT, width), .4)]
    for i, (attention, mlp) in enumerate(blocks):
        out += flat_block(f"{prefix}transformer.resblocks.{i}.", width, attention, mlp)
    return out + norm(prefix + "ln_final", width) + [
        uniform(prefix + "text_projection", (width, dim), math.sqrt(3 / width))]


# ---- a pruned TinyCLIP -------------------------------------------------------------------------

IMAGE_BLOCKS = [(3 * HEAD, 130), (HEAD, 0), (0, 77), (2 * HEAD, 200)]  # numbers of all heads, hidden width
TEXT_BLOCKS = [(HEAD, 50), (2 * HEAD, 301), (0, 0), (2 * HEAD, 64)]
IMAGE_WIDTH, TEXT_WIDTH = 92, 100


def tinyclip_tensors():
    v = "_image_encoder.visual."
    out = [uniform("_logit_scale.logit_scale", (), 0., 4.6052), uniform(v + "class_embedding", (IMAGE_WIDTH,), .8),
           uniform(v + "conv1.weight", (IMAGE_WIDTH, 3, 8, 8), math.sqrt(3 / 192) * 1.5),
           uniform(v + "positional_embedding", (17, IMAGE_WIDTH), .6)] + norm(v + "ln_pre", IMAGE_WIDTH)
    for i, (attention, mlp) in enumerate(IMAGE_BLOCKS):
        out += flat_block(f"{v}transformer.resblocks.{i}.", IMAGE_WIDTH, attention, mlp)
    out += norm(v + "ln_post", IMAGE_WIDTH) + [uniform(v + "proj", (IMAGE_WIDTH, DIM), math.sqrt(3 / IMAGE_WIDTH))]
    return out + flat_text("_text_encoder.", TEXT_WIDTH, TEXT_BLOCKS, DIM)


def tinyclip_config():
    """As the published configuration of such a model has it: the sizes before pruning."""
    return {"mask_image": True, "mask_text": True, "embed_dim": DIM,
            "vision_cfg": {"image_size": 32, "layers": 4, "width": 192, "patch_size": 8},
            "text_cfg": {"context_length": CONTEXT, "vocab_size": len(TOKENS.ids), "width": 128, "heads": 2, "layers": 4}}


def attend(x, weights, at, causal):
    q, k, v = F.linear(x, weights[at + "in_proj_weight"], weights[at + "in_proj_bias"]).chunk(3, -1)
    q, k, v = (t.view(len(x), -1, HEAD).transpose(0, 1) for t in (q, k, v))  # (heads, tokens, 64)
    scores = q * HEAD ** -.5 @ k.transpose(1, 2)
    if causal:
        scores = scores + torch.full(scores.shape[1:], -torch.inf).triu(1)
    out = (torch.softmax(scores, -1) @ v).transpose(0, 1).reshape(len(x), -1)
    return F.linear(out, weights[at + "out_proj.weight"], weights[at + "out_proj.bias"])


def layer_norm(x, weights, name):
    return F.layer_norm(x, x.shape[-1:], weights[name + ".weight"], weights[name + ".bias"], 1e-5)


def blocks(x, weights, prefix, count, causal):
    for i in range(count):
        at = f"{prefix}transformer.resblocks.{i}."
        if at + "ln_1.weight" in weights:
            x = x + attend(layer_norm(x, weights, at + "ln_1"), weights, at + "attn.", causal)
        if at + "ln_2.weight" in weights:
            hidden = F.linear(layer_norm(x, weights, at + "ln_2"), weights[at + "mlp.c_fc.weight"],
                              weights[at + "mlp.c_fc.bias"])
            x = x + F.linear(F.gelu(hidden), weights[at + "mlp.c_proj.weight"], weights[at + "mlp.c_proj.bias"])
    return x


def tinyclip_embed(weights, pixels, ids):
    v, t = "_image_encoder.visual.", "_text_encoder."
    rows = []
    for p in pixels:
        x = F.conv2d(p[None], weights[v + "conv1.weight"], stride=8).flatten(2)[0].T
        x = torch.cat([weights[v + "class_embedding"][None], x]) + weights[v + "positional_embedding"]
        x = blocks(layer_norm(x, weights, v + "ln_pre"), weights, v, len(IMAGE_BLOCKS), False)
        rows.append(layer_norm(x[0], weights, v + "ln_post") @ weights[v + "proj"])
    for i in ids:
        x = weights[t + "token_embedding.weight"][torch.tensor(i)] + weights[t + "positional_embedding"][:len(i)]
        x = layer_norm(blocks(x, weights, t, len(TEXT_BLOCKS), True), weights, t + "ln_final")
        rows.append(x[int(np.argmax(i))] @ weights[t + "text_projection"])
    return torch.stack(rows)


# ---- MobileCLIP-B ------------------------------------------------------------------------------

WIDTH, STEM, LAYERS, MLP, SIZE = 256, 64, 2, 1024, 48


def mobileclip_tensors():
    v = "visual.trunk."
    b = v + "patch_embed.backbone."
    out = [uniform("logit_scale", (), 0., 4.7), uniform(v + "cls_token", (1, 1, WIDTH), .5),
           uniform(v + "pos_embed", (1, (SIZE // 16) ** 2, WIDTH), .4)]
    for i, (inputs, side) in enumerate(((3, 4), (STEM, 2))):
        out += [uniform(f"{b}{i}.conv.weight", (STEM, inputs, side, side), math.sqrt(3 / (inputs * side * side)) * 5)]
        out += norm(f"{b}{i}.bn", STEM)
        out += [uniform(f"{b}{i}.bn.running_mean", (STEM,), .3), uniform(f"{b}{i}.bn.running_var", (STEM,), .5, 1.),
                {"name": f"{b}{i}.bn.num_batches_tracked", "shape": [], "kind": "arange", "dtype": "I64"}]
    out += [uniform(b + "2.conv.weight", (WIDTH, STEM, 2, 2), math.sqrt(3 / (4 * STEM)) * 3),
            uniform(b + "2.conv.bias", (WIDTH,), .2)]
    for i in range(LAYERS):
        at = f"{v}blocks.{i}."
        out += norm(at + "norm1", WIDTH) + linear(at + "attn.qkv", 3 * WIDTH, WIDTH, 2.)
        out += linear(at + "attn.proj", WIDTH, WIDTH, 1.2) + norm(at + "norm2", WIDTH)
        out += linear(at + "mlp.fc1", MLP, WIDTH, 1.2, .2) + linear(at + "mlp.fc2", WIDTH, MLP, 1.4)
    out += norm(v + "norm", WIDTH) + linear(v + "head", DIM, WIDTH, 1., 0)
    out += [uniform(v + "head.bias", (DIM,), 0.)]
    return out + flat_text("text.", 64, [(64, 256)] * 2, DIM)


def mobileclip_config():
    """As open_clip_config.json of the published ones; there the name says the sizes."""
    return {"model_cfg": {"embed_dim": DIM, "custom_text": True,
                          "vision_cfg": {"timm_model_name": "vit_base_mci_224", "timm_model_pretrained": False,
                                         "timm_pool": "token", "timm_proj": None, "timm_drop": 0.,
                                         "timm_drop_path": 0., "image_size": SIZE},
                          "text_cfg": {"context_length": CONTEXT, "vocab_size": len(TOKENS.ids), "width": 64, "heads": 1,
                                       "layers": 2, "no_causal_mask": False}},
            "preprocess_cfg": {"mean": ZERO[0], "std": ZERO[1], "interpolation": "bilinear", "resize_mode": "shortest"}}


def mobileclip_model():
    import open_clip
    from timm.models.vision_transformer_hybrid import ConvStem, _create_vision_transformer_hybrid
    text = mobileclip_config()["model_cfg"]["text_cfg"]
    model = open_clip.model.CustomTextCLIP(DIM, mobileclip_config()["model_cfg"]["vision_cfg"] | {"image_size": 224}, text)
    stem = ConvStem(channels=(STEM, STEM, WIDTH), stride=(4, 2, 2), kernel_size=(4, 2, 2), padding=0, in_chans=3,
                    act_layer=torch.nn.GELU)
    model.visual.trunk = _create_vision_transformer_hybrid(
        "vit_base_mci_224", backbone=stem, embed_args=dict(proj=False), pretrained=False, img_size=SIZE, embed_dim=WIDTH,
        depth=LAYERS, num_heads=WIDTH // HEAD, no_embed_class=True, num_classes=DIM, global_pool="token")
    return model.eval()


def mobileclip_embed(weights, pixels, ids):
    model = mobileclip_model()
    model.load_state_dict(weights, strict=True)
    padded = torch.zeros(len(ids), CONTEXT, dtype=torch.long)
    for row, i in zip(padded, ids):
        row[:len(i)] = torch.tensor(i)
    return torch.cat([model.encode_image(torch.stack(pixels)), model.encode_text(padded)])


MODELS = {"tinyclip": (2000, 32, OPENAI, tinyclip_tensors, tinyclip_config, tinyclip_embed),
          "mobileclip": (2001, SIZE, ZERO, mobileclip_tensors, mobileclip_config, mobileclip_embed)}


def make(name):
    seed, size, (mean, std), entries, config, embed = MODELS[name]
    entries, folder = entries(), OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {e["name"]: tensor(seed, e) for e in entries}
    pictures = [picture(seed, i, size) for i in range(8)]
    mean, std = (torch.tensor(x, dtype=torch.float32)[:, None, None] for x in (mean, std))
    pixels = [(torch.from_numpy(p).permute(2, 0, 1).float() / 255 - mean) / std for p in pictures]
    ids = [towers.Tokenizer(towers.MERGES, CONTEXT).encode(text) for text in TEXTS]
    with torch.no_grad():
        rows = embed({n: torch.from_numpy(a.copy()) for n, a in arrays.items()}, pixels, ids)
    rows = (rows / rows.norm(dim=-1, keepdim=True)).numpy()
    rows.astype("<f4").tofile(folder / "embeddings.bin")
    (folder / "open_clip_config.json").write_text(json.dumps(config(), indent=2) + "\n")
    value = towers.FNV
    for a in arrays.values():
        value = fnv1a(a.tobytes(), value) if a.dtype == np.float32 else value
    index = {"name": name, "seed": seed, "image_size": size, "dim": DIM, "embeddings": "embeddings.bin",
             "cosine": {"f16w": .9997, "dot": .999}, "weights_fnv1a": f"{value:016x}"}
    towers.write_index(folder / "index.json", index, {
        "images": [{"name": f"image/{i}", "fnv1a": f"{fnv1a(p.tobytes()):016x}"} for i, p in enumerate(pictures)],
        "texts": [{"text": t, "ids": i} for t, i in zip(TEXTS, ids)],
        "tensors": entries})
    for kind, half in (("image", rows[:8]), ("text", rows[8:])):
        off = (half @ half.T)[~np.eye(8, dtype=bool)]
        print(f"{name}, {kind}: cosine between inputs {off.min():.3f} .. {off.max():.3f}")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or MODELS:
        make(wanted)
