/* SPDX-License-Identifier: Apache-2.0
 * files: as a recording: the pictures that lie in a folder and below it, in the order of their time, then the end. */
#include "source/files_recording.h"
#include "source/picture_walk.h"
#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct recorded_picture {
    char *path;
    size_t number;      /* in the order of the names */
    int64_t changed_ns; /* CLOCK_REALTIME */
};

struct files_recording {
    struct frame_pool *frame_pool;
    struct recorded_picture *pictures; /* (count) */
    size_t count, capacity;
};

static int no_memory(const struct source *s) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->uri);
}

/* Years before 1678 and after 2261, which file systems can write down, are those. */
static int64_t nanoseconds(const struct timespec *time) {
    const int64_t most_s = INT64_MAX / 1000000000 - 1;
    int64_t seconds = time->tv_sec > most_s ? most_s : time->tv_sec < -most_s ? -most_s : time->tv_sec;
    return seconds * 1000000000 + time->tv_nsec;
}

static int append(struct source *s, struct files_recording *r, const char *path) {
    struct stat st;
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        struct recorded_picture *grown = realloc(r->pictures, capacity * sizeof *grown);
        if (!grown) return no_memory(s);
        r->pictures = grown, r->capacity = capacity;
    }
    struct recorded_picture picture = {.path = strdup(path), .number = r->count};
    if (!picture.path) return no_memory(s);
    if (stat(path, &st) == 0) picture.changed_ns = nanoseconds(&st.st_mtim);
    r->pictures[r->count++] = picture;
    return OCELLI_OK;
}

/* Two pictures of one time stay in the order of their names. */
static int compare_times(const void *first, const void *second) {
    const struct recorded_picture *a = first, *b = second;
    if (a->changed_ns != b->changed_ns) return a->changed_ns < b->changed_ns ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

int files_recording_open(struct files_recording **out, struct source *source, const char *folder,
                         struct frame_pool *frame_pool) {
    struct files_recording *r = *out = calloc(1, sizeof *r);
    struct picture_walk *walk = NULL;
    const char *path;
    if (!r) return no_memory(source);
    r->frame_pool = frame_pool;
    int status = picture_walk_open(&walk, folder, true);
    while (!status && !(status = picture_walk_next(walk, &path))) status = append(source, r, path);
    picture_walk_close(&walk);
    if (status != PICTURE_WALK_END) {
        files_recording_close(out);
        return status;
    }
    if (r->count && !source->options.rate) qsort(r->pictures, r->count, sizeof *r->pictures, compare_times);
    return OCELLI_OK;
}

void files_recording_close(struct files_recording **recording) {
    struct files_recording *r = *recording;
    if (!r) return;
    for (size_t i = 0; i < r->count; i++) free(r->pictures[i].path);
    free(r->pictures);
    free(r);
    *recording = NULL;
}

/* With a rate the pictures are frames of a video in the order of their names, and their files' times mean nothing. */
static struct frame_recording time_of(const struct source *s, const struct files_recording *r, size_t i) {
    uint32_t rate = s->options.rate;
    if (rate) return source_recording(s, (int64_t)(i / rate * 1000000000 + i % rate * 1000000000 / rate), 0);
    int64_t position, changed_ns = r->pictures[i].changed_ns;
    if (__builtin_sub_overflow(changed_ns, r->pictures[0].changed_ns, &position)) position = RECORDING_MOST_NS;
    return source_recording(s, position, changed_ns);
}

int files_recording_run(struct source *source, struct files_recording *r) {
    for (size_t i = 0; i < r->count && !source_stopped(source); i++) {
        struct frame_pool_slot *slot = frame_pool_take(r->frame_pool, 0);
        if (!slot) return no_memory(source);
        slot->slot.path = r->pictures[i].path, r->pictures[i].path = NULL;
        slot->slot.frame.captured_ns = source_now();
        slot->slot.frame.sequence = i;
        slot->slot.frame.full_range = true;
        slot->slot.frame.recording = time_of(source, r, i);
        mailbox_post(&source->mailbox, &slot->slot);
    }
    return SOURCE_END;
}
