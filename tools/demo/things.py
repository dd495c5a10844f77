# SPDX-License-Identifier: Apache-2.0
"""The things the demo model knows: emoji that show a thing, with CLDR's English name and keywords."""
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"  # Debian: fonts-noto-color-emoji
ANNOTATIONS = "/usr/share/unicode/cldr/common/annotations/en.xml"  # Debian: unicode-cldr-core

# Not things, or told apart by detail that 80 pixels do not hold.
NOT_THINGS = re.compile(
    r"\b(face|faces|button|hand|hands|person|people|man|woman|men|women|boy|girl|child|adult|baby|arrow|arrows|o’clock|"
    r"thirty|finger|fingers|fist|palm|palms|thumbs|circle|square|diamond|heart|hearts|input|symbol|mark|sign|squared|"
    r"zodiac|Aries|Taurus|Gemini|Cancer|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces|Ophiuchus|"
    r"moon|quarter|skin|tone|hair|eyes|eye|mouth|tongue|nose|ear|lips|leg|foot|horizontal|vertical|plus|minus|multiply|"
    r"divide|exclamation|question|asterisk|hash|digit|keycap|wavy|loop|copyright|registered|trade|restroom|prohibited|"
    r"no|not|non|family|couple|kiss|love|prince|princess|santa|angel|elf|fairy|genie|mage|merperson|vampire|zombie|"
    r"superhero|supervillain|ninja|guard|detective|police|construction worker|dancer|bride|deaf|speaking|silhouette|"
    r"bust|busts|footprints|gesture|victory|OK|vulcan|crossed|raising|folded|clapping|pinch|pinched|flexed|selfie|"
    r"mahjong|joker|flower playing|card suit|suit|trigram|cross|yin|wheel of|star of|menorah|om|atom|peace|khanda|dotted|"
    r"six-pointed|recycling|infinity|fleur|trident|medical|part alternation|level|antenna|vibration|mobile phone off|"
    r"currency|chart|passport|customs|baggage|left luggage|litter|potable|biking|bicycles|pedestrians|under eighteen|"
    r"radioactive|biohazard|place of worship|telephone receiver|first aid|SOS|NEW|FREE|COOL|ABCD|abc|latin|Japanese|pointing|backhand|volume|bubble|oncoming|mailbox|outbox|inbox|page|"
    r"place medal|linked|skull and crossbones|biting|bald|breast|rolling on|star-struck|exploding|mrs|zzz|hundred|water closet|"
    r"flat|sharp|collision|sweat|dashing|index|sparkle|eight-pointed|check box|children|with slash|tilted right|departure|arrival|"
    r"Japan|with flash|of rice|night with|at dusk|foggy|globe showing americas|globe showing asia-australia)\b",
    re.IGNORECASE)

# What people say where CLDR's name is another and its keyword is shared by several things.
EVERYDAY = {"automobile": "car", "ewe": "sheep", "red apple": "apple", "cheese wedge": "cheese", "deciduous tree": "tree",
            "mobile phone": "phone", "airplane": "plane", "bicycle": "bike", "hamburger": "burger", "honeybee": "bee"}


def is_pictographic(character):
    """One code point, perhaps with the selector for colour, from the blocks that hold pictures."""
    code = ord(character[0])
    if character[1:] not in ("", "\ufe0f"):
        return False
    return 0x2600 <= code <= 0x27BF or 0x1F300 <= code <= 0x1F5FF or 0x1F680 <= code <= 0x1F6FF or 0x1F900 <= code <= 0x1FAFF \
        or code in (0x231A, 0x231B, 0x23F0, 0x23F3, 0x2B50)


def read_things():
    """[(character, name, [keywords that no other thing has])] in the order of their code points."""
    names, keywords = {}, {}
    for element in ElementTree.parse(ANNOTATIONS).getroot().iter("annotation"):
        character = element.get("cp")
        if not is_pictographic(character):
            continue
        if element.get("type") == "tts":
            names[character] = element.text
        else:
            keywords[character] = [k.strip().lower() for k in element.text.split("|")]
    chosen = sorted(c for c, name in names.items() if not NOT_THINGS.search(name))
    count = Counter(k for c in chosen for k in set(keywords.get(c, [])) | {names[c].lower()})
    return [(c, names[c].lower().replace("’", "'"),
             [k for k in keywords.get(c, []) if count[k] == 1 and k != names[c].lower() and k.isascii()]) for c in chosen]


if __name__ == "__main__":
    for character, name, words in read_things():
        print(f"{character}\t{name}\t{', '.join(words)}")
