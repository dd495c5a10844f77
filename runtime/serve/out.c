/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/out.h"
#include "base/control.h"
#include "text/unicode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char serve_labelled[] = "";

void serve_out_raw(struct serve_out *out, const void *bytes, size_t size) {
    if (out->full || size > out->capacity - out->used) {
        out->full = true;
        return;
    }
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
}

static void put(struct serve_out *o, const char *text) {
    serve_out_raw(o, text, strlen(text));
}

static void put_byte(struct serve_out *o, uint8_t byte) {
    serve_out_raw(o, &byte, 1);
}

size_t serve_utf8(const char *text, size_t left) {
    size_t good = unicode_check(text, left < 4 ? left : 4), at = 0;
    if (good) unicode_next(text, good, &at);
    return at;
}

/* ---- CBOR: RFC 8949 section 3 ---- */

enum {
    UNSIGNED = 0,
    NEGATIVE = 1,
    TEXT = 3,
    FALSE = 0xf4,
    TRUE = 0xf5,
    NIL = 0xf6,
    FLOAT32 = 0xfa,
    MAP = 0xbf,
    ARRAY = 0x9f,
    BREAK = 0xff
};

static void put_head(struct serve_out *o, int major, uint64_t value) {
    uint8_t bytes[9];
    size_t width = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    int extra = width == 0 ? (int)value : width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27;
    bytes[0] = (uint8_t)(major << 5 | extra);
    for (size_t i = 0; i < width; i++) bytes[1 + i] = (uint8_t)(value >> 8 * (width - 1 - i));
    serve_out_raw(o, bytes, 1 + width);
}

static void put_float(struct serve_out *o, double value) {
    float f = (float)value;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    serve_out_raw(
        o,
        (const uint8_t[]){FLOAT32, (uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits},
        5);
}

/* ---- texts ---- */

/* Controls from 0x7f on may stand as they are, but a terminal would obey them. */
static void put_escaped(struct serve_out *o, const char *c, size_t length) {
    char escape[8];
    size_t control = control_bytes(c, length);
    if (length == 0)
        put(o, "\xEF\xBF\xBD");
    else if (*c == '"' || *c == '\\')
        put(o, (const char[]){'\\', *c, 0});
    else if (control) {
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)c[control - 1]);
        put(o, escape);
    } else
        serve_out_raw(o, c, length);
}

static void put_json(struct serve_out *o, const char *text) {
    put(o, "\"");
    for (size_t left = strlen(text), step; left && !o->full; text += step, left -= step) {
        size_t length = serve_utf8(text, left);
        put_escaped(o, text, length);
        step = length ? length : 1;
    }
    put(o, "\"");
}

/* A byte that is no UTF-8 becomes three, so the length is counted first. */
static void put_cbor(struct serve_out *o, const char *text) {
    size_t size = strlen(text), bytes = 0, length;
    for (size_t i = 0; i < size; i += length ? length : 1)
        bytes += (length = serve_utf8(text + i, size - i)) ? length : 3;
    put_head(o, TEXT, bytes);
    for (size_t i = 0; i < size; i += length ? length : 1) {
        length = serve_utf8(text + i, size - i);
        serve_out_raw(o, length ? text + i : "\xEF\xBF\xBD", length ? length : 3);
    }
}

static void put_text(struct serve_out *o, const char *text) {
    if (o->format == SERVE_CBOR)
        put_cbor(o, text);
    else
        put_json(o, text);
}

/* ---- items ---- */

static void item(struct serve_out *o, const char *key) {
    if (key == serve_labelled) return;
    if (o->format == SERVE_JSON && o->comma) put(o, ",");
    if (key) {
        put_text(o, key);
        if (o->format == SERVE_JSON) put(o, ":");
    }
    o->comma = true;
}

void serve_out_label(struct serve_out *out, const char *name, int label) {
    if (out->format == SERVE_JSON) {
        item(out, name);
        return;
    }
    put_head(out, label < 0 ? NEGATIVE : UNSIGNED, (uint64_t)(label < 0 ? -1 - label : label));
}

void serve_out_begin(struct serve_out *out, const char *key, char bracket) {
    item(out, key);
    put_byte(out, out->format == SERVE_JSON ? (uint8_t)bracket : bracket == '{' ? MAP : ARRAY);
    out->comma = false;
}

void serve_out_end(struct serve_out *out, char bracket) {
    put_byte(out, out->format == SERVE_JSON ? (uint8_t)bracket : BREAK);
    out->comma = true;
}

void serve_out_text(struct serve_out *out, const char *key, const char *text) {
    item(out, key);
    put_text(out, text);
}

void serve_out_bool(struct serve_out *out, const char *key, bool value) {
    item(out, key);
    if (out->format == SERVE_JSON)
        put(out, value ? "true" : "false");
    else
        put_byte(out, value ? TRUE : FALSE);
}

void serve_out_count(struct serve_out *out, const char *key, uint64_t value) {
    char text[24];
    item(out, key);
    snprintf(text, sizeof text, "%" PRIu64, value);
    if (out->format == SERVE_JSON)
        put(out, text);
    else
        put_head(out, UNSIGNED, value);
}

static bool whole(double value) {
    return fabs(value) < 9007199254740992.0 && floor(value) == value;
}

/* Without an exponent, which small clients do not read, and with nine places at most: what is smaller is 0. */
static void put_decimal(struct serve_out *o, double value, int digits) {
    char text[400];
    int places = whole(value) ? 0 : digits - 1 - (int)floor(log10(fabs(value)));
    int size = snprintf(text, sizeof text, "%.*f", places < 0 ? 0 : places > 9 ? 9 : places, value);
    while (places > 0 && text[size - 1] == '0') size--;
    if (text[size - 1] == '.') size--;
    text[size] = 0;
    put(o, strcmp(text, "-0") ? text : "0");
}

void serve_out_number(struct serve_out *out, const char *key, double value, int digits) {
    item(out, key);
    if (!isfinite(value))
        out->format == SERVE_JSON ? put(out, "null") : put_byte(out, NIL);
    else if (out->format == SERVE_JSON)
        put_decimal(out, value, digits);
    else if (whole(value))
        put_head(out, value < 0 ? NEGATIVE : UNSIGNED, (uint64_t)(value < 0 ? -1 - value : value));
    else
        put_float(out, value);
}
