/* SPDX-License-Identifier: Apache-2.0
 * A PNG has EXIF in a chunk of its own or, as ImageMagick writes it, in hexadecimal in a text; XMP is a text. All of
 * them may stand behind the pixels, a text may be deflated. Of several the last counts. */
#include "prep/exif.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TEXT_MOST = 1 << 20 }; /* bytes of a text once unpacked; Pillow's limit */

struct bytes {
    const uint8_t *at;
    size_t size;
};

/* A text chunk; content.at NULL: none. */
struct text {
    struct bytes content;
    char kind; /* t: tEXt, z: zTXt, i: iTXt */
};

struct chunks {
    struct bytes exif;
    struct text xmp, profile;
};

static size_t number(const uint8_t *p) {
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Does a text's content begin with this keyword, and its zero? */
static bool has_key(struct bytes text, const char *key) {
    size_t length = strlen(key) + 1;
    return text.size >= length && !memcmp(text.at, key, length);
}

static void note(struct chunks *c, const uint8_t *kind, struct bytes content) {
    if (!memcmp(kind, "eXIf", 4)) c->exif = content;
    if (memcmp(kind, "tEXt", 4) && memcmp(kind, "zTXt", 4) && memcmp(kind, "iTXt", 4)) return;
    struct text text = {content, kind[0]};
    if (has_key(content, "XML:com.adobe.xmp")) c->xmp = text;
    if (has_key(content, "Raw profile type exif")) c->profile = text;
}

/* Steps over the next zero; false: there is none. */
static bool step(struct bytes *b) {
    const uint8_t *zero = b->size ? memchr(b->at, 0, b->size) : NULL;
    if (!zero) return false;
    b->size -= (size_t)(zero + 1 - b->at);
    b->at = zero + 1;
    return true;
}

/* The text behind its keyword and what else precedes it. *packed: it is deflated. */
static bool text_of(struct text from, struct bytes *text, bool *packed) {
    bool z = from.kind == 'z';
    size_t flags = from.kind == 't' ? 0
                   : z              ? 1
                                    : 2; /* bytes: whether it is deflated (zTXt always is), and the method */
    *text = from.content;
    if (!step(text) || text->size < flags) return false;
    *packed = z || (flags && text->at[0]);
    if (*packed && text->at[flags - 1]) return false; /* another method than deflate */
    text->at += flags, text->size -= flags;
    return from.kind != 'i' || (step(text) && step(text)); /* the language, and the keyword in it */
}

/* *own: memory to free, NULL when the text lies in the file as it is. False: there is no such text, or none that can be
 * read. */
static bool read_text(struct text from, struct bytes *text, uint8_t **own) {
    bool packed;
    *own = NULL;
    if (!from.content.at || !text_of(from, text, &packed)) return false;
    if (!packed) return true;
    uLongf size = TEXT_MOST;
    *own = malloc(TEXT_MOST);
    if (!*own || uncompress(*own, &size, text->at, (uLong)text->size) != Z_OK) return false;
    *text = (struct bytes){*own, size};
    return true;
}

static int nibble(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Three lines (empty, a name, a length), then hexadecimal. False: it is none. `out` has room for half of the text. */
static bool from_hex(struct bytes text, uint8_t *out, size_t *size) {
    for (int line = 0; line < 3; line++) {
        const uint8_t *end = text.size ? memchr(text.at, '\n', text.size) : NULL;
        if (!end) return false;
        text.size -= (size_t)(end + 1 - text.at), text.at = end + 1;
    }
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        int n = nibble(text.at[i]);
        if (n < 0 && text.at[i] && strchr(" \t\r\n\v\f", text.at[i])) continue;
        if (n < 0) return false;
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | n : n << 4);
        digits++;
    }
    *size = digits / 2;
    return digits % 2 == 0;
}

/* The EXIF in a profile, own memory; NULL: there is none. */
static uint8_t *exif_of_profile(struct text profile, size_t *size) {
    struct bytes text;
    uint8_t *own, *exif = NULL;
    if (read_text(profile, &text, &own) && (exif = malloc(text.size / 2 + 1)) && !from_hex(text, exif, size))
        *exif = 0, *size = 1; /* as EXIF of a wrong header */
    free(own);
    return exif;
}

static unsigned orientation_of(const struct chunks *c) {
    uint8_t *own_exif = NULL, *own_xmp;
    struct bytes exif = c->exif, xmp = {0};
    if (!exif.at) exif.at = own_exif = exif_of_profile(c->profile, &exif.size);
    if (!read_text(c->xmp, &xmp, &own_xmp)) xmp.at = NULL;
    unsigned orientation = exif_upright(exif.at, exif.size, xmp.at, xmp.size);
    free(own_exif);
    free(own_xmp);
    return orientation;
}

unsigned exif_of_png(const uint8_t *bytes, size_t size) {
    struct chunks c = {0};
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = number(bytes + at);
        const uint8_t *kind = bytes + at + 4;
        if (length > size - at - 12 || !memcmp(kind, "IEND", 4)) break;
        note(&c, kind, (struct bytes){kind + 4, length});
        at += 12 + length;
    }
    return orientation_of(&c);
}
