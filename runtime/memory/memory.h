/* SPDX-License-Identifier: Apache-2.0
 * The daemon's history: pictures are handed over without waiting, a thread of its own writes them to the file every few
 * seconds. A file that cannot be opened or written is said and tried again; meanwhile the last two minutes or so wait,
 * and what is newer is lost. Thread-safety: memory_open() and memory_close() by one thread; what stands between them by
 * any. */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include "memory/history.h"

struct memory;

struct memory_params {
    const char *path;
    uint64_t budget; /* bytes, see history_create() */
    double flush_s;  /* between writes: so much a power cut takes; 0: 10 */
    const struct memory_model *model;
};

enum { MEMORY_FAULT = 256 };

struct memory_status {
    uint64_t bytes;           /* of the file in use */
    uint64_t kept, lost;      /* pictures since memory_open() */
    bool open;                /* the last write, or opening, went well */
    char fault[MEMORY_FAULT]; /* else why not; "": none yet */
};

/* Strings are copied. Errors: USAGE (not built in), MEMORY. What is wrong with the file is no error here. */
int memory_open(struct memory **out, const struct memory_params *params);

struct memory_picture {
    const float *vector; /* (D): unit length */
    int64_t captured_ns; /* of CLOCK_MONOTONIC */
    const char *tags;    /* names parted by ", ", cut at HISTORY_TAGS */
    const uint8_t *jpeg; /* (jpeg_size), a thumbnail; NULL and 0: none */
    size_t jpeg_size;
};
/* Copies, and does not wait for the disk. */
void memory_put(struct memory *memory, const struct memory_picture *picture);

/* As history_search(), in the calling thread, which may take long. It does not find pictures that are not written yet.
 */
int memory_search(const struct memory *memory, const struct history_question *question, struct history_found *found);

/* As history_load_recent(), likewise. */
int memory_recent(const struct memory *memory, int64_t since_ms, size_t most, struct history_vectors *vectors);

void memory_get_status(struct memory *memory, struct memory_status *status);

/* Begins to write what waits, the last that is written; true: within timeout_ms (may be 0) that was done or failed.
 * Again: waits more. */
bool memory_stop(struct memory *memory, int timeout_ms);

/* As memory_stop(); frees, and sets *memory to NULL. A disk that takes longer than timeout_ms is left behind with what
 * it holds, as is said: false. Accepts NULL and a pointer to NULL. */
bool memory_close(struct memory **memory, int timeout_ms);

#endif
