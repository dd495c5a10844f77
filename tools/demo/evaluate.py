#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Zero-shot top-1 of the checkpoint in float32 by Hugging Face transformers, on render.py's pictures.

  evaluate.py CHECKPOINT FOLDER        a JSON line a template, as score.sh prints for `ocelli`

Needs what tests/golden/requirements.txt pins.
"""
import json
import os
import sys

import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

HERE = os.path.dirname(os.path.abspath(__file__))


def read_lines(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [line.rstrip("\n") for line in f]


@torch.no_grad()
def main():
    checkpoint, folder = sys.argv[1:]
    model = CLIPModel.from_pretrained(checkpoint, torch_dtype=torch.float32).eval()
    processor = CLIPProcessor.from_pretrained(checkpoint)
    labels = [line.split("\t")[0] for line in read_lines("labels.txt")]
    files = sorted(os.listdir(folder))
    truth = torch.tensor([labels.index(f.split(".")[0]) for f in files])
    images = []
    for start in range(0, len(files), 100):
        pictures = [Image.open(os.path.join(folder, f)) for f in files[start:start + 100]]
        images.append(model.get_image_features(**processor(images=pictures, return_tensors="pt")))
    images = torch.cat(images)
    for line in read_lines("templates.txt"):
        trained, template = line.split("\t")
        texts = [template.replace("{}", label) for label in labels]
        embeddings = model.get_text_features(**processor(text=texts, padding=True, return_tensors="pt"))
        embeddings = embeddings / embeddings.norm(dim=-1, keepdim=True)
        right = ((images @ embeddings.T).argmax(1) == truth).float().mean().item()
        print(json.dumps({"template": template, "trained": trained == "trained", "pictures": len(files), "top1": round(right, 4)}))


if __name__ == "__main__":
    main()
