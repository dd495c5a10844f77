#!/usr/bin/env python3
"""Golden embeddings of small random CLIP models, from transformers in float32.

usage: towers.py [--check] [NAME...]     writes towers/NAME/ beside this file; see README.md

No weights are stored: random_weights.h makes the same ones. --check also tells how alike the
embeddings are, what each tensor and the activation contribute, and what float32 itself costs.
"""
import copy
import json
import math
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

from tokenizer import EOT, SOT, Tokenizer

OUT = pathlib.Path(__file__).parent / "towers"
GOLDEN, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
FNV = 0xCBF29CE484222325

MERGES = [tuple(m.split()) for m in """t h|th e</w>|a n|i n|in g</w>|p h|ph o|t o</w>|pho to</w>|o f</w>|
c a|ca t</w>|d o|do g</w>|r e|re d</w>|t r|tr u|c k</w>|tru ck</w>|e n</w>|o p|op en</w>|g a""".split("|")]
TEXTS = ["", "a", "## \"!\"", "a photo of the cat", "The DOG, in a red truck!", "café &amp; 42 猫 🐈",
         "an open garage door; a parcel on the doormat, 7:30",
         "a photo of the red truck that is standing in the open gate of a factory, "
         "while it is raining dogs and cats, and a man with an umbrella is looking at it from the other side of the street"]

OPENAI = ([.48145466, .4578275, .40821073], [.26862954, .26130258, .27577711])
HALF = ([.5, .5, .5], [.5, .5, .5])
IMAGENET = ([.485, .456, .406], [.229, .224, .225])
ZERO = ([0., 0., 0.], [1., 1., 1.])

# image = (pixels, patch, width, heads, layers, mlp), text = (context, width, heads, layers, mlp)
MODELS = {
    "quick":    dict(image=(32, 8, 64, 2, 2, 256), text=(77, 64, 2, 2, 256), dim=48, act="quick_gelu", prep=OPENAI,
                     sparse=True),
    "patch14":  dict(image=(56, 14, 96, 3, 3, 384), text=(16, 48, 3, 3, 192), dim=32, act="gelu", prep=OPENAI,
                     sparse=True),
    "image336": dict(image=(336, 14, 32, 2, 1, 128), text=(77, 32, 1, 1, 64), dim=32, act="quick_gelu", prep=HALF),
    "patch32":  dict(image=(224, 32, 144, 2, 2, 288), text=(16, 72, 1, 2, 144), dim=64, act="gelu", prep=IMAGENET,
                     squash=True),
    "onehead":  dict(image=(48, 16, 64, 1, 1, 200), text=(77, 40, 1, 1, 104), dim=56, act="gelu", prep=ZERO,
                     resample=2),
    "head80":   dict(image=(40, 10, 160, 2, 5, 320), text=(20, 80, 1, 3, 160), dim=96, act="gelu", prep=OPENAI),
    "wide768":  dict(image=(64, 32, 768, 12, 1, 256), text=(77, 512, 8, 1, 128), dim=128, act="quick_gelu", prep=OPENAI,
                     short=True),
    "legacy":   dict(image=(32, 16, 64, 1, 3, 256), text=(77, 128, 2, 3, 512), dim=64, act="quick_gelu", prep=OPENAI,
                     legacy=True),
    "deep":     dict(image=(32, 8, 64, 4, 12, 256), text=(32, 64, 4, 11, 256), dim=64, act="quick_gelu", prep=OPENAI),
    "minimal":  dict(image=(16, 16, 16, 1, 1, 24), text=(8, 16, 1, 1, 24), dim=8, act="gelu", prep=HALF),
    "outlier":  dict(image=(32, 8, 128, 2, 4, 512), text=(77, 128, 2, 4, 512), dim=64, act="quick_gelu", prep=OPENAI,
                     outliers=True),
}

# ---- random numbers: random_weights.h says the same in C ---------------------------------------


def fnv1a(data, value=FNV):
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def mix(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def words(seed, name, count):
    start = np.array([(fnv1a(name.encode()) + seed * GOLDEN) & MASK], np.uint64)
    return mix(mix(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN))


def tensor(seed, entry):
    shape = entry["shape"]
    count = math.prod(shape)
    if entry["kind"] == "arange":
        return np.arange(count, dtype=np.int64).reshape(shape)
    u = ((words(seed, entry["name"], count) >> np.uint64(40)).astype(np.float64) - 2 ** 23) / 2 ** 23
    value = float(np.float32(entry["offset"])) + u * float(np.float32(entry["scale"]))
    value = value.reshape(shape)
    for o in entry.get("outliers", []):
        np.moveaxis(value, o["axis"], 0)[o["index"]] *= o["factor"]
    return value.astype(np.float32)


def picture(seed, number, size):
    w = words(seed, f"image/{number}", 64 + size * size * 3)
    y, x = np.mgrid[0:size, 0:size].astype(np.uint64)
    rx, ry, n = np.uint64(size) - x, np.uint64(size) - y, np.uint64(size * size)
    planes = []
    for c in range(3):
        a, b, d, e = (w[i * 3 + c] & np.uint64(255) for i in range(4))
        plane = ((a * rx * ry + b * x * ry + d * rx * y + e * x * y) // n).astype(np.int64)
        for at in range(12, 44, 8):
            left, top = (int(w[at + i]) % size for i in (0, 1))
            wide, high = (1 + int(w[at + i]) % size for i in (2, 3))
            box = plane[top:top + high, left:left + wide]
            box[:] = (box + (int(w[at + 4 + c]) & 255)) // 2
        planes.append(plane)
    noise = (w[64:] & np.uint64(31)).astype(np.int64).reshape(size, size, 3) - 16
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


# ---- models ------------------------------------------------------------------------------------


def uniform(name, shape, scale, offset=0.0, outliers=()):
    entry = {"name": name, "shape": list(shape), "kind": "uniform", "scale": float(f"{scale:.4g}"), "offset": offset}
    if outliers:
        entry["outliers"] = [dict(zip(("axis", "index", "factor"), o)) for o in outliers]
    return entry


def linear(name, rows, columns, gain=1.0, bias=0.15, outliers=()):
    """A product whose output has about `gain` times the spread of its input."""
    scale = gain * math.sqrt(3 / columns)
    out = [uniform(name + ".weight", (rows, columns), scale, 0.0, outliers)]
    return out + [uniform(name + ".bias", (rows,), bias)] if bias else out


def norm(name, width, outliers=()):
    return [uniform(name + ".weight", (width,), 0.4, 1.0, outliers), uniform(name + ".bias", (width,), 0.2)]


def loud_channels(width):
    return [width // 5, width // 2 + 3]


def tower(prefix, width, layers, mlp, outliers, sparse):
    """The blocks.

    outliers: two channels are large in the residual, two others in both norms' gains, and quieter
    in the weights that read them.
    sparse: most hidden units sit at -2, where GELU and QuickGELU differ most; a mix-up shows.
    """
    wide, loud = ([width // 3, width - 5], loud_channels(width)) if outliers else ([], [])
    large = 30.0 if prefix == "vision_model" else 8.0   # text has no pre-LN that damps them
    gains = [(0, c, large) for c in wide] + [(0, c, 0.25) for c in loud]
    read = [(1, c, 1 / 16) for c in wide]
    write = [(0, c, 4.0) for c in loud]
    out = []
    for i in range(layers):
        at = f"{prefix}.encoder.layers.{i}."
        for part, gain in (("q", 1.4), ("k", 1.4), ("v", 1.0)):
            out += linear(at + f"self_attn.{part}_proj", width, width, gain, 0.15, read)
        out += linear(at + "self_attn.out_proj", width, width, 1.2, 0.15, write)
        out += norm(at + "layer_norm1", width, gains)
        out += linear(at + "mlp.fc1", mlp, width, 0.7 if sparse else 1.2, 0.2, read)
        out[-1]["offset"] = -2.0 if sparse else 0.0
        out += linear(at + "mlp.fc2", width, mlp, 9.0 if sparse else 1.4, 0.15, write)
        out += norm(at + "layer_norm2", width, gains)
    return out


def tensors(model):
    pixels, patch, width, _, layers, mlp = model["image"]
    context, text_width, _, text_layers, text_mlp = model["text"]
    loud, sparse = model.get("outliers", False), model.get("sparse", False)
    pre = [(0, c, 12.0) for c in loud_channels(width)] if loud else []
    v, t = "vision_model.embeddings.", "text_model.embeddings."
    count = (pixels // patch) ** 2 + 1
    out = [uniform("logit_scale", (), 0.0, 4.6052 if model["act"] == "gelu" else 3.9)]
    if model.get("legacy"):
        out += [{"name": n + "position_ids", "shape": [1, c], "kind": "arange", "dtype": "I64"}
                for n, c in ((t, context), (v, count))]
    out += [uniform(v + "class_embedding", (width,), 0.8),
            uniform(v + "patch_embedding.weight", (width, 3, patch, patch), math.sqrt(3 / (3 * patch * patch)) * 1.5),
            uniform(v + "position_embedding.weight", (count, width), 0.6)]
    out += norm("vision_model.pre_layrnorm", width, pre)
    out += tower("vision_model", width, layers, mlp, loud, sparse)
    out += norm("vision_model.post_layernorm", width)
    out += linear("visual_projection", model["dim"], width, 1.0, 0)
    out += [uniform(t + "token_embedding.weight", (len(TOKENS.ids), text_width), 0.8),
            uniform(t + "position_embedding.weight", (context, text_width), 0.4)]
    out += tower("text_model", text_width, text_layers, text_mlp, loud, sparse)
    out += norm("text_model.final_layer_norm", text_width)
    out += linear("text_projection", model["dim"], text_width, 1.0, 0)
    return out


def sub_config(model, context=None):
    """vision_config, or text_config when a context is given."""
    width, heads, layers, mlp = model["text" if context else "image"][-4:]
    config = {"hidden_size": width, "intermediate_size": mlp, "num_attention_heads": heads,
              "num_hidden_layers": layers, "hidden_act": model["act"], "layer_norm_eps": 1e-5,
              "projection_dim": model["dim"]}
    if context:
        ids = (0, 2) if model.get("legacy") else (TOKENS.ids[SOT], TOKENS.ids[EOT])
        config |= {"vocab_size": len(TOKENS.ids), "max_position_embeddings": context,
                   "bos_token_id": ids[0], "eos_token_id": ids[1]}
        default = {"hidden_size": 512, "num_attention_heads": 8, "max_position_embeddings": 77}
    else:
        config |= {"image_size": model["image"][0], "patch_size": model["image"][1]}
        default = {"hidden_size": 768, "num_attention_heads": 12, "patch_size": 32}
    if model.get("short"):   # newer transformers leave out what equals its default
        default |= {"hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}
        config = {k: x for k, x in config.items() if default.get(k) != x}
    return config


def configs(model):
    config = {"architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": model["dim"],
              "logit_scale_init_value": 2.6592, "torch_dtype": "float32",
              "text_config": sub_config(model, model["text"][0]), "vision_config": sub_config(model)}
    pixels, (mean, std) = model["image"][0], model["prep"]
    square = {"height": pixels, "width": pixels}
    size = square if model.get("squash") else {"shortest_edge": pixels}
    if model.get("legacy"):  # as the first checkpoints say it
        size = square = pixels
    prep = {"crop_size": square, "do_center_crop": not model.get("squash", False), "do_normalize": True,
            "do_resize": True, "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": mean,
            "image_std": std, "resample": model.get("resample", 3), "size": size}
    if not model.get("legacy"):
        del prep["feature_extractor_type"]
        prep |= {"do_convert_rgb": True, "do_rescale": True, "image_processor_type": "CLIPImageProcessor",
                 "rescale_factor": 1 / 255}
    return config, prep


TOKENS = Tokenizer(MERGES)


def load(config, arrays):
    model = CLIPModel(CLIPConfig.from_dict(copy.deepcopy(config))).eval()
    state = {n: torch.from_numpy(a.copy()) for n, a in arrays.items() if a.dtype == np.float32}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all("position_ids" in n for n in missing), (missing, unexpected)
    return model


def embed(model, pixels, ids):
    """Unit vectors, images first; pixels and ids decide, no mask and no padding."""
    dtype = model.dtype
    with torch.no_grad():
        rows = [model.get_image_features(p[None].to(dtype)) for p in pixels]
        rows += [model.get_text_features(torch.tensor([i])) for i in ids]
    rows = torch.cat(rows)
    return (rows / rows.norm(dim=-1, keepdim=True)).numpy()


def hidden(model, pixels, ids):
    """Input of the first block, then the output of each, for one image and one text."""
    with torch.no_grad():
        image = model.vision_model(pixels[None], output_hidden_states=True).hidden_states
        text = model.text_model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return torch.cat(image).numpy(), torch.cat(text).numpy()


def check(name, config, entries, arrays, pixels, ids, made):
    cosine = lambda a, b: (a * b).sum(-1)
    half = len(pixels)
    for kind, rows in (("image", made[:half]), ("text", made[half:])):
        off = (rows @ rows.T)[~np.eye(len(rows), dtype=bool)]
        print(f"  {kind}: cosine between inputs {off.min():.3f} .. {off.max():.3f}")
    double = load(config, arrays).double()
    torch.set_default_dtype(torch.float64)  # transformers makes the mask in this type
    exact = embed(double, pixels, ids)
    torch.set_default_dtype(torch.float32)
    print(f"  float32 against float64: 1 - cosine at most {1 - cosine(made.astype(float), exact).min():.1e}")
    other = copy.deepcopy(config)
    for part in ("text_config", "vision_config"):
        other[part]["hidden_act"] = "quick_gelu" if config[part].get("hidden_act") == "gelu" else "gelu"
    print(f"  other GELU: cosine {cosine(made, embed(load(other, arrays), pixels, ids)).min():.5f}")
    weak = []
    for e in entries:
        if e["kind"] == "uniform" and e["name"] != "logit_scale":
            changed = embed(load(config, arrays | {e["name"]: tensor(999, e)}), pixels, ids)
            worst = cosine(made, changed).min()
            if worst > 0.9995:
                weak.append(f"{e['name']} {worst:.7f}")
    print("  worst cosine above 0.9995 when redrawn:", "; ".join(weak) or "none")


def make(name, number, checked):
    model, seed, folder = MODELS[name], 1000 + number, OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    config, prep = configs(model)
    entries = tensors(model)
    arrays = {e["name"]: tensor(seed, e) for e in entries}
    size = model["image"][0]
    pictures = [picture(seed, i, size) for i in range(8)]
    processor = CLIPImageProcessor.from_dict(copy.deepcopy(prep))
    pixels = [processor(Image.fromarray(p), return_tensors="pt")["pixel_values"][0] for p in pictures]
    tokens = Tokenizer(MERGES, model["text"][0])
    ids = [tokens.encode(text) for text in TEXTS]
    clip = load(config, arrays)
    made = embed(clip, pixels, ids)
    made.astype("<f4").tofile(folder / "embeddings.bin")

    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(prep, indent=2) + "\n")
    index = {"name": name, "seed": seed, "image_size": size, "dim": model["dim"],
             "embeddings": "embeddings.bin", "cosine": {"f16w": 0.999, "dot": 0.995} if model.get("outliers") else {"f16w": 0.9997, "dot": 0.999}}
    if name == "quick":
        image, text = hidden(clip, pixels[0], ids[4])
        np.concatenate([image.ravel(), text.ravel()]).astype("<f4").tofile(folder / "hidden.bin")
        index["hidden"] = {"file": "hidden.bin", "image": 0, "image_shape": image.shape,
                           "text": 4, "text_shape": text.shape}
    floats = (a.tobytes() for a in arrays.values() if a.dtype == np.float32)
    value = FNV
    for data in floats:
        value = fnv1a(data, value)
    index["weights_fnv1a"] = f"{value:016x}"
    write_index(folder / "index.json", index, {
        "images": [{"name": f"image/{i}", "fnv1a": f"{fnv1a(p.tobytes()):016x}"} for i, p in enumerate(pictures)],
        "texts": [{"text": t, "ids": i} for t, i in zip(TEXTS, ids)],
        "tensors": entries})
    print(f"{name}: {sum(a.size for a in arrays.values())} weights, text lengths", [len(i) for i in ids])
    if checked:
        check(name, config, entries, arrays, pixels, ids, made)


def write_index(path, head, lists):
    """JSON with one line an entry of each list."""
    body = json.dumps(head, indent=1)[:-2]
    for key, rows in lists.items():
        body += f',\n "{key}": [\n  ' + ",\n  ".join(json.dumps(row) for row in rows) + "\n ]"
    path.write_text(body + "\n}\n")


def main(arguments):
    torch.set_num_threads(2)
    checked = "--check" in arguments
    wanted = [a for a in arguments if a != "--check"] or list(MODELS)
    OUT.mkdir(exist_ok=True)
    TOKENS.save(OUT)
    for number, name in enumerate(MODELS):
        if name in wanted:
            make(name, number, checked)


if __name__ == "__main__":
    main(sys.argv[1:])
