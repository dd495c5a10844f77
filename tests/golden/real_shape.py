#!/usr/bin/env python3
"""Models of their real shape, with random weights, against the toolkits that publish them, in float32. By hand, not in `make test`.

usage: real_shape.py OCELLI CONVERT FOLDER MODEL [plain|outlier] [INPUTS]

MODEL: siglip-b16-224, siglip2-b32-256, siglip2-b16-224 (transformers' SiglipModel); siglip-b16-timm (open_clip's
ViT-B-16-SigLIP with timm's tower); mobileclip2-b (open_clip); tinyclip-8m, tinyclip-40m (open_clip's TinyCLIP shapes); clip-b32 (OpenAI's
names and QuickGELU, by open_clip).
With `outlier` 2 of each norm's channels are 40 times the others, as real models have them. Makes the checkpoint in
FOLDER, converts it, embeds INPUTS pictures and texts (default 4) by both kinds of product on the processor, and prints
the mean and the lowest cosines, and of sigmoid models the largest difference of a score. The checkpoint and the
toolkit's vectors are made once: later runs with the same FOLDER read them there. Needs torch, numpy, pillow, transformers
5.24, tokenizers 0.23; the models of open_clip need open_clip 3.3 with timm 1.0.31.
"""
import itertools
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from PIL import Image

TRANSFORMERS = {"siglip-b16-224": (224, 16, 32000, False), "siglip2-b32-256": (256, 32, 256000, True),
                "siglip2-b16-224": (224, 16, 256000, True)}
OPEN_CLIP = {"siglip-b16-timm": "ViT-B-16-SigLIP", "mobileclip2-b": "MobileCLIP2-B",
             "clip-b32": (768, 12, 224, 32, 512, 12), "tinyclip-8m": (256, 10, 224, 16, 256, 3), "tinyclip-40m": (512, 12, 224, 32, 512, 6)}
SETS = ["a photo of a cat", "a red truck in the snow", "an open garage door at night", "a man with an umbrella"]


# ---- weights ----

def draw(module, outlier, seed=5):
    """Outputs of about the spread of the inputs, norms around 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            if p.dim() == 0 or p.numel() == 1:
                continue
            if p.dim() == 1 and name == "visual.trunk.head.bias":
                p.zero_()  # a MobileCLIP's projection has none
                continue
            if p.dim() == 1:
                norm = "norm" in name.lower() or ".ln_" in name or ".bn" in name
                p.copy_((torch.rand(p.shape, generator=generator) - .5) * (.8 if norm else .3))
                if norm and name.endswith("weight"):
                    p.add_(1)
                    if outlier and p.numel() >= 256:
                        p[torch.randint(0, p.numel(), (2,), generator=generator)] *= 40
                continue
            table = "token_embedding" in name or "position" in name or "pos_embed" in name or "probe" in name
            columns = p[0].numel() if p.dim() > 1 else 1
            scale = .8 if table else 1.3 * (3 / columns) ** .5
            p.copy_((torch.rand(p.shape, generator=generator) * 2 - 1) * scale)


# ---- tokenizers of the full size ----

def pieces(count):
    """Pieces of 2, 3, 4 letters, each with the merge that makes it."""
    letters = "▁etaoinshrdlucmfwypvbgkjqxz"
    vocabulary, merges = list(letters), []
    for length in range(2, 6):
        for word in itertools.product(letters, repeat=length):
            if len(vocabulary) == count:
                return vocabulary, merges
            merges.append(("".join(word[:-1]), word[-1]))
            vocabulary.append("".join(word))
    return vocabulary, merges


def gemma(folder, size):
    from tokenizers import processors
    from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{i:02X}>" for i in range(256)]
    words, merges = pieces(size - len(special))
    made = Siglip2Tokenizer(vocab={w: i for i, w in enumerate(special + words)}, merges=merges, padding_side="right")
    made._tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made._tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "Siglip2Tokenizer", "add_bos_token": False, "add_eos_token": True, "eos_token": "<eos>",
         "pad_token": "<pad>"}))


def field(number, value):
    """A field of a protobuf message: a string, a float or an integer."""
    import struct
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def unigram(folder, size):
    """spiece.model: pieces with scores that fall, the longer the better."""
    words, _ = pieces(size - 3)
    out = b"".join(field(1, field(1, w.encode()) + field(2, s) + field(3, k))
                   for w, s, k in [("<pad>", 0., 3), ("</s>", 0., 3), ("<unk>", 0., 2)] +
                   [(w, -6. - i / 1e5 - 3. * (len(w) == 1), 1) for i, w in enumerate(words)])
    trainer = field(2, field(3, 1) + field(40, 2) + field(41, 2 ** 64 - 1) + field(42, 1) + field(43, 0))
    normalizer = field(3, field(1, b"identity") + field(3, 1) + field(4, 1) + field(5, 1))
    (folder / "spiece.model").write_bytes(out + trainer + normalizer)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "SiglipTokenizer"}))


# ---- models ----

def transformers_model(folder, name, outlier):
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel
    size, patch, vocabulary, pairs = TRANSFORMERS[name]
    act = {} if pairs else {"hidden_act": "gelu_pytorch_tanh"}
    config = {"architectures": ["SiglipModel"], "model_type": "siglip", "vision_config": act | {"image_size": size, "patch_size": patch},
              "text_config": act | {"vocab_size": vocabulary}}
    model = SiglipModel(SiglipConfig.from_dict(json.loads(json.dumps(config)))).eval()
    draw(model, outlier)
    with torch.no_grad():
        model.logit_scale.fill_(4.7)
        model.logit_bias.fill_(0.5)  # scores between 0 and 1, though the cosines of random weights are near 0
    model.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    prep = {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "size": {"height": size, "width": size},
            "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [.5] * 3,
            "image_std": [.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(prep))
    (gemma if pairs else unigram)(folder, vocabulary)
    processor = SiglipImageProcessor.from_dict(prep)

    def run(pictures, ids):
        pad = 0 if pairs else 1
        pixels = torch.cat([processor(Image.fromarray(p), return_tensors="pt")["pixel_values"] for p in pictures])
        out = model(pixel_values=pixels, input_ids=torch.tensor([i + [pad] * (64 - len(i)) for i in ids]))
        return out.image_embeds, out.text_embeds, out.logits_per_image.sigmoid()
    return run


def known(folder, name):
    """The picture's side, and options of the converter."""
    if name in TRANSFORMERS:
        return TRANSFORMERS[name][0], []
    import open_clip
    import open_clip.tokenizer
    shape = OPEN_CLIP[name]
    size = open_clip.get_model_config(shape)["vision_cfg"].get("image_size", 224) if isinstance(shape, str) else shape[2]
    options = [] if "SigLIP" in str(shape) else ["--tokenizer", open_clip.tokenizer.default_bpe()]
    return size[0] if isinstance(size, (list, tuple)) else size, options


def open_clip_model(folder, name, outlier):
    import open_clip
    from safetensors.torch import save_file
    shape = OPEN_CLIP[name]
    if isinstance(shape, str):
        config = open_clip.get_model_config(shape)
    else:
        width, layers, size, patch, text, text_layers = shape
        config = {"embed_dim": 512, "vision_cfg": {"image_size": size, "layers": layers, "width": width, "patch_size": patch},
                  "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": text, "heads": text // 64, "layers": text_layers}}
        if name == "clip-b32":
            config["quick_gelu"] = True
    made = {k: v for k, v in config.items() if k != "custom_text"}
    sigmoid = "SigLIP" in str(shape)
    custom = "timm_model_name" in config["vision_cfg"] and ("SigLIP" in str(shape) or config.get("custom_text"))
    model = (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(
        **{k: v for k, v in made.items() if k in ("embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "init_logit_bias", "init_logit_scale")}).eval()
    draw(model, outlier)
    size, _ = known(folder, name)
    if sigmoid:
        with torch.no_grad():
            model.logit_scale.fill_(4.7)
            model.logit_bias.fill_(0.5)  # scores between 0 and 1, though the cosines of random weights are near 0
        unigram(folder, 32000)
    half, mode = sigmoid, "squash" if sigmoid else "shortest"
    mean, std = ([.5] * 3, [.5] * 3) if half else ([0.] * 3, [1.] * 3) if "mobile" in name else (list(open_clip.OPENAI_DATASET_MEAN), list(open_clip.OPENAI_DATASET_STD))
    way = "bilinear" if "mobile" in name else "bicubic"
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {
        "size": [size, size], "mode": "RGB", "mean": mean, "std": std, "interpolation": way, "resize_mode": mode, "fill_color": 0}}))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, str(folder / "open_clip_model.safetensors"))

    def run(pictures, ids):
        pixels = torch.stack([torch.from_numpy(p.astype(np.float32) / 255).permute(2, 0, 1) for p in pictures])
        pixels = (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
        length, pad = (64, 1) if sigmoid else (77, 0)
        texts = torch.tensor([i + [pad] * (length - len(i)) for i in ids])
        image, text = model.encode_image(pixels, normalize=True), model.encode_text(texts, normalize=True)
        return image, text, (model.logit_scale.exp() * image @ text.T + model.logit_bias).sigmoid() if sigmoid else None
    return run


# ---- the comparison ----

def picture(number, size):
    rng = np.random.default_rng(number)
    grid = rng.integers(0, 256, (5 + number % 9, 5 + number % 7, 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(grid).resize((size, size), Image.BICUBIC)).astype(int)
    return (smooth + rng.integers(-20, 21, smooth.shape)).clip(0, 255).astype(np.uint8)


def ocelli_vectors(ocelli, blob, kind, files, texts):
    made = subprocess.run([ocelli, "embed", "-m", blob, "--device", "cpu", "--kind", kind, "--image", *files, "--text", *texts],
                          capture_output=True, text=True)
    if made.returncode:
        sys.exit(made.stderr)
    return np.array([json.loads(line)["embedding"] for line in made.stdout.splitlines()])


def check_runtime_scores(ocelli, blob, kind, files, texts, theirs):
    """By `ocelli tag`: the rule of the whole program, not only its vectors."""
    made = subprocess.run([ocelli, "tag", "-m", blob, "--device", "cpu", "--kind", kind, "--json", *[w for t in texts for w in ("-t", t)],
                           *files], capture_output=True, text=True)
    if made.returncode:
        sys.exit(made.stderr)
    rows = [{t["tag"]: t["score"] for t in json.loads(line)["tags"]} for line in made.stdout.splitlines()]
    return max(abs(row[t] - theirs[i][k]) for i, row in enumerate(rows) for k, t in enumerate(texts))


def their_vectors(folder, model, pictures, ids):
    """Also the scores, if the model has them."""
    kept = folder / "theirs.npz"
    if not kept.exists():
        image, text, scores = model(pictures, ids)
        theirs = torch.cat([image, text]).numpy().astype(np.float64)
        theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
        np.savez(kept, vectors=theirs, scores=np.zeros(0) if scores is None else scores.numpy())
    made = np.load(kept)
    return made["vectors"], made["scores"] if made["scores"].size else None


def main():
    ocelli, program, folder, name = sys.argv[1:5]
    outlier = "outlier" in sys.argv[5:6]
    count = int(sys.argv[6]) if len(sys.argv) > 6 else 4
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    model, size, options = None, *known(folder, name)
    if not (folder / "theirs.npz").exists():
        model = (transformers_model if name in TRANSFORMERS else open_clip_model)(folder, name, outlier)
    blob = folder / "model.gguf"
    made = subprocess.run([program, folder, "-o", blob, "--name", name, *options], capture_output=True, text=True)
    if made.returncode:
        sys.exit(made.stderr)
    print("\n".join(line for line in made.stdout.splitlines() if "cosine" in line or "time" in line or "float inputs" in line))
    pictures = [picture(i, size) for i in range(count)]
    files = [folder / f"{i}.png" for i in range(count)]
    for p, f in zip(pictures, files):
        Image.fromarray(p).save(f)
    texts = [SETS[i % 4] + " " * (i // 4 > 0) + "of many things" * (i // 4) for i in range(count)]
    ids = [json.loads(line) for line in subprocess.run([ocelli, "tokenize", "-m", blob, "--", *texts], capture_output=True,
                                                       text=True, check=True).stdout.splitlines()]
    theirs, scores = their_vectors(folder, model, pictures, ids)
    for kind in ("f16w", "dot"):
        ours = ocelli_vectors(ocelli, blob, kind, files, texts)
        cosines = (ours * theirs).sum(1)
        line = (f"{name} {'outlier' if outlier else 'plain'} {kind}: image {cosines[:count].mean():.6f}, worst {cosines[:count].min():.6f}; "
                f"text {cosines[count:].mean():.6f}, worst {cosines[count:].min():.6f}")
        if scores is not None:
            apart = check_runtime_scores(ocelli, blob, kind, files, texts, scores.tolist())
            line += f"; scores apart {apart:.6f} (of {scores.min():.4f} to {scores.max():.4f})"
        print(line, flush=True)


if __name__ == "__main__":
    main()
