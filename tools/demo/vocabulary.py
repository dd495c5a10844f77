# SPDX-License-Identifier: Apache-2.0
"""A byte-pair vocabulary in CLIP's scheme, learnt from captions: 256 byte symbols, the same with </w>, merges, two marks."""
import re
from collections import Counter

import torch

# What CLIP's pattern does to the captions here, which are ASCII but for a few letters (pinata, cafe).
PATTERN = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_+", re.IGNORECASE)
START, END = "<|startoftext|>", "<|endoftext|>"


def byte_symbols():
    """OpenAI's table: printable bytes stand for themselves, the others for code points from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = dict(zip(printable, map(chr, printable)))
    for byte in range(256):
        if byte not in symbols:
            symbols[byte] = chr(256 + len(symbols) - len(printable))
    return symbols


BYTES = byte_symbols()


def split(text):
    for word in PATTERN.findall(text.lower()):
        symbols = [BYTES[b] for b in word.encode()]
        yield tuple(symbols[:-1]) + (symbols[-1] + "</w>",)


def merge(word, pair):
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


class Vocabulary:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        base = list(BYTES.values())
        self.tokens = base + [b + "</w>" for b in base] + [a + b for a, b in self.merges] + [START, END]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.ranks = {m: i for i, m in enumerate(self.merges)}
        self.cache = {}

    def word_ids(self, word):
        if word not in self.cache:
            parts = word
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, 1 << 30))
                if best not in self.ranks:
                    break
                parts = merge(parts, best)
            self.cache[word] = [self.ids[p] for p in parts]
        return self.cache[word]

    def encode(self, text, context):
        ids = [self.ids[START]] + [i for word in split(text) for i in self.word_ids(word)] + [self.ids[END]]
        return ids if len(ids) <= context else ids[:context - 1] + [self.ids[END]]

    def batch(self, texts, context):
        rows = [self.encode(t, context) for t in texts]
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, :len(row)] = torch.tensor(row)
        return ids, torch.tensor([len(r) - 1 for r in rows])


def learn(texts, count=1200):
    words = Counter(w for t in texts for w in split(t.replace("{}", " ")))
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        if pairs[best] < 2:
            break
        merges.append(best)
        merged = Counter()
        for word, n in words.items():
            merged[merge(word, best)] += n
        words = merged
    return Vocabulary(merges)
