/* SPDX-License-Identifier: Apache-2.0 */
#include "text/unescape.h"
#include "text/unicode.h"

#include <string.h>

#include "text/entities.h"

/* Compares an entry of the table with a name that is not terminated; the entry may be longer. */
static int compare(const char *entry, const char *name, size_t length) {
    int order = strncmp(entry, name, length);
    return order ? order : entry[length] != 0;
}

/* The value of a name, NULL when there is none. No name holds a NUL. */
static const char *find(const char *name, size_t length) {
    size_t low = 0, high = ENTITY_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *entry = entity_text + entity_at[middle];
        int order = compare(entry, name, length);
        if (order == 0) return entry + length + 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "&name;", or the longest prefix that is a name without semicolon: "&notit;" is "¬it;".
 * Gives the bytes used, 0 when this is no reference; *wrote bytes went to out. */
static size_t named(const char *text, size_t length, char *out, size_t *wrote) {
    size_t end = 1;
    while (end < length && end <= ENTITY_LONGEST && alphanumeric(text[end])) end++;
    if (end < length && text[end] == ';') end++;
    for (; end > 1; end--) {
        const char *value = find(text + 1, end - 1);
        if (!value) continue;
        *wrote = strlen(value);
        memcpy(out, value, *wrote);
        return end;
    }
    return 0;
}

static bool no_character(uint32_t number) {
    return (number >= 0x01 && number <= 0x08) ||
           (number >= 0x0b && number <= 0x1f && number != 0x0c && number != 0x0d) || number == 0x7f ||
           (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
}

/* The meaning of a reference's number: a code point, or -1 for nothing. */
static int32_t meaning(uint32_t number) {
    /* 0x80 to 0x9f are taken for Windows-1252, where it has a character */
    static const uint16_t windows[32] = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                         0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
                                         0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                         0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};
    if (number >= 0x80 && number <= 0x9f) return windows[number - 0x80];
    if (number == 0 || (number >= 0xd800 && number <= 0xdfff) || number > 0x10ffff) return 0xfffd;
    return no_character(number) ? -1 : (int32_t)number;
}

static int digit(char c, int base) {
    if (c >= '0' && c <= '9') return c - '0';
    if (base == 16 && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* "&#38;" or "&#x26;", the semicolon optional. Gives and writes as named(). */
static size_t numbered(const char *text, size_t length, char *out, size_t *wrote) {
    int base = length > 2 && (text[2] == 'x' || text[2] == 'X') ? 16 : 10;
    size_t first = base == 16 ? 3 : 2, end = first;
    uint32_t number = 0;
    for (; end < length && digit(text[end], base) >= 0; end++) {
        number = number * (uint32_t)base + (uint32_t)digit(text[end], base);
        if (number > 0x10ffff) number = 0x110000; /* any larger one means the same */
    }
    if (end == first) return 0;
    if (end < length && text[end] == ';') end++;
    int32_t c = meaning(number);
    *wrote = c < 0 ? 0 : unicode_put(c, out);
    return end;
}

size_t unescape_text(const char *text, size_t length, char *out) {
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        size_t used = 0, wrote = 0, left = length - at;
        if (text[at] == '&' && left > 1)
            used = (text[at + 1] == '#' ? numbered : named)(text + at, left, out + written, &wrote);
        if (used == 0) {
            out[written] = text[at];
            used = wrote = 1;
        }
        at += used;
        written += wrote;
    }
    return written;
}
