/* SPDX-License-Identifier: Apache-2.0
 * http:, https: and mjpeg: a network camera's picture, asked for again and again, or its stream of JPEGs. All that
 * comes is the same to it: the JPEGs are found by their own markers (jpeg_stream.h). */
#include "source/http.h"
#include "source/address.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
enum {
    PICTURE_S = 15,        /* for a picture to come whole */
    SNAPSHOTS = 2,         /* a second, unless `rate` tells */
    REST_S = 1,            /* for an answer to end behind its picture */
    BESIDE_MOST = 1 << 16, /* bytes of an answer that is no picture, or behind one */
    RETRY_FIRST_MS = 500,
    RETRY_MOST_MS = 30000,
    WAIT_MS = 1000
};

/* ---- what comes ---- */

static void tell_cut(const struct source *s, const struct jpeg_stream *jpegs, uint64_t before) {
    if (jpegs->cut > before) log_warn("%s: a picture that is cut short: skipped", s->uri);
}

static void tell_back(struct http *h) {
    if (*h->told) log_info("%s: is back", h->source->uri);
    *h->told = '\0', h->failures = 0;
    mailbox_set_fault(&h->source->mailbox, "");
    mailbox_set_away(&h->source->mailbox, false);
}

/* false: out of memory. */
static bool post(struct http *h) {
    const struct jpeg_stream *jpegs = &h->jpegs;
    struct frame_pool_slot *slot = frame_pool_take(&h->frame_pool, jpegs->size);
    if (!slot) return false;
    memcpy(slot->memory, jpegs->bytes, jpegs->size);
    slot->slot.encoded = slot->memory, slot->slot.encoded_size = jpegs->size;
    slot->slot.frame.captured_ns = source_now();
    slot->slot.frame.sequence = h->sequence++;
    slot->slot.frame.full_range = true;
    mailbox_post(&h->source->mailbox, &slot->slot);
    return true;
}

static bool take_picture(struct http *h) {
    int64_t now = source_now();
    int64_t period = h->period_ns || h->stream ? h->period_ns : SECOND / SNAPSHOTS;
    bool early = h->stream && now < h->due_ns;
    if (!early && !post(h)) {
        http_fail(h, "out of memory for a picture");
        return false;
    }
    if (!early) h->due_ns = h->due_ns < now - 2 * period ? now + period : h->due_ns + period; /* on average */
    h->taken = true;
    h->deadline_ns = source_now() + (h->stream ? PICTURE_S : REST_S) * SECOND;
    tell_back(h);
    return true;
}

static void refuse(struct http *h, int status) {
    if (status == OCELLI_ERR_LIMIT)
        http_fail(h, "a picture of more than %d MiB", JPEG_STREAM_MOST >> 20);
    else if (status == OCELLI_ERR_FILE && h->stream)
        http_fail(h, "no JPEG in %d KiB of its stream", JPEG_STREAM_BETWEEN >> 10);
    else if (status == OCELLI_ERR_FILE)
        http_judge(h);
    else
        http_fail(h, "out of memory for a picture");
}

/* Bytes that are not looked at: few of them keep the connection for the next request. */
static bool pass_over(struct http *h, size_t size) {
    h->beside += size;
    if (h->beside <= BESIDE_MOST) return true;
    if (h->taken) http_fail(h, "more behind the picture: if it is a stream, write mjpeg: before the address");
    return false;
}

static bool is_stream(struct http *h) {
    const char *type = NULL;
    h->curl->easy_getinfo(h->easy, CURLINFO_CONTENT_TYPE, &type);
    return h->any_type || (type && !strncasecmp(type, "multipart/", 10));
}

static size_t take_body(char *bytes, size_t one, size_t size, void *user) {
    struct http *h = user;
    struct span in = span_of(bytes, size);
    (void)one;
    if (http_code(h) != 200) return pass_over(h, size) ? size : 0;
    h->stream = is_stream(h);
    while (span_left(&in)) {
        if (h->taken && !h->stream) return pass_over(h, span_left(&in)) ? size : 0;
        uint64_t cut = h->jpegs.cut;
        int status = jpeg_stream_step(&h->jpegs, &in);
        tell_cut(h->source, &h->jpegs, cut);
        if (status < 0) refuse(h, status);
        if (status < 0 || (status == JPEG_STREAM_PICTURE && !take_picture(h))) return 0;
    }
    return size;
}

static size_t take_header(char *bytes, size_t one, size_t size, void *user) {
    struct http *h = user;
    (void)bytes, (void)one;
    h->headers += size;
    if (h->headers <= HTTP_HEADERS) return size;
    http_fail(h, "more than %d KiB of headers", HTTP_HEADERS >> 10);
    return 0;
}

/* ---- a request ---- */

static bool prepare(struct http *h) {
    CURL *e = h->easy;
    bool good = !h->curl->easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) &&
                !h->curl->easy_setopt(e, CURLOPT_WRITEDATA, h) &&
                !h->curl->easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) &&
                !h->curl->easy_setopt(e, CURLOPT_HEADERDATA, h) &&
                !h->curl->easy_setopt(e, CURLOPT_ERRORBUFFER, h->error) && !h->curl->multi_add_handle(h->multi, e);
    jpeg_stream_reset(&h->jpegs);
    *h->error = '\0', h->headers = h->beside = 0, h->stream = h->taken = false;
    h->deadline_ns = source_now() + PICTURE_S * SECOND;
    if (!good) http_fail(h, "libcurl does not take the request");
    return good;
}

static bool is_done(struct http *h, CURLcode *code) {
    int left;
    for (CURLMsg *m; (m = h->curl->multi_info_read(h->multi, &left));)
        if (m->msg == CURLMSG_DONE) {
            *code = m->data.result;
            return true;
        }
    return false;
}

/* false: it is late. What is left of an answer whose picture was taken is not waited for. */
static bool wait_for_more(struct http *h) {
    struct curl_waitfd stop = {.fd = h->source->stop_fd, .events = CURL_WAIT_POLLIN};
    int64_t left_ms = (h->deadline_ns - source_now()) / 1000000;
    if (left_ms <= 0) {
        if (!h->taken || h->stream) http_fail(h, "no picture for %d s", PICTURE_S);
        return false;
    }
    h->curl->multi_poll(h->multi, &stop, 1, left_ms < WAIT_MS ? (int)left_ms : WAIT_MS, NULL);
    return !source_stopped(h->source);
}

/* Until it is over; http->fault tells what was wrong. */
static void transfer(struct http *h) {
    int running = 0;
    CURLcode code = CURLE_OK;
    if (!prepare(h)) return;
    bool done, late = false;
    do {
        h->curl->multi_perform(h->multi, &running);
        done = is_done(h, &code);
        late = !done && !wait_for_more(h);
    } while (!done && !late && !*h->fault);
    h->curl->multi_remove_handle(h->multi, h->easy);
    if (late && source_stopped(h->source)) return;
    http_narrow(h);
    if (!done || http_redirect(h)) return;
    if (code)
        http_judge_broken(h, code);
    else
        http_judge(h);
}

/* ---- the thread ---- */

/* Each fault is logged once, as long as it is the same one. */
static void tell(struct http *h) {
    struct source *s = h->source;
    if (strcmp(h->fault, h->told)) log_warn("%s: %s; it is tried again", s->uri, h->fault);
    strcpy(h->told, h->fault);
    mailbox_set_fault(&s->mailbox, h->fault);
    mailbox_set_away(&s->mailbox, true);
}

static int64_t retry_ns(struct http *h) {
    unsigned ms = RETRY_FIRST_MS << (h->failures < 7 ? h->failures : 7);
    h->failures++;
    return source_now() + (ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS) * INT64_C(1000000);
}

int http_run(struct source *source) {
    struct http *h = source->state;
    while (!source_stopped(source)) {
        *h->fault = '\0';
        if (h->easy || http_begin(h)) transfer(h);
        if (source_stopped(source)) break;
        if (!*h->fault) {
            if (h->taken) http_return(h), mailbox_sleep(&source->mailbox, h->due_ns);
            continue;
        }
        http_end(h);
        tell(h);
        mailbox_sleep(&source->mailbox, retry_ns(h));
    }
    return SOURCE_END;
}

/* ---- opening ---- */

static int check_password(const char *path) {
    int fd, status = file_open_private(&fd, path, "the password");
    if (!status) close(fd);
    return status;
}

int http_check(const char *uri, const char *rest, const struct source_options *options) {
    char shown[ADDRESS_MOST + 1];
    const char *whole = options->url ? options->url : uri, *fault = address_fault(whole);
    (void)rest;
    address_show(uri, shown);
    if (fault) return log_fail(OCELLI_ERR_USAGE, "%s: %s", shown, fault);
    if (options->password_file && !options->login && !address_has_login(whole))
        return log_fail(OCELLI_ERR_USAGE, "%s: password: give user = NAME too", shown);
    if (options->ca && strncmp(address_url(whole), "https:", 6))
        return log_fail(OCELLI_ERR_USAGE, "%s: ca: it is for https:", shown);
    if (options->ca && access(options->ca, R_OK))
        return log_fail(OCELLI_ERR_FILE, "%s: %s", options->ca, strerror(errno));
    return options->password_file ? check_password(options->password_file) : OCELLI_OK;
}

bool http_usable(char why[SOURCE_WHY]) {
    return curl_library(why) != NULL;
}

int http_open(struct source *source, const char *rest, const struct source_options *options) {
    char why[SOURCE_WHY];
    struct http *h = calloc(1, sizeof *h);
    (void)rest;
    if (!h) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", source->uri);
    source->state = h;
    h->source = source;
    h->period_ns = options->period_ns;
    h->curl = curl_library(why);
    int status = h->curl ? http_session_open(h, options->url ? options->url : source->uri, options)
                         : log_fail(OCELLI_ERR_DEVICE, "%s %s", source->uri, why);
    if (status) http_close(source);
    return status;
}

void http_close(struct source *source) {
    struct http *h = source->state;
    if (h->curl) http_session_close(h);
    jpeg_stream_finish(&h->jpegs);
    frame_pool_finish(&h->frame_pool);
    free(h);
    source->state = NULL;
}
