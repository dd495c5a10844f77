/* SPDX-License-Identifier: Apache-2.0
 * y4m: and raw:, from standard input, a pipe or a file. */
#include "source/frame_pool.h"
#include "source/spec.h"
#include "source/y4m.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct stream {
    int fd;
    bool raw;            /* no lines between frames */
    bool paced;          /* a file is played at its rate, a pipe's writer sees to that itself */
    bool ended;          /* nothing more to read */
    struct y4m y4m;      /* of raw: form and rate alone */
    int64_t due;         /* of the next frame, when paced */
    int64_t position_ns; /* of the next frame in the recording */
    struct frame_pool frame_pool;
    struct span read; /* in `buffer`, not used yet */
    uint8_t buffer[65536];
};

/* ---- opening ---- */

static int check_path(const char *path, const char *uri) {
    struct stat s;
    if (!*path) return log_fail(OCELLI_ERR_USAGE, "%s: no path: give - for standard input", uri);
    if (!strcmp(path, "-")) return OCELLI_OK;
    if (stat(path, &s) < 0 || access(path, R_OK) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", uri, strerror(errno));
    if (S_ISDIR(s.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: a folder: give a file, or files:DIR", uri);
    return OCELLI_OK;
}

int y4m_check(const char *uri, const char *rest, const struct source_options *options) {
    (void)options;
    return check_path(rest, uri);
}

int raw_check(const char *uri, const char *rest, const struct source_options *options) {
    struct spec_raw raw;
    (void)options;
    int status = spec_raw_parse(&raw, rest, uri);
    return status ? status : check_path(raw.path, uri);
}

static int open_path(struct stream *st, const char *path, const char *uri) {
    struct stat s;
    bool standard = !strcmp(path, "-");
    if (standard && isatty(0))
        return log_fail(OCELLI_ERR_USAGE, "%s: standard input is a terminal: pipe video into it", uri);
    /* Not waiting for a FIFO's writer: poll() does, beside the end. */
    st->fd = standard ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (st->fd < 0 || fstat(st->fd, &s) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", uri, strerror(errno));
    st->paced = S_ISREG(s.st_mode);
    return OCELLI_OK;
}

static int open_stream(struct source *source, const char *path, const struct source_options *options,
                       const struct spec_raw *raw) {
    struct stream *st = calloc(1, sizeof *st);
    if (!st) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", source->uri);
    st->fd = -1;
    st->y4m.name = source->uri;
    if (raw) {
        st->raw = true;
        st->y4m.form = (struct frame){.format = raw->format,
                                      .width = raw->width,
                                      .height = raw->height,
                                      .matrix = frame_guess_matrix(raw->height),
                                      .full_range = raw->format == FRAME_GREY};
        st->y4m.rate_num = raw->rate ? raw->rate : 25, st->y4m.rate_den = 1;
    }
    int status = open_path(st, path, source->uri);
    st->paced = st->paced && !options->every && !options->recording;
    source->state = st;
    if (status) stream_close(source);
    return status;
}

int y4m_open(struct source *source, const char *rest, const struct source_options *options) {
    return open_stream(source, rest, options, NULL);
}

int raw_open(struct source *source, const char *rest, const struct source_options *options) {
    struct spec_raw raw;
    int status = spec_raw_parse(&raw, rest, source->uri);
    return status ? status : open_stream(source, raw.path, options, &raw);
}

void stream_close(struct source *source) {
    struct stream *st = source->state;
    if (st->fd >= 0) close(st->fd);
    frame_pool_finish(&st->frame_pool);
    free(st);
    source->state = NULL;
}

/* ---- reading ---- */

/* Up to `size` bytes; 0: the end, or the source is being closed. */
static int read_some(struct source *s, uint8_t *to, size_t size, size_t *got) {
    struct stream *st = s->state;
    *got = 0;
    while (!st->ended && source_readable(s, st->fd)) {
        ssize_t n = read(st->fd, to, size);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return log_fail(OCELLI_ERR_FILE, "%s: cannot read: %s", s->uri, strerror(errno));
        st->ended = n == 0;
        *got = (size_t)n;
        if (n > 0) break;
    }
    return OCELLI_OK;
}

/* Bytes for span_u8() and its like. */
static int fill(struct source *s) {
    struct stream *st = s->state;
    size_t got;
    int status = read_some(s, st->buffer, sizeof st->buffer, &got);
    st->read = span_of(st->buffer, got);
    return status;
}

/* OCELLI_OK: a frame begins here. SOURCE_END: ended where it may. */
static int find_frame(struct source *s) {
    struct stream *st = s->state;
    for (;;) {
        int found = !st->raw ? y4m_step(&st->y4m, &st->read) : span_left(&st->read) ? Y4M_FRAME : Y4M_MORE;
        if (found != Y4M_MORE) return found; /* a fault, or Y4M_FRAME, which is OCELLI_OK */
        int status = fill(s);
        if (status) return status;
        if (span_left(&st->read)) continue;
        if (source_stopped(s) || st->raw) return SOURCE_END;
        status = y4m_end(&st->y4m);
        return status ? status : SOURCE_END;
    }
}

/* First the bytes that were read already, then from the file straight into the frame. */
static int read_frame(struct source *s, uint8_t *to, size_t size) {
    struct stream *st = s->state;
    size_t done = span_left(&st->read) < size ? span_left(&st->read) : size, got = 1;
    if (done) memcpy(to, span_bytes(&st->read, done), done);
    for (; done < size && got; done += got) {
        int status = read_some(s, to + done, size - done, &got);
        if (status) return status;
    }
    if (done == size) return OCELLI_OK;
    if (source_stopped(s)) return SOURCE_END;
    return log_fail(OCELLI_ERR_FILE, "%s: ended inside a frame, %zu of its %zu bytes", s->uri, done, size);
}

/* ---- the thread ---- */

/* From frame to frame, ns. A recording may have another rate than its header says (time lapse). */
static int64_t period(const struct source *s) {
    const struct stream *st = s->state;
    if (s->options.recording && s->options.rate) return 1000000000 / s->options.rate;
    return (int64_t)st->y4m.rate_den * 1000000000 / st->y4m.rate_num;
}

/* Also after a pause (a stopped process) frames come at their rate and not all at once. */
static void pace(struct source *s) {
    struct stream *st = s->state;
    int64_t now = source_now();
    if (!st->paced) return;
    if (st->due < now - 1000000000) st->due = now;
    mailbox_sleep(&s->mailbox, st->due);
    st->due += period(s);
}

static int take_frame(struct source *source, uint64_t sequence) {
    struct stream *st = source->state;
    size_t size = frame_bytes(st->y4m.form.format, st->y4m.form.width, st->y4m.form.height);
    struct frame_pool_slot *slot = frame_pool_take(&st->frame_pool, size);
    if (!slot) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for a frame of %zu bytes", source->uri, size);
    int64_t now = source_now();
    int status = read_frame(source, slot->memory, size);
    if (status) {
        frame_pool_put(slot);
        return status;
    }
    slot->slot.frame = st->y4m.form;
    slot->slot.frame.captured_ns = now;
    slot->slot.frame.sequence = sequence;
    slot->slot.frame.recording = source_recording(source, st->position_ns, 0);
    if (st->position_ns < RECORDING_MOST_NS) st->position_ns += period(source);
    frame_lay(&slot->slot.frame, slot->memory);
    mailbox_post(&source->mailbox, &slot->slot);
    return OCELLI_OK;
}

int stream_run(struct source *source) {
    for (uint64_t sequence = 0; !source_stopped(source); sequence++) {
        int status = find_frame(source);
        if (!status) {
            pace(source);
            status = take_frame(source, sequence);
        }
        if (status) return status;
    }
    return SOURCE_END;
}
