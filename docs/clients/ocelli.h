/* SPDX-License-Identifier: Apache-2.0
 * Asks an ocelli board: for Arduino and other small C or C++ programs. docs/protocol.md is the protocol.
 *
 *   struct ocelli_reader reader = {0};
 *   char line[OCELLI_LINE];
 *   size_t n = ocelli_request(line, sizeof line, "1", "tags terse");
 *   Serial1.write(line, n);
 *   ...
 *   while (Serial1.available()) {                       // in loop(): never wait
 *       const char *answer = ocelli_read(&reader, Serial1.read());
 *       struct ocelli_tags tags;
 *       if (answer && ocelli_tags_begin(&tags, answer, "1"))
 *           while (ocelli_tags_next(&tags)) ...          // tags.name, tags.score
 *   }
 *
 * No allocation, no float formatting, no dependency but <string.h>. Requests carry checksums, and only answers with right
 * ones are given out. */
#ifndef OCELLI_CLIENT_H
#define OCELLI_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef OCELLI_LINE
#define OCELLI_LINE 1025 /* a line and its terminator; less where memory is short: longer answers are dropped */
#endif

static inline uint32_t ocelli_crc(const char *bytes, size_t size) { /* CRC-32, as zlib's */
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return crc ^ 0xffffffff;
}

static inline int ocelli_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes "#ID REQUEST*XXXXXXXX\n" and gives its length; 0: it does not fit. */
static inline size_t ocelli_request(char *to, size_t room, const char *id, const char *request) {
    size_t ids = strlen(id), words = strlen(request), used = ids + words + 2;
    if (used + 11 > room) return 0;
    to[0] = '#';
    memcpy(to + 1, id, ids);
    to[1 + ids] = ' ';
    memcpy(to + 2 + ids, request, words);
    uint32_t crc = ocelli_crc(to, used);
    to[used++] = '*';
    for (int shift = 28; shift >= 0; shift -= 4) to[used++] = "0123456789ABCDEF"[crc >> shift & 15];
    to[used++] = '\n';
    to[used] = 0;
    return used;
}

struct ocelli_reader {
    char line[OCELLI_LINE];
    size_t used;
    uint8_t over; /* longer than there is room: wait for its end */
};

/* A byte from the wire (negative: none, as Arduino's read() says). A line without its checksum when one is complete and right,
 * valid until the next call; else NULL. */
static inline const char *ocelli_read(struct ocelli_reader *r, int byte) {
    if (byte < 0) return NULL;
    if (byte != '\n' && byte != '\r') {
        if (r->used + 1 < sizeof r->line)
            r->line[r->used++] = (char)byte;
        else
            r->over = 1;
        return NULL;
    }
    size_t size = r->used, over = r->over;
    r->used = r->over = 0;
    if (over || size < 9 || r->line[size - 9] != '*') return NULL;
    uint32_t crc = 0;
    for (size_t i = size - 8; i < size; i++) {
        if (ocelli_digit(r->line[i]) < 0) return NULL;
        crc = crc << 4 | (uint32_t)ocelli_digit(r->line[i]);
    }
    if (crc != ocelli_crc(r->line, size - 9)) return NULL;
    r->line[size - 9] = 0;
    return r->line;
}

/* What stands behind "#ID "; NULL when the line is not the answer to this id. */
static inline const char *ocelli_answer(const char *line, const char *id) {
    size_t ids = strlen(id);
    return line[0] == '#' && !strncmp(line + 1, id, ids) && line[1 + ids] == ' ' ? line + 2 + ids : NULL;
}

/* A decimal number with an optional sign and point, in hundredths; *text moves behind it. */
static inline long ocelli_hundredths(const char **text) {
    const char *c = *text;
    long value = 0, digits = -1; /* behind the point; -1: before it */
    int minus = *c == '-';
    for (c += minus; (*c >= '0' && *c <= '9') || *c == '.'; c++) {
        if (*c == '.')
            digits = 0;
        else if (digits < 2)
            value = value * 10 + (*c - '0'), digits += digits >= 0;
    }
    for (; digits < 2; digits = digits < 0 ? 1 : digits + 1) value *= 10;
    *text = c;
    return minus ? -value : value;
}

/* The answer to "tags terse", tag by tag. */
struct ocelli_tags {
    long seq, age_ms; /* 0, -1: no frame yet */
    char name[129];
    int score; /* 0..100 */
    const char *rest;
};

/* 0: this line is something else. */
static inline int ocelli_tags_begin(struct ocelli_tags *t, const char *line, const char *id) {
    const char *text = ocelli_answer(line, id);
    if (!text || strncmp(text, "TAGS ", 5)) return 0;
    text += 5;
    t->seq = ocelli_hundredths(&text) / 100;
    if (*text++ != ' ') return 0;
    t->age_ms = ocelli_hundredths(&text) / 100;
    t->rest = text;
    return 1;
}

/* 0: no more. */
static inline int ocelli_tags_next(struct ocelli_tags *t) {
    const char *word = t->rest, *end, *colon = NULL;
    if (*word != ' ') return 0;
    for (end = ++word; *end && *end != ' '; end++)
        if (*end == ':') colon = end;
    t->rest = end;
    if (!colon) return 0; /* "-": nothing */
    size_t size = (size_t)(colon - word) < sizeof t->name - 1 ? (size_t)(colon - word) : sizeof t->name - 1;
    memcpy(t->name, word, size);
    t->name[size] = 0;
    colon++;
    t->score = (int)ocelli_hundredths(&colon);
    return 1;
}

/* A push of "watch terse": ON, OFF, LEARNING, UNKNOWN or ALIVE. */
struct ocelli_push {
    char kind; /* its first letter: 'O' with on set or not, 'L', 'U', 'A' */
    uint8_t on;
    long n, seq, age_ms; /* n: one that is missing was lost */
    const char *name;    /* with ":SCORE" behind a tag's; "" for ALIVE */
};

/* 0: this line is something else. */
static inline int ocelli_push(struct ocelli_push *p, const char *line, const char *id) {
    static const char *const words[] = {"ON ", "OFF ", "LEARNING ", "UNKNOWN ", "ALIVE "};
    const char *text = ocelli_answer(line, id);
    for (int i = 0; text && i < 5; i++) {
        if (strncmp(text, words[i], strlen(words[i]))) continue;
        text += strlen(words[i]);
        p->kind = words[i][0], p->on = i == 0;
        p->n = ocelli_hundredths(&text) / 100, text += *text == ' ';
        p->seq = ocelli_hundredths(&text) / 100, text += *text == ' ';
        p->age_ms = ocelli_hundredths(&text) / 100, text += *text == ' ';
        p->name = text;
        return 1;
    }
    return 0;
}

#endif
