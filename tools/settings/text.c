/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"
#include "text/unicode.h"

#include <string.h>

enum form { UTF8, UTF16_LITTLE, UTF16_BIG };
enum { REPLACEMENT = 0xFFFD, MARK = 0xFEFF, UNBROKEN = 0xA0 };

struct decoder {
    const uint8_t *bytes;
    size_t size, at;
    enum form form;
    size_t line; /* from 1 */
    struct diagnostics *report;
    bool told_form, told_control;
};

/* Windows-1252's code points of 0x80 to 0x9F; 0: none. */
static const uint16_t windows[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                     0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                     0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                     0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* ---- which form ---- */

/* Latin letters have a zero byte each in UTF-16: more than a third of all bytes, always on the same side. */
static enum form guess(const uint8_t *bytes, size_t size) {
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < size; i++) zeros[i % 2] += !bytes[i];
    if (3 * zeros[1] > size && !zeros[0]) return UTF16_LITTLE;
    return 3 * zeros[0] > size && !zeros[1] ? UTF16_BIG : UTF8;
}

static void find_form(struct decoder *d) {
    if (d->size >= 2 && !memcmp(d->bytes, "\xFF\xFE", 2))
        d->form = UTF16_LITTLE, d->at = 2;
    else if (d->size >= 2 && !memcmp(d->bytes, "\xFE\xFF", 2))
        d->form = UTF16_BIG, d->at = 2;
    else if (d->size >= 3 && !memcmp(d->bytes, "\xEF\xBB\xBF", 3))
        d->form = UTF8, d->at = 3;
    else
        d->form = guess(d->bytes, d->size);
}

/* ---- code points ---- */

static uint32_t unit(const struct decoder *d, size_t at) {
    const uint8_t *b = d->bytes + at;
    return d->form == UTF16_LITTLE ? b[0] | (uint32_t)b[1] << 8 : b[1] | (uint32_t)b[0] << 8;
}

static uint32_t next_utf16(struct decoder *d) {
    if (d->size - d->at < 2) { /* half a unit */
        d->at = d->size;
        return REPLACEMENT;
    }
    uint32_t c = unit(d, d->at);
    d->at += 2;
    if (c < 0xD800 || c > 0xDFFF) return c;
    uint32_t low = d->size - d->at >= 2 ? unit(d, d->at) : 0;
    if (c > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return REPLACEMENT;
    d->at += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

static uint32_t next_utf8(struct decoder *d) {
    const char *text = (const char *)d->bytes;
    size_t left = d->size - d->at, whole = unicode_check(text + d->at, left < 4 ? left : 4);
    if (whole) return (uint32_t)unicode_next(text, d->size, &d->at);
    uint8_t byte = d->bytes[d->at++];
    if (!d->told_form)
        diagnostics_fault(
            d->report, d->line,
            "it is not UTF-8, so it is read as Windows' 8-bit text: look whether its letters are right below, "
            "and save the file as UTF-8");
    d->told_form = true;
    uint32_t c = byte < 0xA0 ? windows[byte - 0x80] : byte;
    return c ? c : REPLACEMENT;
}

/* A line has no control characters, and no blanks but spaces. */
static uint32_t clean(struct decoder *d, uint32_t c) {
    if (c == UNBROKEN || c == MARK || c == '\t') return ' ';
    bool control = c < ' ' || (c >= 0x7F && c < 0xA0);
    if (!control) return c;
    if (!d->told_control)
        diagnostics_fault(d->report, d->line,
                          "a control character: it is taken for a blank: save the file with a plain text editor");
    d->told_control = true;
    return ' ';
}

char *text_decode(struct arena *arena, const uint8_t *bytes, size_t size, struct diagnostics *report) {
    struct decoder d = {.bytes = bytes, .size = size, .line = 1, .report = report};
    if (size > TEXT_MOST) {
        diagnostics_fault(report, 0, DIAGNOSTICS_FILE ": over %d bytes: only the first %d are read: make it shorter",
                          TEXT_MOST, TEXT_MOST);
        d.size = TEXT_MOST;
    }
    find_form(&d);
    char *text = arena_alloc(arena, 3 * d.size + 4, 1); /* a byte, or two of UTF-16, become three at most */
    size_t used = 0;
    bool behind_cr = false;
    while (text && d.at < d.size) {
        uint32_t c = d.form == UTF8 ? next_utf8(&d) : next_utf16(&d);
        bool end = c == '\n' || c == '\r', second = c == '\n' && behind_cr;
        behind_cr = c == '\r';
        if (second) continue;
        if (end) d.line++;
        used += unicode_put((int32_t)(end ? '\n' : clean(&d, c)), text + used);
    }
    char *last = text && size > TEXT_MOST ? strrchr(text, '\n') : NULL;
    if (last) last[1] = '\0'; /* half a line says something else */
    return text;
}
