#!/usr/bin/env python3
"""Golden pictures: small files of every kind, and what Pillow makes of them.

usage: pictures.py            writes pictures/ beside this file; Pillow 13.0.0, numpy 2.4 (pip install pillow==13.0.0 numpy)

Pillow 10.4.0 gives the same but for jumps in BMP run lengths and TGA palettes of 32 bits, in which it has faults.

index.txt has a line a file: name, width, height, FNV-1a (64 bits) of the RGB bytes of
Image.open(), ImageOps.exif_transpose(), convert("RGB"), and the same hash without exif_transpose().
A name that begins with "no-" is refused here, whatever Pillow does; REFUSED below says why.
"""
import io
import pathlib
import shutil
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / "pictures"
FILES = {}


def scene(width, height, channels, seed):
    """Smooth, with an edge and a little noise: each pixel, row and turn differs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(channels):
        a, b, c = rng.integers(20, 236, 3)
        plane = a + (b - a) * x / max(width - 1, 1) + (c - a) * y / max(height - 1, 1)
        plane = np.where((x > width // 2) & (y < height // 3), 255 - plane, plane)
        planes.append(plane + rng.integers(-6, 7, plane.shape))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def rgb(width, height, seed):
    return Image.fromarray(scene(width, height, 3, seed))


def grey(width, height, seed):
    return Image.fromarray(scene(width, height, 1, seed)[..., 0])


def add(name, data):
    FILES[name] = data


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation, order="II", kind=3):
    entry = struct.pack((">" if order == "MM" else "<") + ("HHIHH" if kind == 3 else "HHII"),
                        *([0x0112, 3, 1, orientation, 0] if kind == 3 else [0x0112, 4, 1, orientation]))
    head = order.encode() + struct.pack(">HI" if order == "MM" else "<HI", 42, 8)
    return head + struct.pack(">H" if order == "MM" else "<H", 1) + entry + bytes(4)


# ---- JPEG ----

def segments(data):
    """Header segments (marker, whole bytes) and the rest, from the first scan on."""
    at, parts = 2, []
    while data[at + 1] != 0xDA:
        length = 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
        parts.append((data[at + 1], data[at:at + length]))
        at += length
    return parts, data[at:]


def joined(parts, rest):
    return b"\xff\xd8" + b"".join(p for _, p in parts) + rest


def without(data, *markers):
    parts, rest = segments(data)
    return joined([p for p in parts if p[0] not in markers], rest)


XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
XMP = {"six": b'<rdf:Description tiff:Orientation="6"/>', "element": b"<tiff:Orientation>3</tiff:Orientation>",
       "quote": b"<rdf:Description tiff:Orientation='6'/>", "letter": b'tiff:Orientation="x" tiff:Orientation="8"',
       "nine": b'tiff:Orientation="9" tiff:Orientation="6"', "long": b'mytiff:Orientation="61"'}


def app1(data):
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def jpegs():
    base = saved(rgb(33, 17, 1), "JPEG", quality=85)
    add("420.jpg", base)
    add("422.jpg", saved(rgb(31, 15, 2), "JPEG", quality=85, subsampling="4:2:2"))
    add("444.jpg", saved(rgb(17, 9, 3), "JPEG", quality=85, subsampling="4:4:4"))
    add("progressive.jpg", saved(rgb(33, 17, 4), "JPEG", quality=85, progressive=True))
    add("grey.jpg", saved(grey(19, 11, 5), "JPEG", quality=85))
    cmyk = saved(Image.fromarray(scene(21, 13, 4, 6), "CMYK"), "JPEG", quality=90)
    add("cmyk.jpg", cmyk)
    add("cmyk-noadobe.jpg", without(cmyk, 0xEE))
    parts, rest = segments(cmyk)
    ycck = [(m, p[:-1] + b"\2" if m == 0xEE else p) for m, p in parts]
    add("ycck.jpg", joined(ycck, rest))
    add("rgb-adobe.jpg", saved(rgb(16, 8, 7), "JPEG", quality=90, keep_rgb=True))
    add("tableless.jpg", without(saved(rgb(33, 17, 8), "JPEG", quality=85, optimize=False), 0xC4))
    add("junk-before-end.jpg", base[:-2] + b"\xff\x00\xff\x01junk\xff\xd9")
    add("restart-before-end.jpg", base[:-2] + b"\xff\xd3\xff\xd9")
    add("junk-behind-end.jpg", base + b"\0\0junk\xff\xd8\xff")
    restarts = saved(rgb(33, 17, 9), "JPEG", quality=85, restart_marker_blocks=1)
    at = restarts.index(b"\xff\xd1")
    add("restarts.jpg", restarts)
    add("bytes-before-restart.jpg", restarts[:at] + b"\x55\xaa\x12" + restarts[at:])
    add("restart-missing.jpg", restarts[:at] + restarts[at + 2:])
    add("restart-twice.jpg", restarts[:at] + restarts[at:at + 2] + restarts[at:])
    add("fill-bytes.jpg", without(base, 0xE0)[:2] + b"\xff\xff" + without(base, 0xE0)[2:])
    spoilt = bytearray(saved(rgb(33, 17, 10), "JPEG", quality=60))
    spoilt[-40] ^= 0x10
    add("spoilt.jpg", bytes(spoilt))
    for n in range(1, 9):
        image = rgb(13, 9, 20 + n)
        add(f"turn{n}.jpg", saved(image, "JPEG", quality=85, exif=b"Exif\0\0" + exif(n, "MM" if n % 2 else "II", 3 if n < 8 else 4)))
    add("turn6-progressive.jpg", saved(rgb(13, 9, 30), "JPEG", progressive=True, exif=b"Exif\0\0" + exif(6)))
    add("turn8-cmyk.jpg", saved(Image.fromarray(scene(13, 9, 4, 31), "CMYK"), "JPEG", exif=b"Exif\0\0" + exif(8)))
    def entry(kind, count, value):  # a directory of this one, little endian
        return b"II*\0" + struct.pack("<IHHHI", 8, 1, 0x0112, kind, count) + value + bytes(4)

    kinds = {"two": entry(3, 2, b"\6\0\1\0"), "byte": entry(1, 1, b"\6\0\0\0"), "slong": entry(9, 1, b"\6\0\0\0"),
             "sshort": entry(8, 1, b"\6\0\0\0"), "three": entry(3, 3, b"\x1a\0\0\0") + b"\6\0\1\0\1\0"}
    for name, tiff in kinds.items():
        add(f"turn-{name}.jpg", saved(rgb(13, 9, 33), "JPEG", exif=b"Exif\0\0" + tiff))
    parts, rest = segments(saved(rgb(13, 9, 34), "JPEG", exif=b"Exif\0\0" + exif(6)))
    split = [(m, p[:4] + p[4:18] if m == 0xE1 else p) for m, p in parts]
    tail = next(p for m, p in parts if m == 0xE1)[18:]
    at = [m for m, _ in split].index(0xE1)
    split[at] = (0xE1, b"\xff\xe1" + struct.pack(">H", 16) + split[at][1][4:])
    split.insert(at + 1, (0xE1, b"\xff\xe1" + struct.pack(">H", 8 + len(tail)) + b"Exif\0\0" + tail))
    add("turn6-split.jpg", joined(split, rest))
    add("turn9.jpg", saved(rgb(13, 9, 32), "JPEG", exif=b"Exif\0\0" + exif(9)))
    add("turn8-junk.jpg", FILES["turn8-cmyk.jpg"].replace(b"\xff\xee\0\x0e", b"\xff\xee\0\x0c", 1))  # two bytes before EXIF
    add("turn6-many.jpg", FILES["turn6.jpg"].replace(b"\x12\1\3\0\1", b"\x12\1\3\0\x09", 1))  # nine values in place of one
    head, plain = b"Exif\0\0", saved(rgb(13, 9, 35), "JPEG")
    def tags(*entries):  # a directory of these, little endian
        return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHI", *e[:3]) + e[3] for e in entries) + bytes(4)

    for name, tiff in {"doubled": head + exif(6), "empty": b"", "mm2a": b"MM*\0" + exif(6, "MM")[4:],
                       "rational": entry(5, 1, b"\x1a\0\0\0") + struct.pack("<II", 12, 2),
                       "real": entry(11, 1, struct.pack("<f", 6)), "half": entry(11, 1, struct.pack("<f", 6.5)),
                       "unknown-first": tags((0x112, 77, 1, b"\3\0\0\0"), (0x112, 3, 1, b"\6\0\0\0")),
                       "cut-before": tags((0x10f, 2, 9, b"\xff\0\0\0"), (0x112, 3, 1, b"\6\0\0\0")),
                       "none": tags((0x100, 3, 1, b"\6\0\0\0"))}.items():
        add(f"turn-{name}.jpg", plain[:2] + app1(head + tiff) + plain[2:])
    for name, text in XMP.items():
        add(f"xmp-{name}.jpg", plain[:2] + app1(XMP_HEAD + text) + plain[2:])
    add("xmp-exif.jpg", plain[:2] + app1(XMP_HEAD + XMP["six"]) + app1(head + exif(1)) + plain[2:])
    add("xmp-other-exif.jpg", plain[:2] + app1(head + tags((0x100, 3, 1, b"\6\0\0\0"))) + app1(XMP_HEAD + XMP["six"]) + plain[2:])
    add("xmp-broken-exif.jpg", plain[:2] + app1(head + b"II*") + app1(XMP_HEAD + XMP["six"]) + plain[2:])
    add("xmp-twice.jpg", plain[:2] + app1(XMP_HEAD + XMP["six"]) + app1(XMP_HEAD + XMP["element"]) + plain[2:])
    add("no-end.jpg", base[:-2])
    add("no-half.jpg", base[:len(base) * 3 // 5])
    twelve = bytearray(base)
    twelve[twelve.index(b"\xff\xc0") + 4] = 12
    add("no-12bit.jpg", bytes(twelve))


# ---- PNG ----

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def profile_of(data):  # as ImageMagick writes it
    lines = [data.hex()[i:i + 72] for i in range(0, 2 * len(data), 72)]
    return ("\nexif\n%8d\n" % len(data) + "\n".join(lines) + "\n").encode()


def png(pixels, depth=8, colour=None, interlaced=False, before=b"", behind=b""):
    """pixels: (height, width, channels) of the depth's own values."""
    height, width, channels = pixels.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels] if colour is None else colour
    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = pixels[y0::dy, x0::dx]
        for row in part if part.shape[1] else []:
            flat = row.reshape(-1)
            if depth == 16:
                line = flat.astype(">u2").tobytes()
            elif depth == 8:
                line = flat.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                line = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
            raw += b"\0" + line
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(raw, 9)) + behind
            + chunk(b"IEND", b""))


def pngs():
    deep = np.random.default_rng(40).integers(0, 65536, (9, 11, 4))
    for interlaced in (False, True):
        mark = "-adam7" if interlaced else ""
        add(f"rgb{mark}.png", png(scene(17, 9, 3, 41), interlaced=interlaced))
        add(f"rgba{mark}.png", png(scene(9, 17, 4, 42), interlaced=interlaced))
        add(f"grey-alpha{mark}.png", png(scene(9, 5, 2, 43), interlaced=interlaced))
        add(f"rgb16{mark}.png", png(deep[..., :3], 16, interlaced=interlaced))
        add(f"rgba16{mark}.png", png(deep, 16, interlaced=interlaced))
        add(f"grey-alpha16{mark}.png", png(deep[..., :2], 16, interlaced=interlaced))
        for depth in (1, 2, 4, 8):
            values = scene(13, 7, 1, 44 + depth) >> (8 - depth)
            colours = np.random.default_rng(50 + depth).integers(0, 256, (3 << min(depth, 6)) // 3 * 3).astype(np.uint8).tobytes()
            add(f"grey{depth}{mark}.png", png(values, depth, interlaced=interlaced))
            add(f"palette{depth}{mark}.png", png(values % (len(colours) // 3), depth, 3, interlaced, chunk(b"PLTE", colours)
                                                 + chunk(b"tRNS", b"\0\x80")))
    add("palette-short.png", png(scene(13, 7, 1, 60) // 16, 8, 3, before=chunk(b"PLTE", bytes(range(10, 40)))))
    add("grey-trns.png", png(scene(9, 5, 1, 61), before=chunk(b"tRNS", b"\0\x60")))
    add("rgb-trns.png", png(scene(9, 5, 3, 62), before=chunk(b"tRNS", b"\0\1\0\2\0\3")))
    add("gamma.png", png(scene(9, 5, 3, 63), before=chunk(b"gAMA", struct.pack(">I", 30000))))
    spoilt = bytearray(png(scene(9, 5, 3, 64)))
    spoilt[-13] ^= 1
    add("checksum.png", bytes(spoilt))
    add("turn6.png", png(scene(13, 9, 3, 65), before=chunk(b"eXIf", exif(6))))
    add("turn7-adam7.png", png(scene(13, 9, 3, 66), interlaced=True, before=chunk(b"eXIf", exif(7, "MM"))))
    add("turn3-behind.png", png(scene(13, 9, 3, 67), behind=chunk(b"eXIf", exif(3))))
    upright = scene(13, 9, 3, 68)
    add("turn-last.png", png(upright, before=chunk(b"eXIf", exif(6)) + chunk(b"eXIf", exif(3))))
    add("turn-headed.png", png(upright, before=chunk(b"eXIf", b"Exif\0\0" + exif(6))))
    profile = profile_of(b"Exif\0\0" + exif(8))
    add("profile.png", png(upright, before=chunk(b"tEXt", b"Raw profile type exif\0" + profile)))
    add("profile-packed.png", png(upright, behind=chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile))))
    add("profile-exif.png", png(upright, before=chunk(b"tEXt", b"Raw profile type exif\0" + profile) + chunk(b"eXIf", exif(3))))
    add("profile-app1.png", png(upright, before=chunk(b"tEXt", b"Raw profile type APP1\0" + profile)))
    key = b"XML:com.adobe.xmp\0"
    add("xmp.png", png(upright, before=chunk(b"iTXt", key + b"\0\0\0\0" + XMP["six"])))
    add("xmp-packed.png", png(upright, before=chunk(b"iTXt", key + b"\1\0\0\0" + zlib.compress(XMP["six"]))))
    add("xmp-behind.png", png(upright, interlaced=True, behind=chunk(b"iTXt", key + b"\0\0en\0text\0" + XMP["element"])))
    add("xmp-text.png", png(upright, before=chunk(b"tEXt", key + XMP["six"])))
    add("xmp-exif.png", png(upright, before=chunk(b"iTXt", key + b"\0\0\0\0" + XMP["six"]) + chunk(b"eXIf", exif(1))))
    add("no-grey16.png", png(deep[..., :1], 16))
    add("no-half.png", png(scene(9, 5, 3, 68))[:90])


# ---- BMP ----

def bmp(width, height, bits, rows, compression=0, palette=b"", colours=0, header=40, extra=b"", size_of=None, offset=None):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 0, 0, colours, 0)
    info += extra
    at = 14 + len(info) + len(palette) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", at + len(rows), 0, 0, at) + info + palette + rows


def padded(rows):
    return b"".join(r + bytes(-len(r) % 4) for r in rows)


def bmps():
    rng = np.random.default_rng(70)
    pixels = scene(13, 7, 4, 71)
    bgr = [r[:, 2::-1].tobytes() for r in pixels[..., :3]]
    add("24.bmp", bmp(13, 7, 24, padded(bgr)))
    add("24-down.bmp", bmp(13, -7, 24, padded(bgr)))
    add("24-os2.bmp", bmp(13, 7, 24, padded(bgr), header=12))
    add("32.bmp", bmp(13, 7, 32, b"".join(r.tobytes() for r in pixels)))
    v5 = lambda masks, header: struct.pack("<4I", *masks) + bytes(header - 56)
    for name, masks in (("bgra", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), ("rgba", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
                        ("abgr", (0xFF000000, 0xFF0000, 0xFF00, 0xFF)), ("bgxr", (0xFF000000, 0xFF00, 0xFF, 0))):
        add(f"32-{name}.bmp", bmp(13, 7, 32, b"".join(r.tobytes() for r in pixels), 3, header=124, extra=v5(masks, 124)))
    short = rng.integers(0, 65536, (7, 13)).astype("<u2")
    lines = padded([r.tobytes() for r in short])
    add("16.bmp", bmp(13, 7, 16, lines))
    add("16-565.bmp", bmp(13, 7, 16, lines, 3, extra=struct.pack("<3I", 0xF800, 0x7E0, 0x1F)))
    add("16-555.bmp", bmp(13, 7, 16, lines, 3, extra=struct.pack("<3I", 0x7C00, 0x3E0, 0x1F)))
    for bits in (1, 4, 8):
        colours = min(1 << bits, 40)
        quads = rng.integers(0, 256, (colours, 4)).astype(np.uint8)
        indices = rng.integers(0, colours, (7, 13))
        packed = []
        for row in indices:
            text = "".join(format(int(v), f"0{bits}b") for v in row)
            text += "0" * (-len(text) % 8)
            packed.append(bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8)))
        add(f"{bits}.bmp", bmp(13, 7, bits, padded(packed), palette=quads.tobytes(), colours=colours))
        add(f"{bits}-down.bmp", bmp(13, -7, bits, padded(packed), palette=quads.tobytes(), colours=colours))
        if bits < 8:
            add(f"{bits}-os2.bmp", bmp(13, 7, bits, padded(packed), palette=quads[:, :3].tobytes(), header=12))
    greys = b"".join(bytes((v, v, v, 0)) for v in range(100))  # pixels beyond them are greys too
    beyond = padded([bytes(range(80 + 5 * y, 93 + 5 * y)) for y in range(7)])
    add("8-greys.bmp", bmp(13, 7, 8, beyond, palette=greys, colours=100))
    add("8-almost-greys.bmp", bmp(13, 7, 8, beyond, palette=greys[:-2] + b"\x64\0", colours=100))
    quads = rng.integers(0, 256, (256, 4)).astype(np.uint8).tobytes()
    rle8 = (b"\x05\x07\x00\x03\x01\x02\x03\x00\x05\x09\x00\x00" + b"\x0d\x10\x00\x00" + b"\x02\x05\x00\x02\x03\x01\x04\x06\x00\x00"
            + b"\x00\x04\x09\x08\x07\x06\x09\x21\x00\x00" + b"\x14\x33\x00\x00" + b"\x0d\x44\x00\x01")
    add("rle8.bmp", bmp(13, 7, 8, rle8, 1, palette=quads, colours=256))
    add("rle8-down.bmp", bmp(13, -7, 8, rle8, 1, palette=quads, colours=256))
    rle4 = b"\x0d\x12\x00\x00" + b"\x00\x06\x12\x34\x56\x00\x07\xab\x00\x00" + b"\x0d\x77\x00\x00\x0d\x01\x00\x01"
    add("rle4.bmp", bmp(13, 4, 4, rle4, 2, palette=quads[:64], colours=16))
    odd = b"\x00\x05\x12\x34\x50\x00\x01\x60\x00\x00"  # five numbers as they stand, then one: the rows go on behind the fifth
    add("rle4-odd.bmp", bmp(6, 2, 4, odd * 2 + b"\x00\x01", 2, palette=quads[:64], colours=16))
    add("no-rle8-short.bmp", bmp(13, 9, 8, rle8, 1, palette=quads, colours=256))
    add("no-fields.bmp", bmp(13, 7, 32, b"".join(r.tobytes() for r in pixels), 3, extra=struct.pack("<3I", 0x3FF00000, 0xFFC00, 0x3FF)))
    add("no-half.bmp", bmp(13, 7, 24, padded(bgr))[:200])


# ---- TGA ----

def tga(kind, width, height, depth, data, flags=0, palette=b"", first=0, count=0, bits=0, note=b""):
    return struct.pack("<BBBHHBHHHHBB", len(note), bool(palette), kind, first, count, bits, 0, 0, width, height, depth,
                       flags) + note + palette + data


def runs(pixels, size):
    """Run lengths: packets of at most 5, which do not heed rows; alike ones as runs."""
    items = [pixels[i:i + size] for i in range(0, len(pixels), size)]
    out, at = b"", 0
    while at < len(items):
        n = 1
        while at + n < len(items) and n < 5 and items[at + n] == items[at]:
            n += 1
        if n > 1:
            out += bytes([0x80 | n - 1]) + items[at]
        else:
            while at + n < len(items) and n < 5 and items[at + n] != items[at + n - 1]:
                n += 1
            out += bytes([n - 1]) + b"".join(items[at:at + n])
        at += n
    return out


def tgas():
    pixels = scene(13, 7, 4, 80) // 32 * 32
    bgr, bgra = pixels[..., 2::-1].tobytes(), pixels[..., [2, 1, 0, 3]].tobytes()
    rng = np.random.default_rng(81)
    short = (rng.integers(0, 4, (7, 13)) * 9011).astype("<u2").tobytes()
    for origin in range(4):
        flags = origin << 4
        add(f"24-{origin}.tga", tga(2, 13, 7, 24, bgr, flags))
        add(f"24-rle-{origin}.tga", tga(10, 13, 7, 24, runs(bgr, 3), flags))
    add("32.tga", tga(2, 13, 7, 32, bgra, 8, note=b"a note"))
    add("32-rle.tga", tga(10, 13, 7, 32, runs(bgra, 4), 0x28))
    add("16.tga", tga(2, 13, 7, 16, short, 1))
    add("16-rle.tga", tga(10, 13, 7, 16, runs(short, 2), 0x31))
    ones = (scene(13, 7, 1, 82) // 16)
    add("grey.tga", tga(3, 13, 7, 8, ones.tobytes()))
    add("grey-rle.tga", tga(11, 13, 7, 8, runs(ones.tobytes(), 1), 0x20))
    add("grey-alpha.tga", tga(3, 13, 7, 16, scene(13, 7, 2, 83).tobytes(), 8))
    for bits in (16, 24, 32):
        palette = rng.integers(0, 256, 20 * bits // 8).astype(np.uint8).tobytes()
        add(f"palette{bits}.tga", tga(1, 13, 7, 8, ones.tobytes(), 0, palette, 0, 20, bits))
        add(f"palette{bits}-first.tga", tga(1, 13, 7, 8, ones.tobytes(), 0x10, palette[:12 * bits // 8], 4, 12, bits))
        add(f"palette{bits}-rle.tga", tga(9, 13, 7, 8, runs(ones.tobytes(), 1), 0x20, palette, 0, 20, bits))
    add("no-1bit.tga", tga(3, 16, 2, 1, b"\x55\xaa\x12\x34"))
    add("no-half.tga", tga(2, 13, 7, 24, bgr[:100]))


# ---- GIF ----

def lzw(values, bits, clear=True, again=0, end=True):
    """Codes of a picture; without the first clear code; with another one each `again` codes."""
    out, held, count = b"", 0, 0

    def put(code, size):
        nonlocal out, held, count
        held |= code << count
        count += size
        while count >= 8:
            out += bytes([held & 255])
            held >>= 8
            count -= 8

    def fresh():
        return {(v,): v for v in range(1 << bits)}, (1 << bits) + 2, bits + 1

    table, following, size = fresh()
    if clear:
        put(1 << bits, size)
    word, codes = (), 0
    for v in values:
        if word + (v,) in table:
            word += (v,)
            continue
        put(table[word], size)
        codes += 1
        if following < 4096:
            table[word + (v,)] = following
            following += 1
            if following > 1 << size and size < 12:
                size += 1
        word = (v,)
        if again and codes % again == 0:
            put(1 << bits, size)
            table, following, size = fresh()
    put(table[word], size)
    if following < 4096 and following + 1 > 1 << size and size < 12:
        size += 1
    if end:
        put((1 << bits) + 1, size)
    if count:
        out += bytes([held & 255])
    blocks = b"".join(bytes([len(out[i:i + 255])]) + out[i:i + 255] for i in range(0, len(out), 255))
    return bytes([bits]) + blocks + b"\0"


def gif(values, width, height, left=0, top=0, canvas=None, palette=b"", local=b"", transparent=None, bits=4, interlaced=False,
        background=0, version=b"GIF89a", **coding):
    size = lambda p: (len(p) // 3).bit_length() - 2
    canvas = canvas or (width, height)
    head = version + struct.pack("<HHBBB", *canvas, 0x80 | size(palette) if palette else 0, background, 0) + palette
    if transparent is not None:
        head += b"!\xf9\x04\x01\0\0" + bytes([transparent]) + b"\0"
    flags = (0x80 | size(local) if local else 0) | (0x40 if interlaced else 0)
    return head + b"," + struct.pack("<HHHHB", left, top, width, height, flags) + local + lzw(values, bits, **coding) + b";"


def gifs():
    rng = np.random.default_rng(90)
    colours = rng.integers(0, 256, 48).astype(np.uint8).tobytes()
    few = rng.integers(0, 256, 12).astype(np.uint8).tobytes()
    values = (scene(17, 11, 1, 91)[..., 0] // 16).reshape(-1).tolist()
    noise = rng.integers(0, 16, 96 * 70).tolist()
    add("plain.gif", gif(values, 17, 11, palette=colours))
    add("87a.gif", gif(values, 17, 11, palette=colours, version=b"GIF87a"))
    add("local.gif", gif(values, 17, 11, palette=few, local=colours))
    add("clearless.gif", gif(values, 17, 11, palette=colours, clear=False))
    add("clears.gif", gif(values, 17, 11, palette=colours, again=20))
    add("full-table.gif", gif(noise, 96, 70, palette=colours))
    add("transparent.gif", gif(values, 17, 11, palette=colours, transparent=5))
    add("smaller.gif", gif(values, 17, 11, 3, 2, (25, 16), palette=colours, background=7))
    add("smaller-transparent.gif", gif(values, 17, 11, 3, 2, (25, 16), palette=colours, transparent=9))
    add("larger.gif", gif(values, 17, 11, 5, 3, (9, 8), palette=colours))
    add("interlaced.gif", gif(values, 17, 11, palette=colours, interlaced=True))
    add("interlaced-low.gif", gif(values[:34], 17, 2, palette=colours, interlaced=True))
    add("greys.gif", gif(values, 17, 11))
    add("grey-palette.gif", gif(values, 17, 11, palette=b"".join(bytes([i] * 3) for i in range(8))))
    add("short-palette.gif", gif(values, 17, 11, palette=few))
    add("endless.gif", gif(values, 17, 11, palette=colours, end=False)[:-2])
    frames = [rgb(16, 12, 92 + i).quantize(16) for i in range(3)]
    add("animated.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50))
    add("no-early-end.gif", gif(values[:60], 17, 11, palette=colours))
    add("no-half.gif", gif(values, 17, 11, palette=colours)[:110])


# ---- PNM ----

def pnms():
    one, three = scene(13, 7, 1, 100)[..., 0], scene(13, 7, 3, 101)
    for maxval in (1, 15, 100, 254, 255):
        add(f"grey{maxval}.pgm", b"P5\n13 7\n%d\n" % maxval + (one.astype(int) * maxval // 255).astype(np.uint8).tobytes())
        add(f"rgb{maxval}.ppm", b"P6\n13 7\n%d\n" % maxval + (three.astype(int) * maxval // 255).astype(np.uint8).tobytes())
    add("over.pgm", b"P5 13 7 15\n" + one.tobytes())
    for maxval in (256, 1000, 65535):
        add(f"rgb{maxval}.ppm", b"P6 13 7 %d\n" % maxval + (three.astype(int) * maxval // 255).astype(">u2").tobytes())
    add("bits.pbm", b"P4\n# a note\n13 7\n" + np.random.default_rng(102).integers(0, 256, 14).astype(np.uint8).tobytes())
    add("bits-plain.pbm", b"P1\n13 2\n0101010101010\n1 1 1 0 0 0 1 # a note\n1 1 0 0 0 1")
    add("plain.pgm", b"P2\n# a note\n13 7 #another\n100\n" + b" ".join(b"%d" % (v * 100 // 255) for v in one.reshape(-1)) + b"\n")
    add("plain.ppm", b"P3 13 7 255\n" + b"\n".join(b"%d" % v for v in three.reshape(-1)))
    add("plain1000.ppm", b"P3 13 7 1000\n" + b"\n".join(b"%d" % (v * 3) for v in three.reshape(-1)))
    add("plain-long.pgm", b"P2 4 2 255\n0000000201 0000000012 3 4 0000000005 6 7 0000000255")  # ten digits
    add("plain-split.pgm", b"P2 3 2 255\n1#joined to what follows\n2 3#and not\r\n4 5 6#end\n 7")
    add("header-split.pgm", b"P5 1#joined\n0 1#\r2 25#\n5\n" + grey(10, 12, 125).tobytes())
    add("no-plain-long.pgm", b"P2 2 2 255\n00000000001 2 3 4")
    add("no-plain-letter.pgm", b"P2 2 2 255\n1 2 3 4x")
    add("no-grey1000.pgm", b"P5 13 7 1000\n" + bytes(182))
    add("no-grey65535.pgm", b"P5 13 7 65535\n" + bytes(182))
    add("no-plain1000.pgm", b"P2 13 7 1000\n" + b"1 " * 91)
    add("no-half.ppm", b"P6 13 7 255\n" + bytes(100))
    add("no-plain-over.pgm", b"P2 2 1 15\n3 16\n")


# ---- WebP ----

def webps():
    add("lossy.webp", saved(rgb(33, 17, 110), "WEBP", quality=70))
    add("lossless.webp", saved(rgb(17, 9, 111), "WEBP", lossless=True))
    alpha = Image.fromarray(scene(17, 9, 4, 112))
    add("lossy-alpha.webp", saved(alpha, "WEBP", quality=70))
    add("lossless-alpha.webp", saved(alpha, "WEBP", lossless=True, exact=True))
    frames = [rgb(16, 12, 113 + i) for i in range(3)]
    add("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50))
    small = saved(rgb(8, 6, 116), "WEBP", lossless=True)[12:]
    frame = struct.pack("<I", 2)[:3] + struct.pack("<I", 1)[:3] + struct.pack("<I", 7)[:3] + struct.pack("<I", 5)[:3] + b"\x32\0\0\0" + small
    body = (b"WEBPVP8X" + struct.pack("<IBBBB", 10, 2, 0, 0, 0) + struct.pack("<I", 15)[:3] + struct.pack("<I", 11)[:3]
            + b"ANIM" + struct.pack("<IIH", 6, 0xFF00FF00, 0) + b"ANMF" + struct.pack("<I", len(frame)) + frame + bytes(len(frame) % 2))
    add("smaller.webp", b"RIFF" + struct.pack("<I", len(body)) + body)
    for n in (2, 5, 6):
        add(f"turn{n}.webp", saved(rgb(13, 9, 117 + n), "WEBP", lossless=True, exif=b"Exif\0\0" + exif(n)))
    add("turn-headed.webp", saved(rgb(13, 9, 126), "WEBP", lossless=True, exif=b"Exif\0\0" * 2 + exif(6)))
    add("xmp.webp", saved(rgb(13, 9, 127), "WEBP", lossless=True, xmp=XMP["six"]))
    add("xmp-exif.webp", saved(rgb(13, 9, 128), "WEBP", lossless=True, xmp=XMP["six"], exif=exif(3)))
    add("no-half.webp", saved(rgb(33, 17, 110), "WEBP", quality=70)[:120])


# Refused here by its name, though Pillow reads it, or as it also does: grey of 16 bits (Pillow cuts it at 255, so that nearly all
# is white), 1-bit TGA, what is cut short.

def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def index_line(name, data):
    if name.startswith("no-"):
        return f"{name} refused"
    image = Image.open(io.BytesIO(data))
    upright = ImageOps.exif_transpose(image).convert("RGB")
    stored = Image.open(io.BytesIO(data)).convert("RGB")
    return f"{name} {upright.width} {upright.height} {fnv1a(upright.tobytes())} {fnv1a(stored.tobytes())}"


def main():
    assert PIL.__version__ == "13.0.0", PIL.__version__
    for make in (jpegs, pngs, bmps, tgas, gifs, pnms, webps):
        make()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    for name, data in FILES.items():
        (OUT / name).write_bytes(data)
    (OUT / "index.txt").write_text("".join(index_line(n, d) + "\n" for n, d in FILES.items()))
    print(f"{len(FILES)} pictures, {sum(map(len, FILES.values()))} bytes")


if __name__ == "__main__":
    main()
