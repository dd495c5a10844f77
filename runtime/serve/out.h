/* SPDX-License-Identifier: Apache-2.0
 * An answer written as it comes, as JSON (RFC 8259) or CBOR (RFC 8949), into bytes that may be too few. */
#ifndef SERVE_OUT_H
#define SERVE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum serve_format { SERVE_JSON, SERVE_CBOR };

/* Begin with {.bytes, .capacity, .format}. */
struct serve_out {
    char *bytes;
    size_t capacity; /* never written past */
    enum serve_format format;
    size_t used;
    bool comma; /* JSON: the next item needs one before it */
    bool full;  /* something did not fit; nothing is written any more */
};

/* In all of these: `key` inside an object, NULL inside an array and at the top. */
void serve_out_begin(struct serve_out *out, const char *key, char bracket); /* '{' or '[' */
void serve_out_end(struct serve_out *out, char bracket);                    /* '}' or ']' */
/* Bytes that are not UTF-8 become U+FFFD. */
void serve_out_text(struct serve_out *out, const char *key, const char *text);
void serve_out_bool(struct serve_out *out, const char *key, bool value);
void serve_out_count(struct serve_out *out, const char *key, uint64_t value);
/* JSON: `digits` significant ones, at most nine places, no exponent. CBOR: an integer if it is one, else float32. What
 * is not finite becomes null. */
void serve_out_number(struct serve_out *out, const char *key, double value, int digits);
/* A map's integer key, for SenML in CBOR (RFC 8428 section 6). JSON: the name. */
void serve_out_label(struct serve_out *out, const char *name, int label);
/* Bytes as they are. */
void serve_out_raw(struct serve_out *out, const void *bytes, size_t size);

/* As `key`: serve_out_label() has written it. */
extern const char serve_labelled[];

/* Length of the UTF-8 sequence at `text` (RFC 3629: no surrogates, no overlong forms); 0: none. */
size_t serve_utf8(const char *text, size_t left);

#endif
