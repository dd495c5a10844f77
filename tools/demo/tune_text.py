#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goes on with the text tower alone, the image tower locked (LiT, Zhai et al. 2022): pictures are embedded once, so that a step
costs a tenth and the text tower can hear far more ways to say a thing.

  tune_text.py STATE.pt NEW_STATE.pt --steps N
"""
import argparse
import json
import random
import time

import torch
import torch.nn.functional as F

import captions
import scenes
import train
import vocabulary

EACH, PAIRS = 16, 6000  # pictures a thing alone; pictures of two things


@torch.no_grad()
def embed_pictures(model, painter, count, rng):
    """([(first, second or -1)], (n, D)), in batches as training has them."""
    things = [(i, -1) for i in range(count) for _ in range(EACH)] + [tuple(rng.sample(range(count), 2)) for _ in range(PAIRS)]
    rng.shuffle(things)
    out = []
    for start in range(0, len(things), 320):
        part = things[start:start + 320]
        out.append(model.image(painter.paint([a for a, _ in part], [b for _, b in part], 1.0)))
    return things, torch.cat(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=20261124)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    state = torch.load(args.state)
    known = scenes.drawable_things()
    words = vocabulary.Vocabulary(state["merges"])
    fillers = captions.Fillers(known, words)
    model = train.Clip(len(words.tokens), state["config"])
    model.load_state_dict(state["average"])
    pictures, embeddings = embed_pictures(model, scenes.Painter([c for c, _, _ in known], state["config"]["image_size"]), len(known), rng)
    text = [p for name, p in model.named_parameters() if name.startswith("text") or name == "table"]
    adam = torch.optim.AdamW(text, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    begun, total = time.time(), 0.0
    for step in range(args.steps):
        used, chosen = set(), []
        while len(chosen) < 320:  # nothing twice in a batch: every other caption is wrong for a picture
            i = rng.randrange(len(pictures))
            if used.isdisjoint(pictures[i]):
                used.update(j for j in pictures[i] if j >= 0)
                chosen.append(i)
        frame = fillers.around if step % 4 else captions.in_template
        texts = captions.captions(known, [pictures[i][0] for i in chosen], [pictures[i][1] for i in chosen], frame, rng)
        logits = model.logit_scale.exp().detach() * embeddings[chosen] @ model.text(*words.batch(texts, state["config"]["context"])).T
        target = torch.arange(len(chosen))
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        for group in adam.param_groups:
            group["lr"] = 1e-3 * min(1, (step + 1) / 100, (args.steps - step) / (args.steps / 2))
        adam.zero_grad()
        loss.backward()
        adam.step()
        with torch.no_grad():
            for k, v in model.state_dict().items():
                average[k].lerp_(v, 0.01)
        total += loss.item()
        if (step + 1) % 200 == 0:
            line = dict(text_step=step + 1, loss=round(total / 200, 4), minutes=round((time.time() - begun) / 60, 1))
            state["log"].append(line)
            print(json.dumps(line), flush=True)
            total = 0.0
    torch.save(state | dict(model=model.state_dict(), average=average), args.out)


if __name__ == "__main__":
    main()
