/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/line.h"
#include "serve/code.h"
#include "serve/crc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SUM_LOCK_MS = 60000, SUM = 9 /* "*CBF43926", "*906E" */ };

/* Bytes of a checksum of so many digits, and of the line end. */
#define SUM_END(digits) ((digits) ? (digits) + 2u : 1u)

/* A request taken apart. */
struct parsed {
    char id[SERVE_ID_MOST + 1]; /* "": none */
    unsigned sum;               /* hexadecimal digits of the checksum: 0, 4, 8 */
    bool terse;
    struct serve_arguments arguments;
    const struct serve_row *row; /* NULL: not known yet */
};

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

static bool hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool id_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._:-", c));
}

/* ---- the request ---- */

static unsigned long sum_of(unsigned digits, const char *bytes, size_t size) {
    return digits == 8 ? serve_crc32(bytes, size) : serve_crc(bytes, size);
}

static bool ends_with_sum(unsigned digits, const char *line, size_t size) {
    if (size <= digits || line[size - digits - 1] != '*') return false;
    for (size_t i = size - digits; i < size; i++)
        if (!hex(line[i])) return false;
    return true;
}

/* Takes "*XXXX" or "*XXXXXXXX" off. false: it is there and wrong. */
static bool take_sum(struct parsed *p, const char *line, size_t *size) {
    char digits[SUM];
    p->sum = ends_with_sum(8, line, *size) ? 8 : ends_with_sum(4, line, *size) ? 4 : 0;
    if (!p->sum) return true;
    *size -= p->sum + 1;
    snprintf(digits, sizeof digits, "%.*s", (int)p->sum, line + *size + 1);
    return strtoul(digits, NULL, 16) == sum_of(p->sum, line, *size);
}

/* Takes "#id " off; false: what begins as one is none. */
static bool take_id(struct parsed *p, const char **line, size_t *size) {
    size_t length = 0;
    while (*size && blank(**line)) ++*line, --*size;
    if (!*size || **line != '#') return true;
    const char *id = *line + 1;
    while (length + 1 < *size && id_letter(id[length])) length++;
    if (length == 0 || length > SERVE_ID_MOST || (length + 1 < *size && !blank(id[length]))) return false;
    memcpy(p->id, id, length);
    *line += 1 + length, *size -= 1 + length;
    return true;
}

static enum serve_code fault(struct serve_request *r, enum serve_code code) {
    switch (code) {
    case SERVE_UTF8: return serve_refuse(r, code, "not UTF-8, or a control character");
    case SERVE_LONG:
        return serve_refuse(r, code, "a request is at most %d bytes and %d words", SERVE_LINE, SERVE_LINE_ARGUMENTS);
    case SERVE_USAGE: return serve_refuse(r, code, "a quote that does not end, or with more behind it");
    default: return code;
    }
}

/* Finds the row, and leaves the arguments behind the verb. */
static enum serve_code find(struct parsed *p, struct serve_request *r) {
    struct serve_arguments *w = &p->arguments;
    if (!w->count) return serve_refuse(r, SERVE_VERB, "%s without a request", p->id[0] ? "an id" : "a checksum");
    const char *verb = w->count == 1 && !strcasecmp(w->argument[0], "AT") ? "ping" : w->argument[0];
    p->row = r->row = serve_row_of_verb(verb);
    if (!p->row) return serve_refuse(r, SERVE_VERB, "no such verb; help lists them");
    r->arguments = w->argument + 1, r->count = w->count - 1;
    p->terse = r->terse = p->row->terse && r->count && !strcmp(r->arguments[0], "terse");
    if (p->terse) r->arguments++, r->count--;
    return serve_request_check(p->row, r);
}

static enum serve_code parse(struct parsed *p, struct serve_request *r, const char *line, size_t size) {
    if (size >= SERVE_LINE) return fault(r, SERVE_LONG);
    if (!take_sum(p, line, &size)) return serve_refuse(r, SERVE_CRC, "the checksum does not match");
    if (!take_id(p, &line, &size))
        return serve_refuse(r, SERVE_ID, "an id is # and 1 to %d of A-Z a-z 0-9 . _ : -", SERVE_ID_MOST);
    enum serve_code code = serve_arguments_split(&p->arguments, line, size);
    return code ? fault(r, code) : find(p, r);
}

/* A damaged checksum must not make a change of what it should have protected. */
static enum serve_code may(const struct parsed *p, struct serve_request *r) {
    const struct serve_client *client = r->client;
    if (!p->row->changes || r->origin->ticket) return SERVE_OK; /* one that waited was let in when it came */
    if (!client->may_change) return serve_refuse(r, SERVE_DENIED, "%s", SERVE_DENIAL);
    if (p->sum < client->sum && r->now_ms - client->sum_ms < SUM_LOCK_MS)
        return serve_refuse(r, SERVE_CRC, "checksums of %u digits were used here: changes need one", client->sum);
    return SERVE_OK;
}

/* ---- the answer ---- */

static size_t finish(struct serve_out *out, unsigned digits) {
    char text[SUM + 16];
    out->capacity = SERVE_LINE;
    if (digits) {
        snprintf(text, sizeof text, "*%0*lX", (int)digits, sum_of(digits, out->bytes, out->used));
        serve_out_raw(out, text, digits + 1);
    }
    serve_out_raw(out, "\n", 1);
    return out->used;
}

static struct serve_out start(char bytes[SERVE_LINE]) {
    return (struct serve_out){.bytes = bytes, .capacity = SERVE_LINE - SUM - 1};
}

static void put_id(struct serve_out *out, const char *id, bool terse) {
    if (!id[0]) return;
    if (!terse) {
        serve_out_text(out, "id", id);
        return;
    }
    serve_out_raw(out, "#", 1);
    serve_out_raw(out, id, strlen(id));
    serve_out_raw(out, " ", 1);
}

static void write_error(struct serve_out *out, const struct parsed *parsed, const struct serve_client *client,
                        enum serve_code code, const char *message) {
    const char *word = serve_code_word(code);
    if (parsed->terse) {
        put_id(out, parsed->id, true);
        serve_out_raw(out, "ERR ", 4);
        serve_out_raw(out, word, strlen(word));
        if (code == SERVE_PROVE) serve_out_raw(out, " ", 1), serve_out_raw(out, client->proof, strlen(client->proof));
        return;
    }
    serve_out_begin(out, NULL, '{');
    put_id(out, parsed->id, false);
    serve_out_bool(out, "ok", false);
    serve_out_text(out, "error", word);
    if (code == SERVE_PROVE) serve_out_text(out, "proof", client->proof);
    if (message[0]) serve_out_text(out, "message", message);
    serve_out_end(out, '}');
}

static void put_fields(const struct parsed *p, const struct serve_request *r, const struct serve_out *fields, bool head,
                       struct serve_out *out) {
    serve_out_begin(out, NULL, '{');
    put_id(out, p->id, false);
    serve_out_bool(out, "ok", true);
    if (head) serve_request_head(r, out);
    if (fields->used) serve_out_raw(out, ",", 1);
    serve_out_raw(out, fields->bytes, fields->used);
    serve_out_end(out, '}');
}

static enum serve_code answer(const struct parsed *parsed, struct serve_request *request, struct serve_out *out) {
    enum serve_code code = may(parsed, request);
    if (code) return code;
    if (parsed->terse) {
        put_id(out, parsed->id, true);
        return parsed->row->terse(request, out);
    }
    char body[SERVE_LINE];
    size_t head = sizeof "{\"id\":\"\",\"ok\":true,\"seq\":18446744073709551615,\"age_ms\":1.23456789012345e+300,}" +
                  strlen(parsed->id);
    struct serve_out fields = {.bytes = body, .capacity = out->capacity - head};
    if (!parsed->row->pages || !serve_pages_answer(request, &fields)) code = parsed->row->answer(request, &fields);
    if (!code && fields.full) code = serve_refuse(request, SERVE_FAILED, "the answer does not fit a line");
    if (code) return code;
    struct serve_out before = *out;
    put_fields(parsed, request, &fields, true, out);
    if (parsed->row->bare && request->client->capacity &&
        out->used + SUM_END(parsed->sum) > request->client->capacity) {
        *out = before;
        put_fields(parsed, request, &fields, false, out);
    }
    return SERVE_OK;
}

static void keep_watch(const struct parsed *p, struct serve_client *client, enum serve_code code) {
    if (code || !p->row || (p->row->answer != serve_watch_begin)) return;
    memcpy(client->watch.id, p->id, sizeof p->id);
    client->watch.sum = p->sum;
}

/* The longest of the last while. */
static void keep_sum(struct serve_client *client, unsigned digits, double now_ms) {
    if (digits < client->sum && now_ms - client->sum_ms < SUM_LOCK_MS) return;
    client->sum = digits, client->sum_ms = now_ms;
}

/* An answer that a serial line echoes, or that another daemon sent: an answer to it would be answered too, without an
 * end. Terse ones are no requests, and the error that says so begins like this. */
static bool is_answer(const char *line, size_t size) {
    return size > 1 && line[0] == '{' && line[1] == '"';
}

/* Its size without the blanks behind it, unless its end may be missing; 0: nothing to answer. */
static size_t trimmed(const char *line, size_t size) {
    size_t first = 0;
    while (size < SERVE_LINE && size && blank(line[size - 1])) size--;
    while (first < size && blank(line[first])) first++;
    return first == size || is_answer(line + first, size - first) ? 0 : size;
}

size_t serve_line(struct serve_context *context, struct serve_client *client, double now_ms, const char *line,
                  size_t size, char bytes[SERVE_LINE]) {
    struct parsed p = {.id = ""};
    struct serve_request r = {.callbacks = context->callbacks,
                              .events = &context->events,
                              .pages = &context->pages,
                              .order = &context->order,
                              .now_ms = now_ms,
                              .client = client,
                              .others = context->waiting > 0,
                              .origin = &context->origin};
    struct serve_out out = start(bytes);
    if (!(size = trimmed(line, size))) return 0;
    enum serve_code code = parse(&p, &r, line, size);
    if (p.sum && code != SERVE_CRC) keep_sum(client, p.sum, now_ms);
    context->origin.request = serve_number_of(SERVE_NUMBER, line, size);
    context->origin.named = p.id[0] != 0;
    if (!code) {
        serve_pages_expire(&context->pages, now_ms);
        serve_request_find(&r);
        code = answer(&p, &r, &out);
        keep_watch(&p, client, code);
    }
    if (code == SERVE_DEFERRED) return SERVE_LINE_DEFERRED;
    if (code) {
        out = start(bytes);
        write_error(&out, &p, client, code, r.message);
    }
    return finish(&out, p.sum);
}

size_t serve_line_error(const struct serve_client *client, enum serve_code code, const char *line, size_t size,
                        char bytes[SERVE_LINE]) {
    struct parsed p = {.id = ""};
    struct serve_request r = {.now_ms = 0};
    struct serve_out out = start(bytes);
    if (!(size = trimmed(line, size))) return 0;
    parse(&p, &r, line, size);
    write_error(&out, &p, client, code, "");
    return finish(&out, p.sum);
}

/* ---- pushes ---- */

static void put_terse_event(struct serve_out *out, const struct serve_event *e, uint64_t first, double now_ms) {
    static const char *const words[] = {"OFF", "ON", "LEARNING", "UNKNOWN"}, *const of_policies[] = {"OVER", "FOUND"};
    char text[320], name[SERVE_NAME_CAPACITY];
    bool policy = e->policy[0] != '\0', scored = policy || e->tag[0];
    const char *word = policy ? of_policies[e->state == TAGGER_ON] : words[e->state];
    serve_arguments_join(name, sizeof name, policy ? e->policy : e->tag[0] ? e->tag : e->group);
    int size = snprintf(text, sizeof text, "%s %llu %llu %.0f %s", word, (unsigned long long)(e->n - first),
                        (unsigned long long)e->seq, serve_terse_age(now_ms - e->taken_ms), name);
    if (scored) size += snprintf(text + size, sizeof text - (size_t)size, ":%.2f", (double)e->score);
    serve_out_raw(out, text, (size_t)size);
}

static void put_event(struct serve_out *out, const struct serve_watch *watch, const struct serve_event *event,
                      double now_ms) {
    struct serve_out before = *out;
    put_id(out, watch->terse ? watch->id : "", true);
    if (watch->terse) {
        put_terse_event(out, event, watch->first, now_ms);
        return;
    }
    serve_out_begin(out, NULL, '{');
    put_id(out, watch->id, false);
    serve_out_text(out, "push", "change");
    serve_event_write(event, watch->first, now_ms, out);
    serve_out_end(out, '}');
    if (!out->full) return;
    struct serve_event brief = *event; /* three names at their longest, all of quotes */
    brief.runner_up[0] = 0, brief.group[0] = event->tag[0] ? 0 : event->group[0];
    *out = before;
    put_event(out, watch, &brief, now_ms);
}

static void put_alive(struct serve_out *out, const struct serve_watch *watch, const struct serve_view *view) {
    char text[96];
    put_id(out, watch->terse ? watch->id : "", true);
    if (watch->terse) {
        int size = snprintf(text, sizeof text, "ALIVE %llu %llu %.0f", (unsigned long long)(watch->seen - watch->first),
                            (unsigned long long)view->seq, serve_terse_age(view->age_ms));
        serve_out_raw(out, text, (size_t)size);
        return;
    }
    struct serve_request r = {.view = *view};
    serve_out_begin(out, NULL, '{');
    put_id(out, watch->id, false);
    serve_out_text(out, "push", "alive");
    serve_out_count(out, "n", watch->seen - watch->first);
    serve_request_head(&r, out);
    serve_out_end(out, '}');
}

size_t serve_line_push(struct serve_context *context, struct serve_client *client, double now_ms,
                       char bytes[SERVE_LINE]) {
    struct serve_watch *w = &client->watch;
    struct serve_out out = start(bytes);
    struct serve_view view;
    if (w->on && client->leased && now_ms > w->until_ms) w->on = false;
    if (!w->on) return 0;
    const struct serve_event *e = NULL;
    while (!e && w->seen < context->events.count)
        e = serve_events_get(&context->events, ++w->seen); /* what is gone shows as a gap of n */
    if (!e && now_ms - w->pushed_ms < SERVE_HEARTBEAT_S * 1000) return 0;
    w->pushed_ms = now_ms;
    context->callbacks->view(context->callbacks->user, &view);
    if (e)
        put_event(&out, w, e, now_ms);
    else
        put_alive(&out, w, &view);
    return finish(&out, w->sum);
}
