/* SPDX-License-Identifier: Apache-2.0
 * The file of a history or a library (docs/memory.md): one SQLite database, pictures in the order they were kept. Of a
 * daemon's history the oldest go when its size is reached; memory/library.h writes a library. Thread-safety: one call
 * at a time for each handle; other handles of the same file, in other threads and programs, read while one writes. */
#ifndef MEMORY_HISTORY_H
#define MEMORY_HISTORY_H

#include "memory/model.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct history;

enum { HISTORY_TAGS = 512, HISTORY_BATCH = 128, HISTORY_LEAST_MB = 8 };

/* Can files be opened, or was it built without SQLite? */
bool history_built_in(void);

/* For reading: a file that is there. Errors: FILE (not there, locked, damaged, no history of ocelli, ...), MEMORY,
 * USAGE (not built in). */
int history_open(struct history **out, const char *path, const struct memory_model *model);
/* For writing: is made when it is not there. budget: bytes of the file and what stands beside it, at least
 * HISTORY_LEAST_MB. Says so when there are pictures of another model, which stay until they are the oldest. Errors: as
 * history_open(). */
int history_create(struct history **out, const char *path, const struct memory_model *model, uint64_t budget);
/* Frees and sets *history to NULL. Accepts NULL and a pointer to NULL. */
void history_close(struct history **history);

struct history_picture {
    int64_t boot_ms; /* CLOCK_BOOTTIME when it was taken */
    float scale;
    const int8_t *vector; /* (D), see pack_picture() */
    const char *tags;     /* that were on: names, parted by ", " */
    const uint8_t *jpeg;  /* (jpeg_size), a thumbnail; NULL and 0: none */
    size_t jpeg_size;
};

/* Puts them behind the others and lets the oldest go, all or nothing; on the disk when it returns. boot_at_ms: when
 * CLOCK_BOOTTIME was 0, in ms since 1970, as the wall clock tells now. It counts for all that this handle appended:
 * when the clock is set late, the times of earlier pictures become right too. Errors: FILE (no space, locked, removed,
 * ...); a new handle may do better. */
int history_append(struct history *history, const struct history_picture *pictures, size_t count, int64_t boot_at_ms);
/* Bytes of the file in use. */
uint64_t history_bytes(const struct history *history);

/* What is looked for: the same for a daemon's history and for a library, on the command line and over the wire. */
struct history_question {
    const float *vector; /* (D), unit length: memory/query.h makes one of texts and pictures */
    size_t wanted;
    int64_t apart_ms;        /* see memory/best.h */
    int64_t since_ms;        /* since 1970: older pictures do not count; 0: all do */
    const char *path;        /* only files of a library whose absolute path begins so; NULL: all */
    int64_t until_ns;        /* of CLOCK_MONOTONIC: the newest pictures until then; 0: all */
    const atomic_bool *stop; /* true: as if until_ns had come; NULL: never */
};

struct history_hit {
    int64_t id;   /* for history_file() and history_thumbnail() */
    double time;  /* seconds since 1970 */
    double score; /* the cosine */
    char tags[HISTORY_TAGS];
};

struct history_found {
    struct history_hit *hits; /* (count), the best first; the caller's, room for `wanted` */
    size_t count;
    uint64_t compared; /* pictures of this model */
    double since;      /* time of the oldest of them; NAN: none */
    bool all;          /* false: `until_ns` or `stop` came first */
};

/* Compares with each picture, the newest first. The vectors of a library lie side by side, in pages with a sum: one
 * that is damaged is told. Errors: FILE, MEMORY. */
int history_search(struct history *history, const struct history_question *question, struct history_found *found);

/* All that is read until history_release() is of one state of the file, whoever writes meanwhile: a hit has its row.
 * Errors: FILE. */
int history_hold(struct history *history);
void history_release(struct history *history);

/* The file that a picture of a library was read from: its absolute path, free(*path). NULL: there is none. Errors:
 * FILE, MEMORY. */
int history_file(struct history *history, int64_t id, char **path);
/* The tags that were on; "": none. Errors: FILE. */
int history_tags(struct history *history, int64_t id, char tags[HISTORY_TAGS]);
/* free(*jpeg). NULL: there is none. Errors: FILE, MEMORY. */
int history_thumbnail(struct history *history, int64_t id, uint8_t **jpeg, size_t *size);

/* ---- all of it ---- */

struct history_fact {
    int64_t id, time_ms; /* since 1970 */
    float scale;         /* 0: it was removed */
};

struct history_block {
    size_t count;
    const struct history_fact *facts; /* (count) */
    const int8_t *vectors;            /* (count, D) */
    struct history_check *check;      /* NULL, but for history_unchecked_blocks() */
};

/* Gives the vectors of this model in blocks, the newest first; each() returns false to end it. All of it is one view:
 * what is written meanwhile is not seen. Errors: FILE, MEMORY. */
int history_blocks(struct history *history, bool (*each)(void *user, const struct history_block *block), void *user);

/* The same in memory, without what is removed: for many searches, and for comparing all with all. */
struct history_vectors {
    struct history_fact *facts; /* (count) */
    int8_t *vectors;            /* (count, D) */
    size_t count, capacity;
};
/* Free with history_vectors_finish(), also on error. Errors: FILE, MEMORY. */
int history_load(struct history *history, struct history_vectors *vectors);
/* Of it those since then (ms since 1970), the `most` newest. */
int history_load_recent(struct history *history, int64_t since_ms, size_t most, struct history_vectors *vectors);
void history_vectors_finish(struct history_vectors *vectors);

#endif
