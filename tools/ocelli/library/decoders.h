/* SPDX-License-Identifier: Apache-2.0
 * Threads that read and decode picture files ahead of the device. Thread-safety: all calls by one thread. */
#ifndef LIBRARY_DECODERS_H
#define LIBRARY_DECODERS_H

#include "prep/decode.h"

#include <ocelli.h>
#include <stdbool.h>

enum { DECODERS_FAULT = 512 };

/* A picture on its way. */
struct picture_job {
    struct picture_job *next;
    char *path;               /* absolute; own memory */
    int64_t size, changed_ns; /* of the file when it was found */
    /* what comes out */
    int64_t time_ms; /* since 1970: when it was taken, as EXIF tells, else when it was changed */
    struct ocelli_image image;
    uint8_t *jpeg; /* a thumbnail, when it was asked for */
    size_t jpeg_size;
    int status;
    bool vanished; /* the file is there no more */
    char fault[DECODERS_FAULT];
};

struct decoders;

struct decoders_params {
    unsigned threads;
    struct decode_rule rule;
    bool thumbnails;
};

/* Errors: MEMORY. */
int decoders_start(struct decoders **out, const struct decoders_params *params);
/* Takes the job, which goes to a thread. false: so many wait already. */
bool decoders_give(struct decoders *decoders, struct picture_job *job);
/* One that is done, in any order; the caller's. Waits while some are on their way. NULL: none is. */
struct picture_job *decoders_take(struct decoders *decoders);
/* Ends the threads and frees what they hold. Accepts NULL and a pointer to NULL. */
void decoders_stop(struct decoders **decoders);

/* NULL: no memory. */
struct picture_job *picture_job_new(const char *path);
/* Frees the pixels alone. */
void picture_job_drop_pixels(struct picture_job *job);
/* Accepts NULL. */
void picture_job_free(struct picture_job *job);

#endif
