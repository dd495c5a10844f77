/* SPDX-License-Identifier: Apache-2.0
 * The table, and the requests of a few lines. */
#include "serve/request.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a fault in a line at most, where there is less room, and of the place that is kept for one. */
enum { FAULT_LONG = 200, FAULT_BRIEF = 100, FAULTS_PLACE = 270 };

static serve_answer answer_ping, answer_status, answer_help, answer_pause;

/* One line holds all of it, so that a request is seen at once. */
const struct serve_row serve_rows[] = {
    {"ping", NULL, 0, NULL, .least = 0, .most = 1, .bare = true, .answer = answer_ping, .usage = "ping [PROOF]",
     .help = "answers; PROOF proves the address"},
    {"tags", "tags", SERVE_GET, NULL, .observed = true, .sees = true, .pages = true, .tagged = true,
     .answer = serve_tags, .terse = serve_tags_terse, .senml = serve_tags_senml, .usage = "tags [terse] [from N]",
     .help = "what the board sees, best first"},
    {"watch", NULL, 0, NULL, .answer = serve_watch_begin, .terse = serve_watch_begin_terse, .usage = "watch [terse]",
     .help = "pushes every change"},
    {"unwatch", NULL, 0, NULL, .answer = serve_watch_end, .usage = "unwatch", .help = "ends watch"},
    {"prompts", "prompts", SERVE_GET, "tag", .pages = true, .tagged = true, .most = 1, .answer = serve_prompts,
     .usage = "prompts [NAME] [from N]", .help = "what tags are made of"},
    {"add", "prompts", SERVE_POST, "tag", .changes = true, .least = 1, .most = 64, .answer = serve_add,
     .usage = "add NAME [VALUE...]", .help = "adds prompts, or a tag; VALUE is a prompt or KEY=TEXT"},
    {"set", "prompts", SERVE_PUT, "tag", .changes = true, .least = 2, .most = 64, .answer = serve_set,
     .usage = "set NAME VALUE...",
     .help = "replaces what it names of a tag (prompts, against, group, rules), or makes it"},
    {"remove", "prompts", SERVE_DELETE, "tag", .changes = true, .least = 1, .most = 64, .answer = serve_remove,
     .usage = "remove NAME [VALUE...]", .help = "removes prompts, or the tag"},
    {"replay", "replay", SERVE_POST, "tag", .changes = true, .costly = true, .least = 1, .most = 64,
     .answer = serve_replay, .usage = "replay NAME [VALUE...] [without VALUE...]",
     .help = "how the last hour would have been judged after such a set; changes nothing"},
    {"pause", "pause", SERVE_PUT, "to", .changes = true, .least = 1, .most = 1, .answer = answer_pause,
     .usage = "pause on|off", .help = "looks at no more pictures, or again"},
    {"search", "search", SERVE_GET, "q", .costly = true, .least = 1, .most = 64, .answer = serve_search,
     .usage = "search TEXT...", .help = "when was this seen?"},
    {NULL, "search", SERVE_PUT, "q", .costly = true, .picture = true, .most = 64, .answer = serve_search_like,
     .usage = "a picture, and ?q=TEXT or not", .help = "when was something like this picture seen?"},
    {NULL, "search", SERVE_FETCH, "q", .costly = true, .picture = true, .most = 64, .answer = serve_search_like,
     .usage = "a picture, and ?q=TEXT or not", .help = "the same"},
    {"status", "status", SERVE_GET, NULL, .pages = true, .answer = answer_status, .usage = "status [from N]",
     .help = "how the board does, and what is wrong"},
    {"help", NULL, 0, NULL, .most = 1, .answer = answer_help, .usage = "help [VERB]",
     .help = "the verbs, or one of them"},
    {NULL, "events", SERVE_GET, NULL, .observed = true, .tagged = true, .answer = serve_events_last, .usage = "",
     .help = "the last changes"},
};
const size_t serve_row_count = sizeof serve_rows / sizeof serve_rows[0];

const struct serve_row *serve_row_of_verb(const char *verb) {
    for (size_t i = 0; i < serve_row_count; i++)
        if (serve_rows[i].verb && !strcmp(serve_rows[i].verb, verb)) return &serve_rows[i];
    return NULL;
}

const struct serve_row *serve_row_of_path(const char *path, enum serve_method method) {
    for (size_t i = 0; i < serve_row_count; i++)
        if (serve_rows[i].path && serve_rows[i].method == method && !strcmp(serve_rows[i].path, path))
            return &serve_rows[i];
    return NULL;
}

double serve_terse_age(double age_ms) {
    return isnan(age_ms) ? -1 : fmax(floor(age_ms), 0);
}

enum serve_code serve_refuse(struct serve_request *request, enum serve_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(request->message, sizeof request->message, format, args);
    va_end(args);
    return code;
}

enum serve_code serve_request_check(const struct serve_row *row, struct serve_request *request) {
    char *end = NULL;
    request->from = 0;
    if (row->costly && request->client && !request->client->proved)
        return serve_refuse(request, SERVE_PROVE, "it takes long: for proved addresses only");
    if (row->pages && request->count >= 2 && !strcmp(request->arguments[request->count - 2], "from")) {
        const char *number = request->arguments[request->count - 1];
        unsigned long from = strtoul(number, &end, 10);
        if (number[0] < '0' || number[0] > '9' || *end || from > TAGS_FILE_TAGS)
            return serve_refuse(request, SERVE_USAGE, "from needs a number up to %d", TAGS_FILE_TAGS);
        request->from = from, request->count -= 2;
    }
    if (request->count < row->least || request->count > row->most)
        return serve_refuse(request, SERVE_USAGE, "usage: %s", row->usage);
    return SERVE_OK;
}

void serve_request_find(struct serve_request *request) {
    const struct serve_callbacks *b = request->callbacks;
    if (request->row->sees && b->tags)
        b->tags(b->user, &request->view);
    else
        b->view(b->user, &request->view);
}

void serve_request_head(const struct serve_request *request, struct serve_out *out) {
    double age = request->view.age_ms;
    serve_out_count(out, "seq", request->view.seq);
    serve_out_number(out, "age_ms", age < 0 ? 0 : floor(age), 15); /* NAN is null */
}

/* Those that come next are kept as they are now. */
static void keep_pages(struct serve_request *r, const struct serve_list *list, const char *head, size_t size) {
    if (!list->from && r->row && r->row->pages && r->pages && r->client && r->client->proved)
        serve_pages_keep(r, list, head, size);
}

void serve_list_write_terse(struct serve_request *request, const struct serve_list *list, struct serve_out *out) {
    size_t i = list->from;
    if (i >= list->count) serve_out_raw(out, " -", 2);
    for (; i < list->count; i++) {
        struct serve_out before = *out;
        list->item(list->user, i, out);
        if (!out->full) continue;
        *out = before;
        break;
    }
    if (i < list->count) keep_pages(request, list, NULL, 0);
}

void serve_list_write(struct serve_request *request, const struct serve_list *list, struct serve_out *out) {
    enum { TAIL = sizeof "],\"next\":18446744073709551615}" };
    size_t i = list->from, capacity = out->capacity, head = out->used;
    serve_out_begin(out, list->key, '[');
    out->capacity = capacity > TAIL + out->used ? capacity - TAIL : out->used;
    for (; i < list->count; i++) {
        struct serve_out before = *out;
        list->item(list->user, i, out);
        if (!out->full) continue;
        *out = before;
        if (i > list->from) break;
        list->brief(list->user, i, out);
    }
    out->capacity = capacity;
    serve_out_end(out, ']');
    if (i >= list->count) return;
    serve_out_count(out, "next", i);
    keep_pages(request, list, out->bytes, head);
}

/* ---- requests ---- */

static enum serve_code answer_ping(struct serve_request *r, struct serve_out *out) {
    struct serve_client *client = r->client;
    if (r->count && !client->proved) {
        if (strcmp(r->arguments[0], client->proof)) return serve_refuse(r, SERVE_PROVE, "not the proof");
        client->proved = true;
    }
    serve_out_text(out, "pong", "ocelli");
    serve_out_count(out, "protocol", SERVE_PROTOCOL);
    return SERVE_OK;
}

static void write_fault(const void *user, size_t i, struct serve_out *out) {
    serve_out_text(out, NULL, ((const char *const *)user)[i]);
}

/* A text's first `most` bytes, as far as they are whole characters. */
static void write_cut(const char *text, size_t most, struct serve_out *out) {
    char cut[FAULT_LONG + sizeof "..."];
    size_t length = strnlen(text, most + 1);
    bool whole = length <= most;
    if (!whole) length = most;
    while (!whole && length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    snprintf(cut, sizeof cut, "%.*s%s", (int)length, text, whole ? "" : "...");
    serve_out_text(out, NULL, cut);
}

static void write_long_fault(const void *user, size_t i, struct serve_out *out) {
    write_cut(((const char *const *)user)[i], FAULT_LONG, out);
}

static void write_brief_fault(const void *user, size_t i, struct serve_out *out) {
    write_cut(((const char *const *)user)[i], FAULT_BRIEF, out);
}

static void write_field(const struct serve_field *field, struct serve_out *out) {
    if (field->text)
        serve_out_text(out, field->name, field->text);
    else
        serve_out_number(out, field->name, field->number, 9);
}

/* The last fields are left out where they would take the place of the faults. */
static void write_fields(const struct serve_field *fields, size_t count, size_t reserve, struct serve_out *out) {
    size_t capacity = out->capacity;
    out->capacity = capacity > reserve ? capacity - reserve : 0;
    for (size_t i = 0; i < count; i++) {
        struct serve_out before = *out;
        write_field(&fields[i], out);
        if (!out->full) continue;
        *out = before;
        break;
    }
    out->capacity = capacity;
}

static enum serve_code answer_status(struct serve_request *request, struct serve_out *out) {
    const struct serve_callbacks *b = request->callbacks;
    struct serve_field fields[SERVE_FIELDS];
    const char *const *texts = NULL;
    size_t count = b->status(b->user, fields), faults = b->faults ? b->faults(b->user, &texts) : 0;
    struct serve_list list = {"faults",
                              request->from < faults ? request->from : faults,
                              faults,
                              request->client ? write_long_fault : write_fault,
                              write_brief_fault,
                              texts};
    serve_out_count(out, "protocol", SERVE_PROTOCOL);
    serve_out_text(out, "program", "ocelli " OCELLI_VERSION);
    serve_out_text(out, "model", request->view.model ? request->view.model : "none");
    write_fields(fields, count, faults ? FAULTS_PLACE : sizeof ",\"faults\":[]}", out);
    serve_list_write(request, &list, out);
    return SERVE_OK;
}

static enum serve_code answer_pause(struct serve_request *r, struct serve_out *out) {
    const struct serve_callbacks *b = r->callbacks;
    bool on = !strcmp(r->arguments[0], "on");
    if (!on && strcmp(r->arguments[0], "off")) return serve_refuse(r, SERVE_USAGE, "usage: %s", r->row->usage);
    if (!b->pause) return serve_refuse(r, SERVE_ABSENT, "it cannot be paused");
    b->pause(b->user, on);
    serve_out_bool(out, "paused", on);
    return SERVE_OK;
}

static enum serve_code answer_help(struct serve_request *r, struct serve_out *out) {
    char text[256] = "";
    const struct serve_row *row = r->count ? serve_row_of_verb(r->arguments[0]) : NULL;
    if (r->count && !row) return serve_refuse(r, SERVE_VERB, "no such verb; help lists them");
    for (size_t i = 0; !row && i < serve_row_count; i++)
        if (serve_rows[i].verb)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", serve_rows[i].verb);
    if (row) snprintf(text, sizeof text, "%s: %s", row->usage, row->help);
    serve_out_text(out, "help", text);
    return SERVE_OK;
}
