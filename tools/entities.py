#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The named character references of HTML 5 as a C table. usage: entities.py > runtime/text/entities.h"""
from html.entities import html5


def literal(text):
    """C string; octal escapes always have three digits, so that a digit may follow."""
    return "".join(chr(b) if 0x20 <= b < 0x7F and b not in b'"\\?' else f"\\{b:03o}" for b in text.encode())


def lines(items, width=108):
    line = ""
    for item in items:
        if line and len(line) + 1 + len(item) > width:
            yield line
            line = ""
        line += (" " if line else "") + item
    yield line


names = sorted(html5)  # ASCII, so the order is strcmp's
at, offset = [], 0
for name in names:
    at.append(offset)
    offset += len(name) + len(html5[name].encode()) + 2
    assert name.isascii() and name.rstrip(";").isalnum() and 5 * len(html5[name].encode()) <= 6 * len("&" + name), name
assert offset < 1 << 16

print("""/* SPDX-License-Identifier: Apache-2.0
 * Made by tools/entities.py from the list of HTML 5 (Python's html.entities.html5). No value is
 * longer than 6/5 of its reference. */
// clang-format off""")
print(f"enum {{ ENTITY_COUNT = {len(names)}, ENTITY_LONGEST = {max(map(len, names))} }};")
print("\n/* Name (with its semicolon, where it has one), NUL, value in UTF-8, NUL; sorted by name. */")
print("static const char entity_text[] =")
print(*("  " + line for line in lines(f'"{literal(n)}\\0{literal(html5[n])}\\0"' for n in names)), sep="\n", end=";\n")
print("\n/* Where each begins. */\nstatic const uint16_t entity_at[ENTITY_COUNT] = {")
print(*("  " + line for line in lines(f"{a}," for a in at)), sep="\n")
print("};\n// clang-format on")
