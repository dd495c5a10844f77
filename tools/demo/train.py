#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the demo CLIP on rendered emoji with the contrastive objective of CLIP's paper.

  train.py --work DIR --steps N              trains at a constant rate, writes DIR/state.pt now and then
  train.py --work DIR --resume --decay N     goes on for N steps while the rate falls to zero, then writes the checkpoint

PyTorch on the CPU; about 6 GB of memory. README.md tells the versions and what it gave.
"""
import argparse
import json
import math
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import captions
import scenes
import vocabulary

CONFIG = dict(image_size=80, patch_size=16, width=192, layers=4, heads=3, text_width=128, text_layers=2, text_heads=2,
              context=32, embedding=128)
BATCH = 320


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        b, t, w = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        a = (q * (w // self.heads) ** -0.5) @ k.transpose(-1, -2)
        a = (a if mask is None else a + mask).softmax(-1) @ v
        x = x + self.out(a.transpose(1, 2).reshape(b, t, w))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class Clip(nn.Module):
    """transformers' CLIPModel in few lines; export.py gives its tensors their names."""

    def __init__(self, vocab_size, c):
        super().__init__()
        w, tw = c["width"], c["text_width"]
        tokens = (c["image_size"] // c["patch_size"]) ** 2 + 1
        self.patch = c["patch_size"]
        self.patches = nn.Linear(3 * self.patch ** 2, w, bias=False)
        self.class_token = nn.Parameter(torch.randn(w) * w ** -0.5)
        self.positions = nn.Parameter(torch.randn(tokens, w) * 0.02)
        self.pre, self.post = nn.LayerNorm(w), nn.LayerNorm(w)
        self.blocks = nn.ModuleList(Block(w, c["heads"]) for _ in range(c["layers"]))
        self.projection = nn.Linear(w, c["embedding"], bias=False)
        self.table = nn.Parameter(torch.randn(vocab_size, tw) * 0.02)
        self.text_positions = nn.Parameter(torch.randn(c["context"], tw) * 0.01)
        self.text_blocks = nn.ModuleList(Block(tw, c["text_heads"]) for _ in range(c["text_layers"]))
        self.text_post = nn.LayerNorm(tw)
        self.text_projection = nn.Linear(tw, c["embedding"], bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        for block in [*self.blocks, *self.text_blocks]:
            nn.init.normal_(block.out.weight, std=0.02)
            nn.init.normal_(block.down.weight, std=0.02)

    def image(self, pictures):  # (B, 3, S, S), normalised
        b, _, size, _ = pictures.shape
        side, p = size // self.patch, self.patch
        x = pictures.view(b, 3, side, p, side, p).permute(0, 2, 4, 1, 3, 5).reshape(b, side * side, 3 * p * p)
        x = torch.cat([self.class_token.expand(b, 1, -1), self.patches(x)], 1) + self.positions
        x = self.pre(x)
        for block in self.blocks:
            x = block(x, None)
        return F.normalize(self.projection(self.post(x[:, 0])), dim=-1)

    def text(self, ids, ends):  # (B, T), (B)
        t = ids.shape[1]
        mask = torch.full((t, t), float("-inf")).triu(1)
        x = self.table[ids] + self.text_positions[:t]
        for block in self.text_blocks:
            x = block(x, mask)
        x = self.text_post(x[torch.arange(len(ids)), ends])
        return F.normalize(self.text_projection(x), dim=-1)


class Muon:
    """Orthogonalised momentum (Jordan et al. 2024) for the blocks' matrices."""

    def __init__(self, matrices, momentum=0.95):
        self.matrices, self.momentum = matrices, momentum
        self.buffers = [torch.zeros_like(m) for m in matrices]

    @torch.no_grad()
    def step(self, rate, decay):
        for m, buffer in zip(self.matrices, self.buffers):
            buffer.mul_(self.momentum).add_(m.grad)
            update = m.grad.add(buffer, alpha=self.momentum)
            x = update / (update.norm() + 1e-7)
            tall = x.shape[0] > x.shape[1]
            x = x.T if tall else x
            for _ in range(5):
                a = x @ x.T
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            x = x.T if tall else x
            m.mul_(1 - rate * decay).add_(x, alpha=-rate * max(1, m.shape[0] / m.shape[1]) ** 0.5)


def split_parameters(model):
    blocks = [*model.blocks, *model.text_blocks]
    matrices = [p for block in blocks for p in block.parameters() if p.ndim == 2]
    ids = {id(p) for p in matrices}
    return matrices, [p for p in model.parameters() if id(p) not in ids]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--steps", type=int, default=100000)
    parser.add_argument("--decay", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=20261123)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    known = scenes.drawable_things()
    words = vocabulary.learn([n for _, n, _ in known] + [k for _, _, ks in known for k in ks] + captions.TEMPLATES * 40)
    fillers = captions.Fillers(known, words)
    model = Clip(len(words.tokens), CONFIG)
    matrices, others = split_parameters(model)
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    step, log = 0, []
    path = os.path.join(args.work, "state.pt")
    if args.resume:
        state = torch.load(path)
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["adam"])
        muon.buffers, average, step, log = state["muon"], state["average"], state["step"], state["log"]
    random.seed(args.seed + step)
    np.random.seed((args.seed + step) % 2**32)
    torch.manual_seed(args.seed + step)
    rng = random.Random(args.seed + step)
    painter = scenes.Painter([c for c, _, _ in known], CONFIG["image_size"])
    start, last = step, args.decay + step if args.decay else args.steps
    begun, total, count = time.time(), 0.0, 0
    while step < last:
        rate = min(1, (step + 1) / 300) * ((last - step) / args.decay if args.decay else 1)
        strength = min(1, 0.25 + step / 4000)
        order = rng.sample(range(len(known)), BATCH + 96)
        chosen = order[:BATCH]
        seconds = [order[BATCH + i] if i < 96 and i % 2 == 0 else -1 for i in range(BATCH)]
        with torch.no_grad():
            pictures = painter.paint(chosen, seconds, strength)
        a, target, loss = model.image(pictures), torch.arange(BATCH), 0
        for frame in (fillers.around, captions.in_template):
            texts = captions.captions(known, chosen, seconds, frame, rng)
            logits = model.logit_scale.exp() * a @ model.text(*words.batch(texts, CONFIG["context"])).T
            loss = loss + (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 4
        for p in model.parameters():
            p.grad = None
        loss.backward()
        for group in adam.param_groups:
            group["lr"] = 2e-3 * rate
        adam.step()
        muon.step(0.02 * rate, 0.02)
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
            keep = min(0.998, (step + 1) / (step + 10)) if not args.decay else 0.99
            for k, v in model.state_dict().items():
                average[k].lerp_(v, 1 - keep)
        step, total, count = step + 1, total + loss.item(), count + 1
        if step % 50 == 0 or step == last:
            right = (logits.argmax(1) == target).float().mean().item()
            line = dict(step=step, loss=round(total / count, 4), batch_top1=round(right, 3), scale=round(model.logit_scale.exp().item(), 1),
                        pictures_per_s=round((step - start) * BATCH / (time.time() - begun), 1), minutes=round((time.time() - begun) / 60, 1))
            log.append(line)
            print(json.dumps(line), flush=True)
            total, count = 0.0, 0
        if step % 500 == 0 or step == last:
            torch.save(dict(model=model.state_dict(), adam=adam.state_dict(), muon=muon.buffers, average=average, step=step, log=log,
                            config=CONFIG, tokens=words.tokens, merges=words.merges), path + ".new")
            os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
