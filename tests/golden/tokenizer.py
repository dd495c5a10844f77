#!/usr/bin/env python3
"""Golden token ids of CLIP's byte-pair tokenizer.

usage: tokenizer.py bpe_simple_vocab_16e6.txt.gz [OUT_DIR]

Writes OUT_DIR/GROUP.jsonl (default: tokenizer/ beside this file); see README.md.
The class is also what towers.py uses for its small vocabulary.
"""
import gzip
import html
import json
import pathlib
import random
import sys
import tempfile
import unicodedata

import regex

HERE = pathlib.Path(__file__).parent
PATTERN = (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
           r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
SOT, EOT = "<|startoftext|>", "<|endoftext|>"


def byte_symbols():
    """Byte -> printable character, in the order of the ids."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in plain]
    symbols = {b: chr(b) for b in plain}
    symbols.update({b: chr(256 + n) for n, b in enumerate(rest)})
    return symbols


def read_merges(path):
    lines = gzip.open(path, "rt", encoding="utf-8").read().split("\n")
    return [tuple(line.split()) for line in lines[1:49152 - 256 - 2 + 1]]


class Tokenizer:
    def __init__(self, merges, context=77):
        self.bytes = byte_symbols()
        singles = list(self.bytes.values())
        names = singles + [s + "</w>" for s in singles]
        names += ["".join(pair) for pair in merges] + [SOT, EOT]
        self.ids = {name: i for i, name in enumerate(names)}
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.pattern = regex.compile(PATTERN, regex.IGNORECASE)
        self.context = context

    def clean(self, text):
        # ftfy, which OpenAI's reader puts before this, unescapes once and composes; what else it does is not wanted here.
        text = unicodedata.normalize("NFC", html.unescape(text))
        text = html.unescape(text).strip()
        return regex.sub(r"\s+", " ", text).strip().lower()

    def word(self, word):
        """Symbols of one word after all merges, lowest rank first."""
        if word in (SOT, EOT):
            return [word]
        parts = [self.bytes[b] for b in word.encode("utf-8")]
        parts[-1] += "</w>"
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]),
                       key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            merged, i = [], 0
            while i < len(parts):
                pair = tuple(parts[i:i + 2])
                merged.append("".join(pair) if pair == best else parts[i])
                i += 2 if pair == best else 1
            parts = merged
        return parts

    def encode(self, text):
        words = self.pattern.findall(self.clean(text))
        ids = [self.ids[SOT], *(self.ids[s] for w in words for s in self.word(w)), self.ids[EOT]]
        return ids if len(ids) <= self.context else ids[:self.context - 1] + ids[-1:]

    def save(self, folder):
        """vocab.json and merges.txt as transformers reads them."""
        folder = pathlib.Path(folder)
        (folder / "vocab.json").write_text(json.dumps(self.ids, indent=0) + "\n")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in self.ranks)]
        (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---- the texts -------------------------------------------------------------------------------

THINGS = """open garage door|closed gate|parcel on the doormat|red truck|black cat|golden retriever|
person with an umbrella|child on a bicycle|fox|empty parking lot|delivery van|full trash can|
pot boiling over|3D printer|snow-covered street|traffic light|flooded basement|beehive|hedgehog|
barcode|postman|ladder|washing machine|T-shirt|smoke|house at night|forklift|conveyor belt|
stack of pallets|greenhouse|tomato plant|chicken|construction site|fire extinguisher|whiteboard|
coffee cup|laptop|screwdriver|wind turbine|solar panel|sailing boat|airplane|locomotive|antenna|
hummingbird|giraffe|octopus|mushroom|strawberry cheesecake|sushi|violin|chess board|lighthouse""".split("|")
THINGS = [" ".join(t.split()) for t in THINGS]
TEMPLATES = ["a photo of a {}.", "{}", "A bad photo of a {}", "itap of the {}!", "a {} in a video game;",
             "art of many {}s?", "The {} - close-up, 4K, f/2.8", "THERE IS A {} HERE", "\"{}\" (blurry)",
             "a low-resolution, black & white photo of the {}"]
LATIN = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿāăąćčďđēęěğģįıłńňőœřśşšţťūůűųźżžơưạảấầếệ"
WORDS = """Grüße Straße façade naïve coöperate Ærøskøbing smörgåsbord crème brûlée jalapeño São Paulo
Łódź Kraków Dvořák Zürich Ångström Đặng Thị Ngọc Nguyễn piñata déjà-vu Ελλάδα φωτογραφία Москва
котик Київ їжак ґанок ქართული հայերեն עברית שָׁלוֹם العربية قِطَّة فارسی हिन्दी बिल्ली বাংলা தமிழ்
తెలుగు ไทย ภาษาไทย ລາວ မြန်မာ ខ្មែរ བོད་ཡིག አማርኛ ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ 日本語 猫の写真 ねこ ネコ ﾈｺ 一只黑色的猫 漢字
고양이 한국어 ｆｕｌｌｗｉｄｔｈ ＡＢＣ１２３ 𝒽𝑒𝓁𝓁𝑜 𝐀𝐁𝐂 𐐀𐐨 ꙮ ﬁn ﬃ ǅ ǆ Ǆ ŉ ẞ ß ſ K Å Ω µ μ""".split()
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "❤", "🇨🇭", "1️⃣", "🐈‍⬛", "☕", "✈︎", "🧑🏿‍🚀", "🫠", "🅰️", "©️", "™",
         "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🐱🐶", "‼️", "🙂🙃", "♾", "🤷‍♀️"]
NUMBERS = "0123456789²³¹½¼¾⅓⅞Ⅷⅷↂ①⑳❶㉑〇〹〇௧२३৩٣٤۵۶߁೯๓໔０１９𝟘𝟗𐄇𒐀፩፲༳௰൰ↈ㆒㊂꘠"
ENTITIES = """&amp; &amp;amp; &amp;amp;amp; &#39; &#x27; &#X27; &lt; &gt; &lt;b&gt; &quot; &apos; &eacute; &Eacute;
&eacute &notit; &notin; &not; &amp &ampamp &copy &copyright &nbsp; &nbsp &hellip; &mdash; &NotEqualTilde;
&nGt; &bne; &fjlig; &CounterClockwiseContourIntegral; &unknown; &; & && &# &#; &#x; &#xg; &#0; &#x0; &#00065;
&#65 &#65x &#x41z &#128; &#x80; &#x81; &#x8d; &#x9f; &#x99; &#1; &#x1; &#8; &#11; &#x0b; &#x0e; &#x1f; &#127; &#x7f;
&#xd800; &#xDFFF; &#xfdd0; &#xfffe; &#xffff; &#x1ffff; &#x10ffff; &#x110000; &#99999999; &#4294967361; &#18446744073709551681;
&#x1F600; &#128512; &#xE9; &#233; &#x301; &#8217; &#9; &#10; &#13; &#32; &#160; &#x2003; &#x85; &#xfeff; &Tab; &NewLine; &ZeroWidthSpace;
&amp;eacute; &amp;lt;i&amp;gt; &#38;amp; &#38;#38; &#x26;lt; &amp;#39; &amp;#x27;s &lt;|startoftext|&gt; &lt;|endoftext|&gt;
&LT; &AMP; &AMP &GT &Lt; &lT; &times;2 &timesb; &frac12; &sup2; &AElig; &aelig; &szlig; &Sigma; &sigmaf; &Idot; &inodot; &imath; &ohm; &angst; &micro;
&subne; &sub; &subnE &acE; &ThickSpace; &thickapprox; &parasl; &para &paragraph &sect &section &reg &regular &yen5 &degC &shy; &shy
&zwj; &zwnj; &lrm; &rlm; &thinsp; &ensp; &hairsp; &puncsp; &MediumSpace; &NoBreak; &ApplyFunction; &ic; &DownBreve; &#xfb01; &filig; &Dagger; &dagger &lang; &lang &rang &prod &prod; &prop;
&ampnotanentitybutaverylongnameindeedmorethanthirtytwo; &abcdefghijklmnopqrstuvwxyzabcdefgh; &aacute;&Aacute;&agrave &amp;&amp;&amp &a&b &a;b &lt &ltlt &gtgt; &#60;&#62;""".split()
CONTRACTIONS = "'s 't 're 've 'm 'll 'd 'S 'T 'RE 'Re 'rE 'VE 'Ve 'M 'LL 'Ll 'lL 'D 'ſ 'x 'sx 'rex 'l 'r 'v".split()
# Everything Python or Unicode may call white space, and what is often taken for it.
SPACES = ("\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
          "\u2009\u200a\u2028\u2029\u202f\u205f\u3000" "\u180e\u200b\u200c\u200d\u2060\ufeff\u00ad\x7f\u2800\u3164")
UPPER = ["İ", "İSTANBUL", "I", "ı", "iİ", "ẞ", "STRASSE ß", "ſ", "miſt", "ſs 'ſ it'ſ", "K", "100 K", "Å", "Ω", "ΣΑΣ", "ΟΔΥΣΣΕΥΣ", "Σ",
         "ΑΣ.", "ΑΣ'", "ΑΣ Σ", "ΣΣ", "Α\u0301Σ", "ΑΣ\u0301", "ΑΣ\u0301Α", "ΑΣ\u00adΑ", "ΑΣ\u00ad", "1Σ", "Σ1", "aΣ", "aΣb", "aΣ:b", "aΣ'b", "a.Σ", "a\u200dΣ", "Σa",
         "ΑΣ-", "ΑΣ_", "ΑΣ😀", "ςΣσ", "ǅ", "Ǆ", "ǈ", "ᾈ", "ᾼ", "ᾳ", "ŉ", "ǰ", "ﬁ", "Ꭰ", "ꭰ", "Ა", "ა", "Ⴀ", "𐐀", "Ⓐ", "Ⅷ", "Ɐ", "ϴ", "Ω", "Ǆungla",
         "ÀÉÎÕÜ", "ĐẶNG", "МОСКВА", "ԱՐԵՎ", "Ａ", "𞤀", "Ⰰ", "Ꙁ", "Ỽ", "ꞵ", "Ꞵ", "ʼN", "J\u030c", "H\u0331", "İ\u0307", "I\u0307", "i\u0307", "Ἐ", "ὉΔΌΣ", "ΌΣ", "\u0345Σ", "Α\u0345Σ", "Σ\u0345", "ʰΣ", "ªΣ", "ΑΣʰ", "ⓐΣ", "ΑΣⓐ"]
SPECIALS = [SOT, EOT, SOT.upper(), "<|StartOfText|>", "<|ENDofTEXT|>", "a " + SOT + " b", "a" + EOT + "b", SOT + EOT, SOT + "x" + SOT,
            "<|startoftext|", "|startoftext|>", "<|start oftext|>", "<|ſtartoftext|>", "<|STARTOFTEXT|>s", "!!" + SOT, "!<|endoftext|>!", "<<|endoftext|>>",
            "<|pad|>", "</w>", "a</w>", "<w>", "Ġhello", "<|endoftext|>" * 3, "<|startoftext|>" * 90, "'<|endoftext|>'s", "<|startofteXT|>"]


def stable_characters(classes):
    """Assigned in this Python's Unicode, and classed alike by the regex module's newer one."""
    def regex_class(c):
        return next((k for k, p in classes.items() if p.match(c)), "-")
    out = []
    for code in range(0x80, 0x30000):
        c = chr(code)
        category = unicodedata.category(c)
        if category in ("Cn", "Cs", "Co"):
            continue
        if regex_class(c) == (category[0] if category[0] in classes else "-"):
            out.append(c)
    return out


# Decomposed forms: of letters, of marks in each order, of Korean, of what has no composed form, of entities.
DECOMPOSED = ("cafe\u0301 CAFE\u0301 e\u0301 E\u0301cole na\u00efve nai\u0308ve o\u0323\u0302 o\u0302\u0323 \u00f4\u0323 a\u030a \u212b K\u212a "
              "\u1112\u1161\u11ab\u1100\u1173\u11af \uac00\u11a8 \u304b\u3099 \u30cf\u309a \u0915\u093c \u0958 \u05e9\u05bc\u05c1 \ufb2c "
              "\u03b1\u0313\u0301\u0345 \u0391\u0301\u03a3 \u0418\u0306 \u0438\u0306 I\u0307 i\u0307 J\u030c \u09c7\u09be \U0001d157\U0001d165 "
              "cafe&#x301; cafe&amp;#x301; &eacute;\u0323 a\u0315\u0300\u05ae\u0300b \u2260 =\u0338 <\u0338 \u0301 \u0301e \u0344 \u0387 \u037e").split()


def groups(rng):
    pick, some = rng.choice, lambda seq, lo, hi: [rng.choice(seq) for _ in range(rng.randint(lo, hi))]
    letters = "abcdefghijklmnopqrstuvwxyz"
    punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    stable = stable_characters({k: regex.compile(rf"\p{{{k}}}") for k in "LN"})
    nested = lambda s: pick(THINGS) + pick(["", " "]) + s + pick(["", " "]) + pick(THINGS)

    yield "ascii", ([t.format(pick(THINGS)) for t in TEMPLATES for _ in range(30)]
                    + ["".join(rng.choice((str.upper, str.lower))(c) for c in pick(THINGS)) for _ in range(50)]
                    + [" ".join("".join(some(letters, 1, 12)) for _ in range(rng.randint(1, 6))) for _ in range(150)])
    yield "accents", (WORDS + [w.upper() for w in WORDS]
                      + [unicodedata.normalize(form, w) for w in WORDS for form in ("NFD", "NFC", "NFKD")]
                      + ["".join(some(letters + LATIN, 2, 14)) for _ in range(150)]
                      + [" ".join(some(WORDS, 2, 6)) for _ in range(80)])
    yield "emoji", (EMOJI + [pick(THINGS) + pick(["", " "]) + "".join(some(EMOJI, 1, 3)) + pick(["", "!", " x", "1"]) for _ in range(110)])
    yield "numbers", (list(dict.fromkeys(NUMBERS)) + ["".join(some(NUMBERS, 2, 8)) for _ in range(90)]
                      + ["".join(some(NUMBERS + letters + ".,-", 3, 16)) for _ in range(90)]
                      + ["2026-11-23 14:05", "1,000,000.00", "0x7F", "v1.2.3", "50%", "24/7", "4x4", "3½ cups", "m²", "№5", "007"])
    yield "contractions", (CONTRACTIONS + ["it" + c for c in CONTRACTIONS] + [c + c for c in CONTRACTIONS] + ["it" + c + "!" for c in CONTRACTIONS]
                           + ["I'LL they'Ve don't CAN'T y'all'd've rock'n'roll", "''s", "'''s", "!'s", "'s's", "it’s", "it’S", "`s", "o'clock",
                              "the dogs' bowls", "'80s", "d'Artagnan", "'", "''", "'tis", "l'été", "'é", "'sé", "'s\u0301", "_'s", "5's", "猫's"]
                           + [pick(THINGS) + pick(CONTRACTIONS) + " " + pick(THINGS) for _ in range(40)])
    yield "entities", (ENTITIES + [nested(e) for e in ENTITIES] + ["".join(some(ENTITIES, 2, 4)) for _ in range(100)])
    yield "spaces", ([f"a{s}b" for s in SPACES] + [f"{s}a b{s}" for s in SPACES] + [f"a {s} b" for s in SPACES] + list(SPACES)
                     + ["", " ", "   ", "\n\n", "\t \n", " a", "a ", "  a   b  "]
                     + ["".join(pick(THINGS) + "".join(some(SPACES, 1, 3)) for _ in range(3)) for _ in range(100)])
    controls = [chr(c) for c in (*range(1, 0x20), *range(0x7F, 0xA0))] + list("\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ufff9\ufffc\ufffd")
    yield "controls", ([f"a{c}b" for c in controls] + [f"{c}a {c} b{c}" for c in controls] + ["".join(some(controls + ["a", "1", " "], 2, 8)) for _ in range(80)])
    yield "upper", UPPER + [u.lower() for u in UPPER] + ["x " + u + " y" for u in UPPER] + ["".join(some(UPPER, 2, 4)) for _ in range(60)]
    yield "specials", SPECIALS + [nested(s) for s in SPECIALS[:20]]
    yield "punctuation", (["".join(some(punctuation, 1, 20)) for _ in range(180)] + ["_", "__init__", "snake_case_name", "a_b", "_1_", "C++", "C#", ".NET", "e-mail@example.org",
                          "https://example.org/a?b=c&d=e", "#hashtag", "@user", "...", "…", "--", "—", "«»", "¿qué?", "¡hola!", "$5 €5 £5", "a+b=c", "(a)", "[b]", "{c}", "~/file.txt", "C:\\x", "^_^", ":-)", "¯\\_(ツ)_/¯"]
                          + ["".join(some(punctuation + letters + "0123456789  ", 5, 40)) for _ in range(150)])
    yield "long", ([" ".join(some(THINGS, 18, 60)) for _ in range(12)] + ["a" * n for n in (16, 64, 257, 1000)] + ["ab" * 200, "aaab" * 60, "é" * 100, "猫" * 60, "😀" * 30, "-" * 300, "1" * 75, "1" * 76, "1" * 77, "a " * 74, "a " * 75, "a " * 76, "a " * 200,
                    "pneumonoultramicroscopicsilicovolcanoconiosis", "Donaudampfschifffahrtsgesellschaftskapitän", "antidisestablishmentarianism " * 3, "\u0301" * 50, "a" + "\u0300\u0301" * 30]
                   + ["".join(some(letters, 30, 120)) for _ in range(25)])
    blocks = [[c for c in stable if start <= ord(c) < start + 0x100] for start in sorted({ord(c) & ~0xFF for c in stable})]
    yield "unicode", ["".join(some(block, 3, 10)) for block in blocks] + ["".join(some(stable + list(letters + "  ") * 400, 2, 10)) for _ in range(250)]
    yield "composed", DECOMPOSED + [nested(d) for d in DECOMPOSED]


def fast_tokenizer(tokenizer):
    from transformers import CLIPTokenizerFast
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(folder)
        return CLIPTokenizerFast(folder + "/vocab.json", folder + "/merges.txt")


def main(vocabulary, out=HERE / "tokenizer"):
    tokenizer, out = Tokenizer(read_merges(vocabulary)), pathlib.Path(out)
    assert len(tokenizer.ids) == 49408 and tokenizer.encode("a photo of a cat") == [49406, 320, 1125, 539, 320, 2368, 49407]
    fast, total, differ = fast_tokenizer(tokenizer), 0, 0
    out.mkdir(exist_ok=True)
    for name, texts in groups(random.Random(2026)):
        texts = list(dict.fromkeys(texts))
        ids = [tokenizer.encode(text) for text in texts]
        lines = [json.dumps({"text": t, "ids": i}, separators=(",", ":")) for t, i in zip(texts, ids)]
        (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        unlike = [t for t, i in zip(texts, ids) if fast(t, truncation=True, max_length=77)["input_ids"] != i]
        print(f"{name:13} {len(texts):5} texts, CLIPTokenizerFast differs on {len(unlike)}", *map(ascii, unlike[:4]))
        total, differ = total + len(texts), differ + len(unlike)
    nul = ["\0", "a\0b", "\0a", "a\0", " \0 ", "cat\0dog \0\0 1\0", "&#0;\0"]
    lines = [json.dumps({"hex": t.encode().hex(), "ids": tokenizer.encode(t)}, separators=(",", ":")) for t in nul]
    (out / "nul.jsonl").write_text("\n".join(lines) + "\n")
    print(f"{total} texts, CLIPTokenizerFast differs on {differ}")


if __name__ == "__main__":
    main(*sys.argv[1:])
