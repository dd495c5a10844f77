/* SPDX-License-Identifier: Apache-2.0
 * Asks an ocelli board: for Arduino and other small C or C++ programs. docs/protocol.md is the protocol.
 *
 *   struct ocelli_reader reader = {0};
 *   char line[64];                                      // of a request
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
 * Over UDP the board may want to know first that the address is not forged, "ERR prove 1a2b3c4d": send "ping 1a2b3c4d"
 * from the same port, then ask again. It holds for 10 minutes after the last request.
 *
 *       if (answer && (n = ocelli_prove(line, sizeof line, "1", answer))) ... // send these n bytes, then the request
 * again else if (answer && ocelli_error(answer, "1")) ...                      // "busy", "limit": docs/protocol.md
 * lists them
 *
 * No allocation, no float formatting, no dependency but C's own headers. Requests carry checksums, and only answers
 * with right ones are given out. */
#ifndef OCELLI_CLIENT_H
#define OCELLI_CLIENT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef OCELLI_LINE
#define OCELLI_LINE                                                                                                    \
    1025 /* of a reader: a line and its terminator. Less where memory is short: longer answers are dropped */
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

/* A byte from the wire (negative: none, as Arduino's read() says). A line without its checksum when one is complete and
 * right, valid until the next call; else NULL. */
static inline const char *ocelli_read(struct ocelli_reader *reader, int byte) {
    if (byte < 0) return NULL;
    if (reader->used == 0 && !reader->over && byte != '\n' && byte != '\r' && (byte < ' ' || byte >= 0x7f))
        return NULL; /* before the first byte a half-duplex line gives some that nobody sent */
    if (byte != '\n' && byte != '\r') {
        if (reader->used + 1 < sizeof reader->line)
            reader->line[reader->used++] = (char)byte;
        else
            reader->over = 1;
        return NULL;
    }
    size_t size = reader->used, over = reader->over;
    reader->used = reader->over = 0;
    if (over || size < 9 || reader->line[size - 9] != '*') return NULL;
    uint32_t crc = 0;
    for (size_t i = size - 8; i < size; i++) {
        if (ocelli_digit(reader->line[i]) < 0) return NULL;
        crc = crc << 4 | (uint32_t)ocelli_digit(reader->line[i]);
    }
    if (crc != ocelli_crc(reader->line, size - 9)) return NULL;
    reader->line[size - 9] = 0;
    return reader->line;
}

/* The text behind "#ID "; NULL when the line is not the answer to this id. */
static inline const char *ocelli_answer(const char *line, const char *id) {
    size_t ids = strlen(id);
    return line[0] == '#' && !strncmp(line + 1, id, ids) && line[1 + ids] == ' ' ? line + 2 + ids : NULL;
}

/* The text behind "#ID ERR ": a word of the list in docs/protocol.md, perhaps more behind a blank; NULL: no error. */
static inline const char *ocelli_error(const char *line, const char *id) {
    const char *text = ocelli_answer(line, id);
    return text && !strncmp(text, "ERR ", 4) ? text + 4 : NULL;
}

/* Writes the "ping PROOF" that the board asks for, as ocelli_request() does; 0: it asks for none. */
static inline size_t ocelli_prove(char *to, size_t room, const char *id, const char *line) {
    char ping[5 + 32 + 1] = "ping ";
    const char *error = ocelli_error(line, id);
    if (!error || strncmp(error, "prove ", 6) || strlen(error + 6) > 32) return 0;
    strcpy(ping + 5, error + 6);
    return ocelli_request(to, room, id, ping);
}

/* A whole number with an optional sign, at most LONG_MAX; *text moves behind it. */
static inline long ocelli_whole(const char **text) {
    const char *c = *text;
    long value = 0;
    int minus = *c == '-';
    for (c += minus; *c >= '0' && *c <= '9'; c++) {
        int digit = *c - '0';
        value = value > (LONG_MAX - digit) / 10 ? LONG_MAX : value * 10 + digit;
    }
    *text = c;
    return minus ? -value : value;
}

/* A score, "0.83", in hundredths. */
static inline int ocelli_hundredths(const char *c) {
    if (c[0] != '0') return c[0] == '1' ? 100 : 0;
    if (c[1] != '.' || c[2] < '0' || c[2] > '9') return 0;
    int value = (c[2] - '0') * 10;
    return c[3] >= '0' && c[3] <= '9' ? value + (c[3] - '0') : value;
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
    const char *text = t->rest = ocelli_answer(line, id);
    if (!text || strncmp(text, "TAGS ", 5)) return 0;
    text += 5;
    t->seq = ocelli_whole(&text);
    if (*text++ != ' ') return 0;
    t->age_ms = ocelli_whole(&text);
    t->rest = text;
    return 1;
}

/* 0: no more. */
static inline int ocelli_tags_next(struct ocelli_tags *t) {
    const char *word = t->rest, *end, *colon = NULL;
    if (!word || *word != ' ') return 0;
    for (end = ++word; *end && *end != ' '; end++)
        if (*end == ':') colon = end;
    t->rest = end;
    if (!colon) return 0; /* "-": nothing */
    size_t size = (size_t)(colon - word) < sizeof t->name - 1 ? (size_t)(colon - word) : sizeof t->name - 1;
    memcpy(t->name, word, size);
    t->name[size] = 0;
    t->score = ocelli_hundredths(colon + 1);
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
static inline int ocelli_push_begin(struct ocelli_push *p, const char *line, const char *id) {
    static const char *const words[] = {"ON ", "OFF ", "LEARNING ", "UNKNOWN ", "ALIVE "};
    const char *text = ocelli_answer(line, id);
    for (int i = 0; text && i < 5; i++) {
        if (strncmp(text, words[i], strlen(words[i]))) continue;
        text += strlen(words[i]);
        p->kind = words[i][0], p->on = i == 0;
        p->n = ocelli_whole(&text), text += *text == ' ';
        p->seq = ocelli_whole(&text), text += *text == ' ';
        p->age_ms = ocelli_whole(&text), text += *text == ' ';
        p->name = text;
        return 1;
    }
    return 0;
}

#endif
