#!/usr/bin/env python3
"""SigLIP's tokenizers and towers against the toolkits: the small goldens, and the large comparison.

usage: siglip.py tokenizers            writes siglip/ beside this file: two small vocabularies
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
OUT = HERE / "siglip"

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
        sentencepiece.SentencePieceTrainer.train(model_type="unigram", normalization_rule_name="nmt_nfkc", pad_id=0,
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


if __name__ == "__main__":
    if sys.argv[1] == "compare":
        sys.exit(1 if compare(*sys.argv[2:]) else 0)
