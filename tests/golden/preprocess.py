#!/usr/bin/env python3
"""Golden pixels: what PIL makes of an image before it is normalised.

usage: preprocess.py            writes preprocess/ beside this file; see README.md
"""
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image
from transformers import CLIPImageProcessor

OUT = pathlib.Path(__file__).parent / "preprocess"
FILTERS = {"bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR}


def scene(width, height, channels, seed):
    """Photo-like float image in 0..1: gradients, edges, a little texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    y, x = (y + 0.5) / height, (x + 0.5) / width
    planes = []
    for _ in range(channels):
        a, b, c = rng.uniform(0.1, 0.9, 3)
        plane = a + (b - a) * x + (c - a) * y + 0.15 * np.sin(9 * x * a + 7 * y * b)
        planes.append(plane)
    image = np.stack(planes, -1)
    for _ in range(6):
        cx, cy, r = rng.uniform(0, 1, 3)
        inside = (abs(x - cx) < r / 4) & (abs(y - cy) < r / 3)
        image[inside] = rng.uniform(0, 1, channels)
    disc = (x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.05
    image[disc] = 1 - image[disc]
    return np.clip(image + rng.uniform(-0.02, 0.02, image.shape), 0, 1)


def bytes_of(image, levels=255):
    """Quantized; a coarser `levels` keeps a PNG small."""
    return (np.round(image * levels) * (255 // levels)).astype(np.uint8)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def write_png(path, pixels, interlaced=False):
    """PNG kinds PIL cannot write: 16-bit with colour or alpha, and interlaced."""
    height, width, channels = pixels.shape
    depth = pixels.dtype.itemsize * 8
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    parts = [pixels[y0::dy, x0::dx].astype(f">u{depth // 8}") for x0, y0, dx, dy in passes]
    raw = b"".join(b"\0" + row.tobytes() for part in parts if part.shape[1] for row in part)
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data
                                + struct.pack(">I", zlib.crc32(kind + data)))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def write_inputs():
    """Every input file; the 16-bit ones with the 8-bit picture they stand for."""
    rgb = lambda w, h, seed, levels=51: Image.fromarray(bytes_of(scene(w, h, 3, seed), levels))
    grey = lambda w, h, seed: Image.fromarray(bytes_of(scene(w, h, 1, seed), 51)[..., 0])
    save = lambda image, name, **how: image.save(OUT / name, **how)

    save(rgb(61, 97, 1), "tall.png")
    save(rgb(101, 67, 2), "wide.png")
    save(rgb(150, 9, 3, 255), "strip.png")
    save(rgb(3, 40, 4, 255), "thread.png")
    save(rgb(5, 3, 5, 255), "tiny.png")
    save(rgb(1, 1, 6, 255), "one.png")
    save(rgb(2, 7, 7, 255), "two.png")
    save(rgb(48, 48, 8), "square48.png")
    save(rgb(32, 45, 9), "exact32.png")
    save(rgb(35, 32, 10), "rest3.png")       # crop to 32 leaves 3 columns: floor 1, round 2
    save(rgb(33, 32, 11), "rest1.png")
    save(rgb(24, 29, 12), "rest5.png")
    save(rgb(257, 131, 13, 17), "photo.png", optimize=True)
    save(grey(70, 53, 14), "grey.png")
    save(Image.fromarray(bytes_of(scene(44, 63, 2, 15), 51), "LA"), "grey-alpha.png")
    save(Image.fromarray(bytes_of(scene(57, 41, 4, 16), 51)), "rgba.png")
    save(rgb(66, 50, 17).quantize(40), "palette.png")
    save(rgb(50, 66, 18).quantize(13), "palette4.png", bits=4)
    save(rgb(37, 52, 19).quantize(30), "palette-clear.png", transparency=3)
    save(grey(53, 71, 20).convert("1"), "bits.png")
    noise = (np.random.default_rng(21).integers(0, 2, (40, 39, 3)) * 255).astype(np.uint8)
    save(Image.fromarray(noise), "harsh.png")  # overshoots 0 and 255 between the passes
    write_png(OUT / "adam7.png", bytes_of(scene(43, 37, 3, 22), 51), interlaced=True)

    save(rgb(160, 120, 30, 255), "photo420.jpg", quality=85, subsampling="4:2:0")
    save(rgb(117, 83, 31, 255), "odd420.jpg", quality=90, subsampling="4:2:0")
    save(rgb(90, 121, 32, 255), "progressive.jpg", quality=85, progressive=True, subsampling="4:2:0")
    save(rgb(75, 64, 33, 255), "full444.jpg", quality=92, subsampling="4:4:4")
    save(rgb(81, 49, 34, 255), "half422.jpg", quality=88, subsampling="4:2:2")
    save(Image.fromarray(bytes_of(scene(95, 71, 1, 35))[..., 0]), "grey.jpg", quality=85)

    high = {}
    for name, channels, size in (("rgb16.png", 3, (40, 59)), ("rgba16.png", 4, (33, 26))):
        deep = (scene(*size, channels, 40 + channels) * 65535).astype(np.uint16)
        write_png(OUT / name, deep)
        top = (deep >> 8).astype(np.uint8)[..., :3]
        high[name] = Image.fromarray(top)
    return high


def processor(size, resize, resample):
    target = {"shortest_edge": size} if resize == "crop" else {"height": size, "width": size}
    return CLIPImageProcessor(size=target, resample=resample, do_center_crop=resize == "crop",
                              crop_size=size, do_rescale=False, do_normalize=False)


def by_hand(image, size, resize, resample):
    """The same in plain PIL, so that the rule can be read here."""
    image = image.convert("RGB")
    if resize == "squash":
        return image.resize((size, size), resample)
    w, h = image.size
    if w <= h:
        w, h = size, int(size * h / w)
    else:
        w, h = int(size * w / h), size
    left, top = (w - size) // 2, (h - size) // 2
    return image.resize((w, h), resample).crop((left, top, left + size, top + size))


def main():
    OUT.mkdir(exist_ok=True)
    high = write_inputs()
    names = sorted(p.name for p in OUT.iterdir() if p.suffix in (".png", ".jpg") and "-to-" not in p.name)
    cases = [(n, 32, r, "bicubic") for n in names for r in ("crop", "squash")]
    cases += [(n, 24, r, f) for n in ("wide.png", "tall.png", "photo.png", "tiny.png")
              for r, f in (("crop", "bicubic"), ("crop", "bilinear"), ("squash", "bilinear"))]
    cases += [(n, 48, r, f) for n in ("square48.png", "tall.png", "rgba.png", "photo420.jpg")
              for r in ("crop", "squash") for f in FILTERS]
    cases += [(n, 64, "crop", f) for n in ("odd420.jpg", "thread.png", "palette.png", "one.png") for f in FILTERS]
    cases += [("photo.png", 224, "crop", "bicubic"), ("exact32.png", 31, "crop", "bicubic"),
              ("wide.png", 97, "crop", "bilinear"), ("rest5.png", 24, "crop", "bicubic")]
    index = []
    for name, size, resize, filter_ in dict.fromkeys(cases):
        image = high.get(name) or Image.open(OUT / name)
        # The layout is told: transformers would take 1 or 3 rows for the channels.
        made = processor(size, resize, FILTERS[filter_])(
            image.convert("RGB"), input_data_format="channels_last")["pixel_values"][0]
        made = np.asarray(made, np.uint8).transpose(1, 2, 0)
        assert (made == np.asarray(by_hand(image, size, resize, FILTERS[filter_]))).all(), name
        stem, kind = name.split(".")
        expected = f"{stem}-{kind}-to-{size}-{resize}-{filter_}.png"
        Image.fromarray(made).save(OUT / expected, optimize=True)
        case = {"input": name, "size": size, "resize": resize, "filter": filter_, "expected": expected,
                "tolerance": 1 if kind == "png" else 3}
        index.append(case | ({"jpeg": True} if kind == "jpg" else {}))
    lines = ",\n".join(json.dumps(case) for case in index)
    (OUT / "index.json").write_text("[\n" + lines + "\n]\n")
    print(f"{len(names)} inputs, {len(index)} cases")


if __name__ == "__main__":
    main()
