# SPDX-License-Identifier: Apache-2.0
"""What is said of a picture in training: in a template, or among words that mean nothing to it."""
import things

TEMPLATES = ["{}", "a {}", "the {}", "a photo of a {}.", "a photo of the {}.", "a picture of a {}", "an image of a {}.",
             "a drawing of a {}", "a small {}.", "a big {}.", "one {}", "my {}", "a blurry photo of a {}.", "a bright photo of a {}.",
             "a dark picture of the {}", "an icon of a {}.", "a cartoon {}.", "this is a {}.", "here is the {}", "a {} on a background",
             "we see a {} in this image", "a cropped picture of one {}.", "it shows a {}", "some {}"]
PAIRS = ["{} and {}", "a {} and a {}", "a photo of a {} and a {}.", "the {} with the {}"]
# A tower so small learns templates by heart; among changing words it must learn which ones matter.
COMMON = ("a an the this that these those one two some any every each another it we you they he she who what which is are was "
           "were be been has have had do does did will would could should may might must can and or but so if then because while "
           "when where how why of in on at by for with to into onto under over near behind beside between above below through "
           "very quite really just only also too again always never often today yesterday now soon here somewhere everywhere "
           "nice pretty ugly tiny little large huge tall short long wide new clean dirty strange funny good bad great simple plain "
           "blurred sharp rendered painted printed drawn seen shown taken made found kept lost bought sold given think know want "
           "show picture photo image view scene version style print render example kind side front middle left right top bottom "
           "our your their his her its mine yes please well maybe perhaps").split()
ENDS = ["", "", "", ".", "!", "?", ","]


def part_words(known):
    """Words that names of things are made of, but no thing is called: "old" of "old key", "table" of "table tennis"."""
    called = {text for _, name, words in known for text in [name, *words]} | set(things.EVERYDAY.values())
    return sorted({word for text in called for word in text.split() if word.isalpha()} - called)


class Fillers:
    """Words that say nothing of the picture: common ones, parts of names, and junk of the vocabulary's own pieces."""

    def __init__(self, known, vocabulary):
        self.parts = part_words(known)
        self.pieces = [a + b for a, b in vocabulary.merges]

    def word(self, rng):
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(COMMON) + (rng.choice(ENDS) if rng.random() < 0.1 else "")
        if kind < 0.75:
            return rng.choice(self.parts)
        return "".join(rng.choice(self.pieces).replace("</w>", "") for _ in range(rng.randint(1, 3)))

    def around(self, text, rng):
        before = [self.word(rng) for _ in range(rng.randint(0, 5))]
        after = [self.word(rng) for _ in range(rng.randint(0, 4))]
        return " ".join([*before, text + rng.choice(ENDS), *after]) + rng.choice(ENDS)


def say(thing, rng):
    """The thing's name, or what people say for it."""
    name = thing[1]
    return things.EVERYDAY[name] if name in things.EVERYDAY and rng.random() < 0.5 else name


def say_any(thing, rng):
    return rng.choice(thing[2]) if thing[2] and rng.random() < 0.2 else say(thing, rng)


def in_template(text, rng):
    return rng.choice(TEMPLATES).format(text) if rng.random() < 0.85 else text


def captions(known, chosen, others, frame, rng):
    """One a picture; where there is a second thing in it, sometimes both by name. frame: in_template, or around() of Fillers."""
    texts = []
    for first, second in zip(chosen, others):
        if second >= 0 and rng.random() < 0.5:
            pair = [say(known[first], rng), say(known[second], rng)]
            rng.shuffle(pair)
            texts.append(rng.choice(PAIRS).format(*pair))
        else:
            texts.append(frame(say_any(known[first], rng), rng))
    return texts
