# SPDX-License-Identifier: Apache-2.0
"""The sentences the model learns from. evaluate.py's unseen templates are deliberately not among them."""
import re

TEMPLATES = [
    "{}", "a {}", "the {}", "a photo of a {}.", "a photo of the {}.", "a photo of one {}", "a picture of a {}", "a picture of the {}.",
    "an image of a {}.", "an image of the {}", "a drawing of a {}", "a painting of the {}.", "a sketch of a {}", "one {}", "my {}",
    "your {}", "this {}", "that {}.", "a blurry photo of a {}.", "a bright photo of a {}.", "a dark picture of the {}", "an icon of a {}.",
    "a cartoon {}.", "a cartoon of the {}", "this is a {}.", "that is the {}", "it is a {}", "here is the {}", "here we have a {}.",
    "a {} on a background", "we see a {} in this image", "i see the {}", "you see a {}.", "a cropped picture of one {}.", "it shows a {}",
    "this photo shows the {}.", "the picture shows one {}", "some {}", "what a {}!", "is it a {}?", "is this the {}?", "do you like my {}?",
    "a snapshot with a {}", "the camera sees a {}.", "in the middle: a {}", "someone found a {}.", "they have a {}", "we want the {}",
    "a view of the {}", "an example of a {}.", "nothing but a {}", "just the {}.", "only a {}", "it looks like a {}", "with a {} in it"]
ADJECTIVES = ("small big little large old new nice lovely good bad strange pretty plain simple funny single tiny huge clean dirty fine "
              "beautiful ugly cheap real famous usual favourite unknown perfect").split()
ENDINGS = ["today", "over there", "on the left", "on the right", "in the centre", "in the corner", "up close", "from far away", "for you",
           "in front of us", "right here", "at home", "again", "in colour", "as we know it", "by itself", "on display", "in good light"]
PAIRS = ["{} and {}", "a {} and a {}", "a photo of a {} and a {}.", "the {} with the {}", "a picture of the {} and the {}",
         "a {} next to a {}", "we see a {} and a {}."]


def with_article(text):
    """"a apple" -> "an apple"; mostly right, as people's own spelling is."""
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def word_for(thing, rng):
    """The everyday label where there is one, else the name; now and then a keyword that only this thing has."""
    _, name, words, label = thing
    dice = rng.random()
    if words and dice < 0.15:
        return rng.choice(words)
    return label if label and dice < 0.7 else name


def one(thing, rng):
    text = word_for(thing, rng)
    if rng.random() < 0.15:
        return text
    if rng.random() < 0.25:
        text = rng.choice(ADJECTIVES) + " " + text
    text = rng.choice(TEMPLATES).format(text)
    if rng.random() < 0.15:
        text = text.rstrip(".!?") + " " + rng.choice(ENDINGS)
    return with_article(text)


def two(first, second, rng):
    names = [thing[3] or thing[1] for thing in (first, second)]
    rng.shuffle(names)
    return with_article(rng.choice(PAIRS).format(*names))


def batch(known, chosen, others, rng):
    """One caption a picture; where there is a second thing in it, often both by name."""
    return [two(known[a], known[b], rng) if b >= 0 and rng.random() < 0.4 else one(known[a], rng) for a, b in zip(chosen, others)]


def corpus(known):
    """What the byte-pair vocabulary is learnt from: names count most."""
    names = [n for _, n, _, _ in known] + [label for *_, label in known if label]
    return names * 2 + [w for _, _, words, _ in known for w in words] + (TEMPLATES + ENDINGS + PAIRS + ADJECTIVES) * 20
