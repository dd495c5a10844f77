#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the demo CLIP on rendered emoji with the contrastive objective of CLIP's paper.

  train.py --work DIR [--steps N]                  at a constant rate; writes DIR/state.pt now and then
  train.py --work DIR --resume                     goes on from there
  train.py --work DIR --resume --decay N           goes on for N steps while the rate falls to zero: the end of a training
  export.py DIR/state.pt -o checkpoint             the checkpoint for transformers and ocelli-convert

PyTorch on the CPU, one single-threaded process a core (they do not wait for each other's threads when
the machine is busy), bfloat16 products where PyTorch has them. README.md: versions, time, what came out.
"""
import argparse
import json
import math
import os
import random
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

import captions
import scenes
import vocabulary
from model import CONFIG, Clip, matrices_and_others
from muon import Muon

BATCH = 512  # things a step, all different, over all processes
PAIRS = 80  # pictures a step that show a second thing, different from all those


class Trainer:
    """One process's share: the model, the optimisers, a moving average of the weights, and the painter."""

    def __init__(self, args, rank, world):
        self.args, self.rank, self.world = args, rank, world
        torch.manual_seed(args.seed)
        self.known = scenes.drawable_things()
        self.words = vocabulary.learn(captions.corpus(self.known))
        self.model = Clip(len(self.words.tokens), CONFIG)
        matrices, others = matrices_and_others(self.model)
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(others, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0)
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.step, self.pictures = 0, 0
        if args.resume:
            self.load(torch.load(self.path()))
        torch.manual_seed(args.seed * 1000003 + self.step * 31 + rank)
        self.painter = scenes.Painter([t[0] for t in self.known], CONFIG["image_size"])

    def path(self):
        return os.path.join(self.args.work, "state.pt")

    def load(self, state):
        self.words = vocabulary.Vocabulary(state["merges"])
        self.model.load_state_dict(state["model"])
        self.adam.load_state_dict(state["adam"])
        self.muon.buffers, self.average = state["muon"], state["average"]
        self.step, self.pictures = state["step"], state["pictures"]

    def save(self):
        state = dict(model=self.model.state_dict(), adam=self.adam.state_dict(), muon=self.muon.buffers, average=self.average,
                     step=self.step, pictures=self.pictures, config=CONFIG, merges=self.words.merges, seed=self.args.seed,
                     things=len(self.known))
        torch.save(state, self.path() + ".new")
        os.replace(self.path() + ".new", self.path())

    def strength(self):
        """How hard the pictures are, 0..1: easy ones first."""
        return min(1, 0.25 + self.step / self.args.ramp)

    def share(self):
        """This process's part of the step's things and second things; the same dice in every process."""
        dice = random.Random(self.args.seed * 7919 + self.step)
        order = dice.sample(range(len(self.known)), BATCH + PAIRS)
        seconds = order[BATCH:] + [-1] * (BATCH - PAIRS)
        dice.shuffle(seconds)
        return order[self.rank:BATCH:self.world], seconds[self.rank::self.world]

    def loss(self, a, b):
        """CLIP's loss over the pictures and texts of all processes; the gradient flows into this one's own."""
        everyone = [gather(a, self.rank, self.world), gather(b, self.rank, self.world)]
        logits = self.model.logit_scale.exp() * everyone[0] @ everyone[1].T
        target = torch.arange(len(logits))
        right = (logits.argmax(1) == target).float().mean().item()
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2, right

    def one_step(self, rate):
        chosen, seconds = self.share()
        rng = random.Random(self.args.seed * 104729 + self.step * 2 + self.rank)
        with torch.no_grad():
            pictures = self.painter.paint(chosen, seconds, self.strength())
        ids, ends = self.words.batch(captions.batch(self.known, chosen, seconds, rng), CONFIG["context"])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            a, b = self.model.image(pictures), self.model.text(ids, ends)
        loss, right = self.loss(a, b)
        for p in self.model.parameters():
            p.grad = None
        loss.backward()
        self.sum_gradients()
        for group in self.adam.param_groups:
            group["lr"] = self.args.adam_rate * rate
        self.adam.step()
        self.muon.step(self.args.muon_rate * rate, 0.02)
        self.step, self.pictures = self.step + 1, self.pictures + BATCH
        self.update_average()
        return loss.item(), right

    def sum_gradients(self):
        self.model.logit_scale.grad /= self.world  # the one parameter whose gradient each process has in full
        flat = torch.cat([p.grad.flatten() for p in self.model.parameters()])
        if self.world > 1:
            dist.all_reduce(flat)
        for p, g in zip(self.model.parameters(), flat.split([p.numel() for p in self.model.parameters()])):
            p.grad = g.view_as(p)

    @torch.no_grad()
    def update_average(self):
        self.model.logit_scale.clamp_(max=math.log(100))
        keep = 0.99 if self.args.decay else min(0.995, (self.step + 1) / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)


def gather(own, rank, world):
    if world == 1:
        return own
    parts = [torch.empty_like(own) for _ in range(world)]
    dist.all_gather(parts, own.detach())
    parts[rank] = own
    return torch.cat(parts)


def train(rank, world, args, meeting):
    torch.set_num_threads(1)
    if world > 1:
        dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=world)
    trainer = Trainer(args, rank, world)
    start, last = trainer.step, trainer.step + args.decay if args.decay else args.steps
    begun, losses, rights = time.time(), [], []
    while trainer.step < last:
        rate = min(1, (trainer.step + 1) / 200) * ((last - trainer.step) / args.decay if args.decay else 1)
        loss, right = trainer.one_step(rate)
        losses.append(loss)
        rights.append(right)
        done = trainer.step == last
        if rank == 0 and (trainer.step % 25 == 0 or done):
            print(json.dumps(dict(step=trainer.step, loss=round(sum(losses) / len(losses), 4), batch_top1=round(sum(rights) / len(rights), 3),
                                  scale=round(trainer.model.logit_scale.exp().item(), 1), rate=round(rate, 3),
                                  strength=round(trainer.strength(), 2), pictures=trainer.pictures,
                                  pictures_per_s=round((trainer.step - start) * BATCH / (time.time() - begun), 1),
                                  minutes=round((time.time() - begun) / 60, 1))), flush=True)
            losses, rights = [], []
        if rank == 0 and (trainer.step % 50 == 0 or done):
            trainer.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--steps", type=int, default=100000)
    parser.add_argument("--decay", type=int, default=0)
    parser.add_argument("--ramp", type=int, default=1200, help="steps until the pictures are at their hardest")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=20261123)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    meeting = os.path.join(os.path.abspath(args.work), f"meeting.{os.getpid()}")
    mp.spawn(train, (args.processes, args, meeting), nprocs=args.processes)


if __name__ == "__main__":
    main()
