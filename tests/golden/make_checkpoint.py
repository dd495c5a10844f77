#!/usr/bin/env python3
"""Write one of the golden models as a checkpoint folder, for tests by hand.

usage: make_checkpoint.py [--open-clip] [--half] NAME FOLDER

transformers layout by default; --open-clip writes the flat names. --half stores float16, which
changes the weights: compare such a model loosely.
"""
import argparse
import json
import pathlib
import re
import shutil

import numpy as np
from safetensors.numpy import save_file

import towers

BLOCK = {"self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2",
         "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
PLAIN = {"vision_model.embeddings.class_embedding": "visual.class_embedding",
         "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
         "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
         "vision_model.pre_layrnorm": "visual.ln_pre", "vision_model.post_layernorm": "visual.ln_post",
         "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
         "text_model.embeddings.position_embedding.weight": "positional_embedding",
         "text_model.final_layer_norm": "ln_final", "logit_scale": "logit_scale"}


def flat_name(name):
    if name in PLAIN:
        return PLAIN[name]
    stem, kind = name.rsplit(".", 1)
    if stem in PLAIN:
        return f"{PLAIN[stem]}.{kind}"
    tower, block, part = re.fullmatch(r"(vision|text)_model\.encoder\.layers\.(\d+)\.(.+)", stem).groups()
    return f"{'visual.' * (tower == 'vision')}transformer.resblocks.{block}.{BLOCK[part]}.{kind}"


def flatten(arrays):
    """open_clip's tensors: q, k, v in one, projections the other way round."""
    out = {"visual.proj": arrays.pop("visual_projection.weight").T,
           "text_projection": arrays.pop("text_projection.weight").T}
    for name in [n for n in arrays if ".q_proj." in n]:
        parts = [arrays.pop(name.replace(".q_proj.", f".{x}_proj.")) for x in "qkv"]
        block = flat_name(re.sub(r"self_attn\.q_proj\.", "self_attn.out_proj.", name))
        stem, kind = block.rsplit(".out_proj.", 1)
        out[f"{stem}.in_proj_{kind}"] = np.concatenate(parts)
    out |= {flat_name(n): a for n, a in arrays.items() if a.dtype == np.float32}
    return {n: np.ascontiguousarray(a) for n, a in out.items()}


def flat_config(model):
    pixels, patch, width, heads, layers, mlp = model["image"]
    context, text_width, text_heads, text_layers, text_mlp = model["text"]
    config = {"embed_dim": model["dim"],
              "vision_cfg": {"image_size": pixels, "layers": layers, "width": width, "head_width": width // heads,
                             "mlp_ratio": mlp / width, "patch_size": patch},
              "text_cfg": {"context_length": context, "vocab_size": len(towers.TOKENS.ids), "width": text_width,
                           "heads": text_heads, "layers": text_layers, "mlp_ratio": text_mlp / text_width}}
    if model["act"] == "quick_gelu":
        config["quick_gelu"] = True
    prep = {"mean": model["prep"][0], "std": model["prep"][1], "resize_mode": "squash" if model.get("squash") else "shortest",
            "interpolation": "bilinear" if model.get("resample") == 2 else "bicubic"}
    return {"model_cfg": config, "preprocess_cfg": prep}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--open-clip", action="store_true")
    parser.add_argument("--half", action="store_true")
    parser.add_argument("name", choices=towers.MODELS)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    source, model = towers.OUT / args.name, towers.MODELS[args.name]
    index = json.loads((source / "index.json").read_text())
    arrays = {e["name"]: towers.tensor(index["seed"], e) for e in index["tensors"]}
    arrays = flatten(arrays) if args.open_clip else arrays
    if args.half:
        arrays = {n: a.astype(np.float16) if a.dtype == np.float32 else a for n, a in arrays.items()}
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(towers.OUT / name, args.folder)
    if args.open_clip:
        save_file(arrays, args.folder / "open_clip_model.safetensors")
        text = json.dumps(flat_config(model), indent=2) + "\n"
        (args.folder / "open_clip_config.json").write_text(text)
    else:
        save_file(arrays, args.folder / "model.safetensors", {"format": "pt"})
        for name in ("config.json", "preprocessor_config.json"):
            shutil.copy(source / name, args.folder)


if __name__ == "__main__":
    main()
