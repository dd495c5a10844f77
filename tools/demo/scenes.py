# SPDX-License-Identifier: Apache-2.0
"""Pictures of emoji on varied backgrounds: place, scale, rotation, light, blur, noise."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

import things

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def draw_glyph(character):
    """The emoji alone on nothing, uncut."""
    font = ImageFont.truetype(things.FONT, 109)
    image = Image.new("RGBA", (180, 180), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((20, 20), character, font=font, embedded_color=True)
    return image


def drawable_things():
    """things.read_things() less what this version of the font lacks."""
    return [thing for thing in things.read_things() if draw_glyph(thing[0]).getbbox()]


def draw_sprite(character, size):
    """The emoji cut to its box and centred in a square: (4, size, size), colour premultiplied by alpha."""
    image = draw_glyph(character)
    box = image.getbbox()
    side = max(box[2] - box[0], box[3] - box[1])
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(image.crop(box), ((side - (box[2] - box[0])) // 2, (side - (box[3] - box[1])) // 2))
    pixels = torch.from_numpy(np.asarray(square.convert("RGBa").resize((size, size), Image.BICUBIC)).copy()).permute(2, 0, 1) / 255
    return pixels


def uniform(n, low, high):
    return torch.rand(n) * (high - low) + low


class Painter:
    """Sprites are drawn once; a batch is a few tensor operations. `size`: pixels a side of the pictures."""

    def __init__(self, characters, size):
        self.size = size
        self.sprites = torch.stack([draw_sprite(c, 112) for c in characters])
        self.small = F.avg_pool2d(self.sprites, 2)  # for small things: sampling the large ones would alias
        self.bank = self.backgrounds(768)

    def backgrounds(self, n):
        """Smooth colours, stripes, checks and speckle, a quarter larger than a picture."""
        size = self.size + self.size // 4
        out = torch.zeros(n, 3, size, size)
        for i in range(n):
            cells = int(torch.randint(2, 9, ()))
            low = torch.rand(1, 3, 1, 1) * 0.8 + (torch.rand(1, 3, cells, cells) - 0.5) * float(uniform(1, 0.1, 1.0))
            out[i] = F.interpolate(low, (size, size), mode="bicubic" if i % 2 else "bilinear", align_corners=False)[0]
            kind = i % 4
            if kind == 1:  # stripes
                y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
                angle, period = float(uniform(1, 0, math.pi)), float(uniform(1, 4, 24))
                wave = torch.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / period)
                out[i] += wave * (torch.rand(3, 1, 1) - 0.5) * 0.5
            elif kind == 2:  # speckle
                out[i] += F.interpolate(torch.randn(1, 1, size // 2, size // 2), (size, size), mode="bilinear",
                                        align_corners=False)[0] * float(uniform(1, 0.02, 0.15))
        return out.clamp(0, 1)

    def background(self, n):
        spare = self.bank.shape[-1] - self.size
        pick = torch.randint(0, len(self.bank), (n,))
        top, left = int(torch.randint(0, spare + 1, ())), int(torch.randint(0, spare + 1, ()))
        out = self.bank[pick][:, :, top:top + self.size, left:left + self.size]
        if torch.rand(()) < 0.5:
            out = out.flip(3)
        return out[:, torch.randperm(3)]

    def place(self, canvas, chosen, scale, x, y, angle):
        """Blends sprites of `scale` of the frame, centred at x, y (-1..1), turned by angle (radians)."""
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        theta = torch.stack([torch.stack([cos, sin, -x * cos - y * sin], 1), torch.stack([-sin, cos, x * sin - y * cos], 1)], 1)
        tiny = scale * self.size < 62
        for mask, source in ((tiny, self.small), (~tiny, self.sprites)):
            rows = mask.nonzero()[:, 0]
            if not len(rows):
                continue
            grid = F.affine_grid(theta[rows], (len(rows), 4, self.size, self.size), align_corners=False)
            layer = F.grid_sample(source[torch.as_tensor(chosen)[rows]], grid, align_corners=False)
            canvas[rows] = canvas[rows] * (1 - layer[:, 3:]) + layer[:, :3]

    def paint(self, chosen, seconds, strength):
        """(B, 3, size, size), normalised. seconds[i] >= 0: a second thing in picture i. strength 0..1."""
        n, s = len(chosen), strength
        canvas = self.background(n).clone()
        two = torch.tensor([b >= 0 for b in seconds])
        scale = uniform(n, 0.85 - 0.45 * s, 0.95)
        scale[two] = uniform(int(two.sum()), 0.4, 0.55)
        room = (1.05 - scale).clamp(min=0)
        x, y = uniform(n, -1, 1) * room * s, uniform(n, -1, 1) * room * s
        side = torch.where(torch.rand(n) < 0.5, 1.0, -1.0)
        x[two], y[two] = side[two] * uniform(int(two.sum()), 0.42, 0.52), uniform(int(two.sum()), -0.4, 0.4)
        turn = math.radians(25) * s
        if two.any():
            rows = two.nonzero()[:, 0]
            m = len(rows)
            part = canvas[rows]
            self.place(part, [seconds[i] for i in rows.tolist()], uniform(m, 0.4, 0.55), -side[rows] * uniform(m, 0.42, 0.52),
                       uniform(m, -0.4, 0.4), uniform(m, -turn, turn))
            canvas[rows] = part
        self.place(canvas, chosen, scale, x, y, uniform(n, -turn, turn))
        return (self.light(canvas, s) - MEAN) / STD

    def light(self, canvas, s):
        """A gradient of light, contrast, colour cast, blur and noise, then what 8 bits hold."""
        n, size = len(canvas), self.size
        ramp = torch.linspace(-1, 1, size)
        shade = 1 + 0.25 * s * (uniform(n, -1, 1).view(n, 1, 1, 1) * ramp.view(1, 1, 1, size)
                                + uniform(n, -1, 1).view(n, 1, 1, 1) * ramp.view(1, 1, size, 1))
        gain = uniform(n, 1 - 0.3 * s, 1 + 0.2 * s).view(n, 1, 1, 1) * (1 + 0.08 * s * torch.randn(n, 3, 1, 1))
        canvas = canvas * (shade * gain) + 0.1 * s * uniform(n, -1, 1).view(n, 1, 1, 1)
        for rows, taps in ((slice(0, n // 4), [0.25, 0.5, 0.25]), (slice(n // 4, n // 4 + n // 8), [0.06, 0.24, 0.4, 0.24, 0.06])):
            kernel = torch.tensor(taps).expand(3, 1, 1, -1)
            blurred = F.conv2d(canvas[rows], kernel, padding=(0, len(taps) // 2), groups=3)
            canvas[rows] = F.conv2d(blurred, kernel.transpose(2, 3), padding=(len(taps) // 2, 0), groups=3)
        canvas = canvas + torch.randn(n, 1, size, size) * uniform(n, 0, 0.06 * s).view(n, 1, 1, 1)
        return (canvas.clamp(0, 1) * 255).round() / 255
