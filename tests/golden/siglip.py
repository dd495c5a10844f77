#!/usr/bin/env python3
"""SigLIP's tokenizers and towers against the toolkits: the small goldens, and the large comparison.

usage: siglip.py towers                writes towers/siglip and towers/siglip2 beside this file
       siglip.py compare OCELLI CONVERT [STRINGS]   token ids of many strings, opt-in (default 3000)
       siglip.py real OCELLI CONVERT FOLDER   SigLIP 2 base patch32-256's shape, random weights: cosine, time, memory

No published vocabulary is needed: small ones are trained with the settings of the published ones (unigram with
nmt_nfkc; Gemma's: byte-pair with bytes for unknown characters, nothing normalised, no blank before the text).
Needs sentencepiece 0.2.3, transformers 5.24, tokenizers 0.23.3, torch, numpy; `--open-clip` of real: open_clip 3.3.
"""
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

WORDS = """a photo of the cat dog red truck open garage door parcel on doormat with man woman child street rain snow
night day small large empty full kitchen table chair window roof fire smoke water car bicycle train two three seven
standing running sleeping barking looking at it from other side while an umbrella is in front house gate factory
Straße café naïve façade über señor smørrebrød Ångström κόσμος Привет мир 猫 犬 写真 赤い トラック 고양이 사진""".split()
ODD = list("éÀßŒﬁ①Ⅳ½㎏ＡＢ　\u00a0\u2009\u200b\u200d\ufeff\t\n\r\x0b\x1c\x85🐈👩‍👧‍👦🏳️‍🌈猫犬한글가ｶﾞΣςİıǅ̈́") + [
    "ﷺ", "e\u0301", "\u1100\u1161", "</s>", "<unk>", "<pad>", "<eos>", "<bos>", "▁", "▁▁", "<0x41>", "&amp;", "_", "--",
    "'s", "\"", "{}", "…", "ﬃ", "𝒜", "\U0001f9ff", "\U000e0041", "ａ", "ΑΣ", "ΑΣ Β"]


def corpus(rng, lines=4000):
    return [" ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 14))) for _ in range(lines)]


def strings(count):
    rng = random.Random(7)
    out = ["", " ", "  ", "a", "▁", "a ", " a", "a  b", "!", "\n", "cat " * 400, "猫" * 500, "x" * 3000, "🐈" * 200, "a" * 70]
    while len(out) < count:
        kind = rng.random()
        if kind < .35:
            text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 12)))
        elif kind < .7:
            text = "".join(rng.choice(ODD) if rng.random() < .35 else rng.choice(WORDS) + rng.choice(["", " ", ", ", "  "])
                           for _ in range(rng.randint(1, 14)))
        else:
            text = "".join(chr(rng.choice([rng.randint(32, 126), rng.randint(161, 0x24F), rng.randint(0x370, 0x5FF),
                                           rng.randint(0x900, 0x97F), rng.randint(0x3040, 0x30FF),
                                           rng.randint(0x4E00, 0x9FFF), rng.randint(0xAC00, 0xD7A3),
                                           rng.randint(0xFB00, 0xFEFC), rng.randint(0x1F300, 0x1FAFF)]))
                           for _ in range(rng.randint(1, 40)))
        if rng.random() < .1:
            text = text.upper()
        if "\x00" not in text:
            out.append(text)
    return out[:count]


def train(kind, size):
    import sentencepiece
    model = io.BytesIO()
    same = dict(sentence_iterator=iter(corpus(random.Random(3))), model_writer=model, vocab_size=size,
                character_coverage=.9995, minloglevel=2, num_threads=1)
    if kind == "unigram":   # as the published cc_en.32000: pad and </s> 1, unknown 2
        sentencepiece.SentencePieceTrainer.train(model_type="unigram", normalization_rule_name="nmt_nfkc" if size > 500 else "identity", pad_id=0,
                                                 eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False, **same)
    else:                   # as Gemma's
        sentencepiece.SentencePieceTrainer.train(
            model_type="bpe", normalization_rule_name="identity", pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>",
            eos_piece="<eos>", bos_piece="<bos>", byte_fallback=True, add_dummy_prefix=False, split_digits=True,
            remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, user_defined_symbols=["<mask>", "▁▁▁"],
            **same)
    return model.getvalue()


def gemma_json(model, folder, lower):
    """As transformers converts the vocabulary of sentencepiece, in the class's own form."""
    from transformers import GemmaTokenizer
    from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer
    from transformers.tokenization_utils_sentencepiece import SentencePieceExtractor
    from tokenizers import AddedToken, processors
    path = folder / "train.model"
    path.write_bytes(model)
    vocab, _, merges = SentencePieceExtractor(str(path)).extract(True)
    path.unlink()
    made = (Siglip2Tokenizer if lower else GemmaTokenizer)(vocab=vocab, merges=merges, padding_side="right")
    made._tokenizer.add_tokens([AddedToken("▁▁▁", normalized=False, special=False)])
    made._tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made._tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "Siglip2Tokenizer" if lower else "GemmaTokenizer", "add_bos_token": False,
         "add_eos_token": True, "eos_token": "<eos>", "pad_token": "<pad>"}))
    return made


def siglip_model(folder, model):
    from transformers import SiglipTokenizer
    (folder / "spiece.model").write_bytes(model)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "SiglipTokenizer"}))
    return SiglipTokenizer(str(folder / "spiece.model"))


def tiny(folder, vocabulary, width=32):
    """A checkpoint to carry a tokenizer."""
    import torch
    from transformers import SiglipConfig, SiglipModel
    torch.manual_seed(1)
    tower = dict(hidden_size=width, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2)
    model = SiglipModel(SiglipConfig(vision_config=tower | dict(image_size=32, patch_size=16),
                                     text_config=tower | dict(vocab_size=vocabulary))).eval()
    model.save_pretrained(folder)
    prep(folder, 32)
    return model


def prep(folder, size):
    (folder / "preprocessor_config.json").write_text(json.dumps(
        {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "size": {"height": size, "width": size},
         "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [.5] * 3,
         "image_std": [.5] * 3}))


def tokenize(ocelli, blob, texts):
    out = []
    for at in range(0, len(texts), 200):
        made = subprocess.run([ocelli, "tokenize", "-m", blob, "--", *texts[at:at + 200]], capture_output=True, text=True)
        if made.returncode:
            sys.exit(made.stderr)
        out += [json.loads(line) for line in made.stdout.splitlines()]
    return out


def differences(name, texts, ours, theirs):
    wrong = [(t, a, b) for t, a, b in zip(texts, ours, theirs) if a != b]
    print(f"{name}: {len(texts) - len(wrong)} of {len(texts)} equal")
    for text, a, b in wrong[:6]:
        print("  ", repr(text[:60]), a[:24], b[:24])
    return len(wrong)


def reference(tokenizer, texts):
    return [tokenizer(t, truncation=True, max_length=64)["input_ids"] for t in texts]


def convert(program, folder, *options):
    blob = folder / "model.gguf"
    made = subprocess.run([program, folder, "-o", blob, *options], capture_output=True, text=True)
    if made.returncode:
        sys.exit(made.stderr)
    return blob


def compare(ocelli, program, count=3000):
    texts, wrong = strings(int(count)), 0
    unigram, pairs = train("unigram", 900), train("bpe", 900)
    for name, make in (("SiglipTokenizer", lambda f: siglip_model(f, unigram)),
                       ("GemmaTokenizer", lambda f: gemma_json(pairs, f, False)),
                       ("Siglip2Tokenizer", lambda f: gemma_json(pairs, f, True))):
        with tempfile.TemporaryDirectory() as name_of:
            folder = pathlib.Path(name_of)
            made = make(folder)
            tiny(folder, 2048)
            blob = convert(program, folder)
            some = texts if name != "SiglipTokenizer" else [t for t in texts if "</s>" not in t and "<unk>" not in t]
            wrong += differences(name, some, tokenize(ocelli, blob, some), reference(made, some))
            if name == "GemmaTokenizer":
                (folder / "tokenizer.json").unlink()
                (folder / "tokenizer.model").write_bytes(pairs)
                blob = convert(program, folder)
                wrong += differences("the same from tokenizer.model", some, tokenize(ocelli, blob, some),
                                     reference(made, some))
    return wrong


# ---- small towers: the files beside those of towers.py ----

# name: (pixels, patch, image tower), (context, text tower); a tower is width, heads, layers, mlp
TOWERS = {"siglip":  ((32, 8, 64, 2, 3, 160), (16, 64, 2, 3, 160), "unigram", "gelu_pytorch_tanh"),
          "siglip2": ((48, 16, 72, 3, 2, 200), (24, 40, 2, 2, 104), "bpe", None)}
TEXTS = ["", "a", "## \"!\"", "a photo of the cat", "The DOG, in a red truck!", "café 42 猫 🐈",
         "an open garage door with a parcel on the doormat",
         "a photo of the red truck in the open gate of a factory while it is snow and night and a man with an umbrella "
         "is looking at it from the other side of the street"]


def entry(name, shape):
    """Outputs of about the spread of the inputs; norms around 1."""
    import towers
    if name == "logit_scale":
        return towers.uniform(name, (1,), 0.0, 4.6)
    if name == "logit_bias":
        return towers.uniform(name, (1,), 0.0, -12.0)
    if len(shape) == 1:
        is_norm = "norm" in name and name.endswith("weight")
        return towers.uniform(name, shape, 0.4 if is_norm else 0.15, 1.0 if is_norm else 0.0)
    if "embedding.weight" in name and "patch" not in name or "probe" in name:
        return towers.uniform(name, shape, 0.8)
    columns = 1
    for side in shape[1:]:
        columns *= side
    return towers.uniform(name, shape, 1.3 * (3 / columns) ** .5)


def sub_tower(numbers, act):
    width, heads, layers, mlp = numbers
    out = dict(hidden_size=width, intermediate_size=mlp, num_hidden_layers=layers, num_attention_heads=heads)
    return out | ({"hidden_act": act} if act else {})


def small_tokenizer(folder, kind):
    model = train(kind, 440 if kind == "unigram" else 600)
    if kind == "unigram":
        return siglip_model(folder, model)
    made = gemma_json(model, folder, True)
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()), ensure_ascii=False, separators=(",", ":")) + "\n")
    return made


def make(number, name):
    import numpy as np
    import torch
    import towers
    from PIL import Image
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel
    image, text, kind, act = TOWERS[name]
    folder, seed = HERE / "towers" / name, 2000 + number
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = small_tokenizer(folder, kind)
    vocabulary = len(tokenizer) + 8
    config = {"architectures": ["SiglipModel"], "model_type": "siglip",
              "vision_config": sub_tower(image[2:], act) | {"image_size": image[0], "patch_size": image[1]},
              "text_config": sub_tower(text[1:], act) | {"max_position_embeddings": text[0], "vocab_size": vocabulary,
                                                         "projection_size": image[2]}}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    prep(folder, image[0])
    model = SiglipModel(SiglipConfig.from_dict(json.loads(json.dumps(config)))).eval()
    entries = [entry(n, tuple(t.shape)) for n, t in model.state_dict().items() if not n.endswith("position_ids")]
    arrays = {e["name"]: towers.tensor(seed, e) for e in entries}
    model.load_state_dict({n: torch.from_numpy(a.copy()) for n, a in arrays.items()}, strict=False)
    pictures = [towers.picture(seed, i, image[0]) for i in range(8)]
    processor = SiglipImageProcessor.from_dict(json.loads((folder / "preprocessor_config.json").read_text()))
    ids = [tokenizer(t, truncation=True, max_length=text[0])["input_ids"] for t in TEXTS]
    pad = tokenizer.pad_token_id
    with torch.no_grad():
        pixels = torch.cat([processor(Image.fromarray(p), return_tensors="pt")["pixel_values"] for p in pictures])
        full = torch.tensor([i + [pad] * (text[0] - len(i)) for i in ids])
        out = model(pixel_values=pixels, input_ids=full)
    made = torch.cat([out.image_embeds, out.text_embeds]).numpy()
    made = made / np.linalg.norm(made, axis=-1, keepdims=True)
    made.astype("<f4").tofile(folder / "embeddings.bin")
    value = towers.FNV
    for a in arrays.values():
        value = towers.fnv1a(a.tobytes(), value)
    index = {"name": name, "seed": seed, "image_size": image[0], "dim": image[2], "embeddings": "embeddings.bin",
             "cosine": {"f16w": 0.9997, "dot": 0.999}, "weights_fnv1a": f"{value:016x}",
             "scores": [[round(x, 6) for x in row] for row in torch.sigmoid(out.logits_per_image).tolist()]}
    towers.write_index(folder / "index.json", index, {
        "images": [{"name": f"image/{i}", "fnv1a": f"{towers.fnv1a(p.tobytes()):016x}"} for i, p in enumerate(pictures)],
        "texts": [{"text": t, "ids": i} for t, i in zip(TEXTS, ids)], "tensors": entries})
    off = made[:8] @ made[:8].T, made[8:] @ made[8:].T
    print(name, "cosine between inputs", off[0].min(), off[1].min(), "scores", index["scores"][0])


if __name__ == "__main__":
    if sys.argv[1] == "towers":
        for number, name in enumerate(TOWERS):
            make(number, name)
    if sys.argv[1] == "compare":
        sys.exit(1 if compare(*sys.argv[2:]) else 0)
