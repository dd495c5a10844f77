#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes train.py's averaged weights as a CLIP checkpoint in transformers' layout, in half precision.

  export.py STATE.pt FOLDER
"""
import json
import os
import struct
import sys

import torch

import vocabulary

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]
BLOCK = {"ln1": "layer_norm1", "ln2": "layer_norm2", "out": "self_attn.out_proj", "up": "mlp.fc1", "down": "mlp.fc2"}
PLAIN = {"class_token": "vision_model.embeddings.class_embedding", "positions": "vision_model.embeddings.position_embedding.weight",
         "pre.weight": "vision_model.pre_layrnorm.weight", "pre.bias": "vision_model.pre_layrnorm.bias",
         "post.weight": "vision_model.post_layernorm.weight", "post.bias": "vision_model.post_layernorm.bias",
         "projection.weight": "visual_projection.weight", "table": "text_model.embeddings.token_embedding.weight",
         "text_positions": "text_model.embeddings.position_embedding.weight",
         "text_post.weight": "text_model.final_layer_norm.weight", "text_post.bias": "text_model.final_layer_norm.bias",
         "text_projection.weight": "text_projection.weight", "logit_scale": "logit_scale"}


def named(average, config):
    """train.py's tensors under transformers' names."""
    out = {}
    for name, value in average.items():
        if name in PLAIN:
            out[PLAIN[name]] = value
        elif name == "patches.weight":
            p = config["patch_size"]
            out["vision_model.embeddings.patch_embedding.weight"] = value.view(-1, 3, p, p)
        else:
            tower, block, part, kind = name.split(".")
            stem = f"{'text' if tower == 'text_blocks' else 'vision'}_model.encoder.layers.{block}."
            if part == "qkv":
                for letter, rows in zip("qkv", value.chunk(3)):
                    out[f"{stem}self_attn.{letter}_proj.{kind}"] = rows
            else:
                out[f"{stem}{BLOCK[part]}.{kind}"] = value
    return out


def write_safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in sorted(tensors.items()):
        piece = value.numpy().astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def model_config(c, words):
    marks = {"bos_token_id": words.ids[vocabulary.START], "eos_token_id": words.ids[vocabulary.END]}
    common = {"hidden_act": "gelu", "layer_norm_eps": 1e-5, "projection_dim": c["embedding"]}
    text = {"model_type": "clip_text_model", "hidden_size": c["text_width"], "intermediate_size": 4 * c["text_width"],
            "num_hidden_layers": c["text_layers"], "num_attention_heads": c["text_heads"], "max_position_embeddings": c["context"],
            "vocab_size": len(words.tokens), "pad_token_id": marks["eos_token_id"]} | marks | common
    vision = {"model_type": "clip_vision_model", "hidden_size": c["width"], "intermediate_size": 4 * c["width"],
              "num_hidden_layers": c["layers"], "num_attention_heads": c["heads"], "image_size": c["image_size"],
              "patch_size": c["patch_size"], "num_channels": 3} | common
    return {"architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": c["embedding"], "torch_dtype": "float16",
            "text_config": text, "vision_config": vision}


def preprocessor_config(c):
    side = c["image_size"]
    return {"image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"shortest_edge": side}, "resample": 3,
            "do_center_crop": True, "crop_size": {"height": side, "width": side}, "do_rescale": True, "rescale_factor": 1 / 255,
            "do_normalize": True, "image_mean": MEAN, "image_std": STD, "do_convert_rgb": True}


def main():
    state, folder = torch.load(sys.argv[1], map_location="cpu"), sys.argv[2]
    words = vocabulary.Vocabulary(state["merges"])
    os.makedirs(folder, exist_ok=True)

    def write(name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def write_json(name, value):
        write(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    write_safetensors(os.path.join(folder, "model.safetensors"), named(state["average"], state["config"]))
    write_json("config.json", model_config(state["config"], words))
    write_json("preprocessor_config.json", preprocessor_config(state["config"]))
    write("vocab.json", json.dumps(words.ids, ensure_ascii=False, separators=(",", ":")) + "\n")
    write("merges.txt", "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in words.merges))
    write("train.log", "".join(json.dumps(line) + "\n" for line in state["log"]))


if __name__ == "__main__":
    main()
