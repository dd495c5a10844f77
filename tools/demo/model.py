# SPDX-License-Identifier: Apache-2.0
"""CLIP as transformers' CLIPModel computes it, in few lines; export.py gives the tensors their usual names."""
import math

import torch
import torch.nn.functional as F
from torch import nn

CONFIG = dict(image_size=80, patch_size=16, width=192, layers=4, heads=3, text_width=128, text_layers=2, text_heads=2,
              context=32, embedding=128)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.normal_(self.down.weight, std=0.02)

    def forward(self, x, mask):  # (B, T, W)
        b, t, w = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        a = (q * (w // self.heads) ** -0.5) @ k.transpose(-1, -2)  # (B, H, T, T)
        a = (a if mask is None else a + mask).softmax(-1) @ v
        x = x + self.out(a.transpose(1, 2).reshape(b, t, w))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class Clip(nn.Module):
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

    def image(self, pictures):  # (B, 3, S, S), normalised -> (B, E), unit length
        b, _, size, _ = pictures.shape
        side, p = size // self.patch, self.patch
        x = pictures.view(b, 3, side, p, side, p).permute(0, 2, 4, 1, 3, 5).reshape(b, side * side, 3 * p * p)
        x = torch.cat([self.class_token.expand(b, 1, -1), self.patches(x)], 1) + self.positions  # (B, T, W)
        x = self.pre(x)
        for block in self.blocks:
            x = block(x, None)
        return F.normalize(self.projection(self.post(x[:, 0])).float(), dim=-1)

    def text(self, ids, ends):  # (B, T), (B): where each text's end mark is -> (B, E), unit length
        t = ids.shape[1]
        mask = torch.full((t, t), float("-inf")).triu(1)
        x = self.table[ids] + self.text_positions[:t]  # (B, T, W)
        for block in self.text_blocks:
            x = block(x, mask)
        x = self.text_post(x[torch.arange(len(ids)), ends])
        return F.normalize(self.text_projection(x).float(), dim=-1)


def matrices_and_others(model):
    """The blocks' matrices (for Muon) and all else (for Adam)."""
    matrices = [p for block in [*model.blocks, *model.text_blocks] for p in block.parameters() if p.ndim == 2]
    ids = {id(p) for p in matrices}
    return matrices, [p for p in model.parameters() if id(p) not in ids]
