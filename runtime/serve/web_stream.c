/* SPDX-License-Identifier: Apache-2.0
 * Answers without an end: states as server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), pictures as multipart/x-mixed-replace. A stream
 * that has told all is suspended, and costs nothing. The tags are written once for all streams. */
#include "base/clock.h"
#include "serve/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ALIVE_MS: between signs of life. TAGS_MS: between two tellings of all tags; MANY_MS: when they take over MANY bytes.
 * VIDEO_MS: between pictures. */
enum { ALIVE_MS = 10000, TAGS_MS = 500, MANY = 65536, MANY_MS = 2000, VIDEO_MS = 200, BLOCK = 8192 };

#define BOUNDARY "ocelli-frame"

/* ---- what a stream tells next ---- */

static struct web_text *make_text(const char *head, const void *bytes, size_t size, const char *tail) {
    size_t before = strlen(head), behind = strlen(tail);
    struct web_text *text = malloc(sizeof *text + before + size + behind);
    if (!text) return NULL;
    memcpy(text->bytes, head, before);
    if (size) memcpy(text->bytes + before, bytes, size);
    memcpy(text->bytes + before + size, tail, behind);
    text->users = 1, text->size = before + size + behind;
    return text;
}

static void leave_text(struct web_text **text) {
    if (*text && !--(*text)->users) free(*text);
    *text = NULL;
}

/* text: its use by the caller becomes the stream's; NULL: no memory. */
static bool put_text(struct web_stream *s, struct web_text *text) {
    if (!text) return false;
    leave_text(&s->text);
    s->text = text, s->at = 0;
    return true;
}

static bool put(struct web_stream *s, const char *head, const void *bytes, size_t size, const char *tail) {
    return put_text(s, make_text(head, bytes, size, tail));
}

/* A slow stream loses changes: a gap of n shows it. */
static bool put_change(struct web_stream *s, double now_ms) {
    const struct web_change *c = NULL;
    char text[SERVE_LINE * 2], head[64];
    while (!c && s->seen < s->web->kept) c = web_changes_get(s->web, ++s->seen);
    if (!c) return false;
    struct serve_out out = {.bytes = text, .capacity = sizeof text};
    serve_out_begin(&out, NULL, '{');
    web_change_write(c, now_ms, &out);
    serve_out_end(&out, '}');
    snprintf(head, sizeof head, "event: change\nid: %llu\ndata: ", (unsigned long long)c->event.n);
    return put(s, head, text, out.used, "\n\n");
}

static bool put_picture(struct web_stream *s) {
    const struct serve_callbacks *b = &s->web->serve->callbacks;
    const uint8_t *jpeg;
    size_t size;
    char head[128];
    if (!b->frame || !b->frame(b->user, &jpeg, &size)) return false;
    snprintf(head, sizeof head, "--" BOUNDARY "\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", size);
    return put(s, head, jpeg, size, "\r\n");
}

/* ---- a telling of all tags ---- */

static bool told_lately(const struct web_telling *t, double now_ms) {
    return t->made_ms > 0 && now_ms - t->made_ms < (t->text && t->text->size > MANY ? MANY_MS : TAGS_MS);
}

static uint64_t newest_seq(const struct serve_web *web) {
    const struct serve_callbacks *b = &web->serve->callbacks;
    struct serve_view view;
    b->view(b->user, &view);
    return view.seq;
}

static bool tags_due(const struct web_stream *s, double now_ms) {
    const struct web_telling *t = &s->web->telling;
    if (!s->telling || s->telling != t->n) return true;
    return !told_lately(t, now_ms) && newest_seq(s->web) != t->seq;
}

static void tell_anew(struct serve_web *web, double now_ms) {
    struct web_telling *t = &web->telling;
    uint64_t seq = newest_seq(web);
    size_t size = web_write_tags(web, now_ms);
    struct web_text *text = size ? make_text("event: tags\ndata: ", web->body, size, "\n\n") : NULL;
    t->made_ms = now_ms;
    if (!text) return;
    leave_text(&t->text);
    *t = (struct web_telling){.text = text, .n = t->n + 1, .seq = seq, .made_ms = now_ms};
}

/* A stream that begins takes the last telling, unless that is old. */
static bool put_tags(struct web_stream *s, double now_ms) {
    struct web_telling *t = &s->web->telling;
    if (!tags_due(s, now_ms)) return false;
    if (!told_lately(t, now_ms)) tell_anew(s->web, now_ms);
    if (s->telling == t->n) return false; /* no memory, or too many tags */
    s->telling = t->n;
    t->text->users++;
    return put_text(s, t->text);
}

void web_streams_finish(struct serve_web *web) {
    leave_text(&web->telling.text);
}

/* ---- what is due ---- */

static bool picture_due(const struct web_stream *s, double now_ms) {
    if (s->any && now_ms - s->frame_ms < VIDEO_MS) return false;
    return !s->any || newest_seq(s->web) != s->seq;
}

static bool due(const struct web_stream *s, double now_ms) {
    if (now_ms - s->told_ms >= ALIVE_MS) return true;
    return s->video ? picture_due(s, now_ms) : s->seen < s->web->kept || tags_due(s, now_ms);
}

static bool put_new_picture(struct web_stream *s, double now_ms) {
    if (!picture_due(s, now_ms)) return false;
    s->any = true, s->seq = newest_seq(s->web), s->frame_ms = now_ms;
    return put_picture(s);
}

static bool put_next(struct web_stream *s) {
    double now_ms = clock_ms();
    bool told = s->video ? put_new_picture(s, now_ms) : put_change(s, now_ms) || put_tags(s, now_ms);
    if (!told && now_ms - s->told_ms >= ALIVE_MS)
        told = s->video ? put_picture(s) || put(s, "\r\n", NULL, 0, "") : put(s, ": alive\n\n", NULL, 0, "");
    if (told) s->told_ms = now_ms;
    return told;
}

/* ---- libmicrohttpd's functions ---- */

static ssize_t read_more(void *user, uint64_t position, char *bytes, size_t most) {
    struct web_stream *s = user;
    (void)position;
    if ((!s->text || s->at == s->text->size) && !put_next(s)) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
        return 0;
    }
    size_t size = s->text->size - s->at < most ? s->text->size - s->at : most;
    memcpy(bytes, s->text->bytes + s->at, size);
    s->at += size;
    return (ssize_t)size;
}

static void finish(void *user) {
    struct web_stream *s = user;
    s->previous->next = s->next;
    if (s->next) s->next->previous = s->previous;
    s->web->stream_count -= !s->video, s->web->video_count -= s->video;
    leave_text(&s->text);
    free(s);
}

void web_streams_step(struct serve_web *web, double now_ms, bool all) {
    for (struct web_stream *s = web->streams.next; s; s = s->next) {
        if (!s->suspended || (!all && !due(s, now_ms))) continue;
        s->suspended = false;
        MHD_resume_connection(s->connection);
    }
}

static enum MHD_Result begin(struct web_request *r, bool video) {
    struct serve_web *web = r->web;
    bool full = video ? web->video_count >= WEB_VIDEOS : web->stream_count >= WEB_STREAMS;
    if (full) return web_refuse_as(r, 503, "limit", "too many watch already", "10");
    struct web_stream *s = calloc(1, sizeof *s);
    struct MHD_Response *response =
        s ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_more, s, finish) : NULL;
    if (!response) {
        free(s);
        return web_refuse_as(r, 503, "limit", "out of memory", "10");
    }
    *s = (struct web_stream){.web = web, .connection = r->connection, .video = video};
    s->seen = web->kept, s->told_ms = clock_ms();
    s->next = web->streams.next, s->previous = &web->streams;
    if (s->next) s->next->previous = s;
    web->streams.next = s;
    web->stream_count += !video, web->video_count += video;
    MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)WEB_STALLED_S);
    return web_send(r, 200, video ? "multipart/x-mixed-replace; boundary=" BOUNDARY : "text/event-stream", response);
}

enum MHD_Result web_answer_events(struct web_request *r) {
    return begin(r, false);
}

enum MHD_Result web_answer_video(struct web_request *r) {
    return begin(r, true);
}
