/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"
#include "source/address.h"
#include "source/kind.h"
#include "base/log.h"
#include "prep/decode.h"
#include "prep/prep.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BROKEN_MOST = 3 };

static const struct source_kind kinds[] = {
    {"camera:", "camera:[ID]", 0, false, camera_check, camera_open, camera_run, camera_close},
    {"y4m:", "y4m:-|FILE", 1, true, y4m_check, y4m_open, stream_run, stream_close},
    {"raw:", "raw:WxH:FORMAT[@FPS]:-|FILE", 3, true, raw_check, raw_open, stream_run, stream_close},
    {"files:", "files:DIR", 1, true, files_check, files_open, files_run, files_close},
    {"http:", "http://HOST/PATH", 0, false, http_check, http_open, http_run, http_close},
    {"https:", "https://HOST/PATH", 0, false, http_check, http_open, http_run, http_close},
    {"mjpeg:", "mjpeg:http://HOST/PATH", 0, false, http_check, http_open, http_run, http_close},
    {"test:", "test:[WxH][@FPS]", 0, false, scene_check, scene_open, scene_run, scene_close},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct source_kind *kind_of(const char *uri) {
    for (int i = 0; i < KINDS; i++)
        if (!strncmp(uri, kinds[i].scheme, strlen(kinds[i].scheme))) return &kinds[i];
    return NULL;
}

bool source_known(const char *uri, char forms[SOURCE_FORMS]) {
    *forms = '\0';
    for (int i = 0; i < KINDS; i++) {
        strcat(forms, i ? ", " : "");
        strcat(forms, kinds[i].form);
    }
    return kind_of(uri) != NULL;
}

bool source_is_address(const char *uri) {
    const struct source_kind *kind = kind_of(uri);
    return kind && kind->open == http_open;
}

void source_show(const char *uri, char *shown) {
    char address[ADDRESS_MOST + 1];
    bool hide = source_is_address(uri) || !kind_of(uri);
    if (hide) address_show(uri, address);
    strcpy(shown, hide ? address : uri);
}

void source_unknown(const char *uri, char why[SOURCE_WHY]) {
    static const char rtsp[] = "RTSP comes by way of ffmpeg: write uri = y4m:-, and start it with ffmpeg -i ADDRESS -f "
                               "yuv4mpegpipe -pix_fmt yuv420p - | ocelli run -c FILE";
    char forms[SOURCE_FORMS];
    source_known(uri, forms);
    if (!strncasecmp(uri, "rtsp:", 5) || !strncasecmp(uri, "rtsps:", 6))
        snprintf(why, SOURCE_WHY, "%s", rtsp);
    else
        snprintf(why, SOURCE_WHY, "not a source: give one of %s", forms);
}

bool source_options_own(struct source_options *options, struct arena *arena) {
    const char **const strings[] = {&options->format, &options->url, &options->login, &options->password_file,
                                    &options->ca};
    bool good = true;
    for (size_t i = 0; good && i < sizeof strings / sizeof *strings; i++) good = arena_own(arena, strings[i]);
    return good;
}

size_t source_file(const char *uri) {
    const struct source_kind *kind = kind_of(uri);
    const char *at = uri;
    for (int i = 0; kind && i < kind->file; i++) {
        at = strchr(at, ':');
        if (!at) return 0;
        at++;
    }
    return *at && strcmp(at, "-") ? (size_t)(at - uri) : 0;
}

bool source_can_play(const char *uri) {
    const struct source_kind *kind = kind_of(uri);
    return kind && kind->plays;
}

bool source_usable(const char *uri, char why[SOURCE_WHY]) {
    if (source_is_address(uri)) return http_usable(why);
    return strncmp(uri, "camera:", 7) || source_camera_library(why);
}

static int refuse_uri(const char *uri) {
    char why[SOURCE_WHY], shown[ADDRESS_MOST + 1];
    source_unknown(uri, why);
    address_show(uri, shown);
    return log_fail(OCELLI_ERR_USAGE, "%s: %s", shown, why);
}

static int check_options(const char *uri, const struct source_options *o) {
    if (o->rotation % 90 || o->rotation > 270)
        return log_fail(OCELLI_ERR_USAGE, "%s: rotation %u: give 0, 90, 180 or 270", uri, o->rotation);
    if (o->width > PREP_MAX_SIDE || o->height > PREP_MAX_SIDE)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %ux%u asked for: over the limit of %d pixels a side", uri, o->width,
                        o->height, PREP_MAX_SIDE);
    if (!o->width != !o->height) return log_fail(OCELLI_ERR_USAGE, "%s: give width and height, or neither", uri);
    if (o->recording && !source_can_play(uri))
        return log_fail(OCELLI_ERR_USAGE, "%s: no recording: only y4m:, raw: and files: have a time of their own", uri);
    if (!(o->gain >= 0 && o->gain < 1e3f) || !(o->exposure_value > -100 && o->exposure_value < 100))
        return log_fail(OCELLI_ERR_USAGE, "%s: gain %g, exposure value %g: out of range", uri, o->gain,
                        o->exposure_value);
    return OCELLI_OK;
}

static void *run(void *user) {
    struct source *s = user;
    mailbox_end(&s->mailbox, s->kind->run(s));
    return NULL;
}

static int start(struct source *s) {
    int failed = pthread_create(&s->thread, NULL, run, s);
    if (failed) return log_fail(OCELLI_ERR_MEMORY, "%s: no thread for it: %s", s->uri, strerror(failed));
    s->started = true;
    return OCELLI_OK;
}

static int open_kind(struct source *s, const struct source_kind *kind, const char *uri,
                     const struct source_options *o) {
    s->uri = strdup(uri);
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (!s->uri || s->stop_fd < 0) return log_fail(OCELLI_ERR_MEMORY, "%s: cannot open: %s", uri, strerror(errno));
    s->rotation = o->rotation;
    s->options = *o;
    int status = kind->open(s, uri + strlen(kind->scheme), o);
    if (status) return status;
    s->kind = kind; /* from here on there is something to close */
    return start(s);
}

static const struct source_options no_options;

int source_check(const char *uri, const struct source_options *options) {
    const struct source_options *o = options ? options : &no_options;
    const struct source_kind *kind = kind_of(uri);
    int status = kind ? check_options(uri, o) : refuse_uri(uri);
    return status ? status : kind->check(uri, uri + strlen(kind->scheme), o);
}

int source_open(struct source **out, const char *uri, const struct source_options *options) {
    const struct source_options *o = options ? options : &no_options;
    const struct source_kind *kind = kind_of(uri);
    *out = NULL;
    int status = source_check(uri, o);
    if (status) return status;
    struct source *s = calloc(1, sizeof *s);
    if (!s) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", uri);
    s->stop_fd = -1;
    status = mailbox_init(&s->mailbox, o->every || o->recording);
    if (status) {
        free(s);
        return status;
    }
    status = open_kind(s, kind, uri, o);
    if (status)
        source_close(&s);
    else
        *out = s;
    return status;
}

bool source_stopped(struct source *source) {
    struct pollfd p = {.fd = source->stop_fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

bool source_readable(struct source *source, int fd) {
    struct pollfd p[2] = {{.fd = source->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    do {
        poll(p, 2, -1);
    } while (!p[0].revents && !p[1].revents);
    return !p[0].revents;
}

/* Caches are to be told when a processor reads what a device wrote. Memory that is no dma-buf refuses it, and needs
 * none. */
static void sync_planes(const struct frame *f, uint64_t when) {
    int last = -1;
    for (int i = 0; i < 3; i++) {
        struct dma_buf_sync sync = {.flags = when | DMA_BUF_SYNC_READ};
        if (!f->planes[i].data || f->planes[i].fd < 0 || f->planes[i].fd == last) continue;
        last = f->planes[i].fd;
        while (ioctl(last, DMA_BUF_IOCTL_SYNC, &sync) < 0 && (errno == EINTR || errno == EAGAIN)) {
        }
    }
}

static int load(struct ocelli_image *image, const char *path, const struct source_options *o, bool *cut) {
    struct decode_rule rule = {.budget = DECODE_BUDGET_DAEMON,
                               .ignore_orientation = o->ignore_orientation,
                               .stopping = o->stopping,
                               .user = o->user,
                               .cut = cut};
    if (cut) *cut = false;
    return decode_file(image, path, &rule);
}

int source_picture(struct ocelli_image *image, const char *path, bool ignore_orientation, bool *cut) {
    return load(image, path, &(struct source_options){.ignore_orientation = ignore_orientation}, cut);
}

/* A camera's picture: the option `rotation` turns it, and nothing else. */
static int decode_encoded(const struct source *s, struct slot *slot) {
    struct decode_rule rule = {.budget = DECODE_BUDGET_DAEMON, .ignore_orientation = true};
    return decode_memory(&slot->image, slot->encoded, slot->encoded_size, s->uri, &rule);
}

/* Not pixels yet? Then now. On success the planes are the processor's until source_release(). */
static int develop(struct source *s, struct slot *slot) {
    sync_planes(&slot->frame, DMA_BUF_SYNC_START);
    if (!slot->encoded && !slot->path) return OCELLI_OK;
    bool cut = false;
    int status =
        slot->path ? load(&slot->image, slot->path, &s->options, slot->later ? &cut : NULL) : decode_encoded(s, slot);
    if (cut) slot->later(s, slot);
    sync_planes(&slot->frame, DMA_BUF_SYNC_END);
    if (status) return status;
    slot->frame.format = FRAME_RGB;
    slot->frame.width = slot->image.width;
    slot->frame.height = slot->image.height;
    frame_lay(&slot->frame, slot->image.rgb);
    return OCELLI_OK;
}

/* Gives how many frames are held now. */
static int hold(struct source *s, int more) {
    pthread_mutex_lock(&s->mailbox.lock);
    int held = s->held += more;
    pthread_mutex_unlock(&s->mailbox.lock);
    return held;
}

struct frame_recording source_recording(const struct source *source, int64_t position_ns, int64_t real_ns) {
    int64_t position = position_ns < RECORDING_MOST_NS ? position_ns : RECORDING_MOST_NS;
    struct frame_recording recording = {.on = true, .position_ns = position, .real_ns = real_ns};
    return source->options.recording ? recording : (struct frame_recording){0};
}

static void hand_out(struct source *s, struct slot *slot, struct frame *frame) {
    if (!s->recording_start_ns) s->recording_start_ns = slot->frame.captured_ns;
    if (slot->frame.recording.on) slot->frame.recording.start_ns = s->recording_start_ns;
    slot->frame.file = slot->path;
    slot->frame.rotation = s->rotation;
    slot->frame.owner = slot;
    *frame = slot->frame;
    hold(s, 1);
}

int source_next(struct source *source, int timeout_ms, struct frame *frame) {
    int64_t end = source_now() + (int64_t)timeout_ms * 1000000;
    *frame = (struct frame){0};
    if (hold(source, 0) == SOURCE_HELD)
        return log_fail(OCELLI_ERR_USAGE, "%s: %d frames are held: release one", source->uri, SOURCE_HELD);
    for (;;) {
        struct slot *slot;
        int answer = mailbox_take(&source->mailbox, timeout_ms, &slot);
        if (answer) return answer;
        bool broken = develop(source, slot) != OCELLI_OK;
        source->broken = broken ? source->broken + (source->broken < BROKEN_MOST) : 0;
        if (!broken) {
            hand_out(source, slot, frame);
            return SOURCE_FRAME;
        }
        slot->recycle(slot);
        int64_t left = (end - source_now()) / 1000000;
        if (timeout_ms > 0) timeout_ms = left > 0 ? (int)left : 0;
    }
}

/* Of a folder others put in what they like; a camera's pictures are all alike. */
static bool is_broken(const struct source *s) {
    return s->broken >= BROKEN_MOST && s->kind->open != files_open;
}

bool source_away(struct source *source) {
    pthread_mutex_lock(&source->mailbox.lock);
    bool away = source->mailbox.away;
    pthread_mutex_unlock(&source->mailbox.lock);
    return away || is_broken(source);
}

void source_fault(struct source *source, char fault[SOURCE_FAULT]) {
    pthread_mutex_lock(&source->mailbox.lock);
    snprintf(fault, SOURCE_FAULT, "%s", source->mailbox.away ? source->mailbox.fault : "");
    pthread_mutex_unlock(&source->mailbox.lock);
    if (!*fault && is_broken(source)) snprintf(fault, SOURCE_FAULT, "its pictures cannot be read; the log tells why");
}

void source_release(struct source *source, struct frame *frame) {
    struct slot *slot = frame->owner;
    if (!slot) return;
    sync_planes(frame, DMA_BUF_SYNC_END);
    decode_free(&slot->image);
    *frame = (struct frame){0};
    slot->recycle(slot);
    hold(source, -1);
}

void source_close(struct source **source) {
    if (!source || !*source) return;
    struct source *gone = *source;
    uint64_t one = 1;
    mailbox_close(&gone->mailbox);
    if (gone->started) {
        while (write(gone->stop_fd, &one, sizeof one) < 0 && errno == EINTR) {
        }
        pthread_join(gone->thread, NULL);
    }
    mailbox_clear(&gone->mailbox);
    if (gone->kind) gone->kind->close(gone);
    if (gone->stop_fd >= 0) close(gone->stop_fd);
    mailbox_finish(&gone->mailbox);
    free(gone->uri);
    free(gone);
    *source = NULL;
}
