/* SPDX-License-Identifier: Apache-2.0
 * The tags' states, in four readings. */
#include "serve/request.h"
#include "serve/arguments.h"
#include "tag/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that are on first, then by score; of equals the first of the file. */
static int better(const void *a, const void *b) {
    const struct tagger_status *x = *(const struct tagger_status *const *)a,
                               *y = *(const struct tagger_status *const *)b;
    bool on_x = x->state == TAGGER_ON, on_y = y->state == TAGGER_ON;
    if (on_x != on_y) return on_x ? -1 : 1;
    if (x->why.score != y->why.score) return x->why.score > y->why.score ? -1 : 1;
    return x < y ? -1 : 1;
}

static const struct serve_order *sort(const struct serve_request *r) {
    const struct serve_view *view = &r->view;
    struct serve_order *o = r->order;
    if (o->stamp && o->stamp == view->stamp) return o;
    o->stamp = view->stamp;
    o->count = view->count < TAGS_FILE_TAGS ? view->count : TAGS_FILE_TAGS;
    for (size_t i = 0; i < o->count; i++) o->tag[i] = &view->tags[i];
    if (o->count > 1) qsort(o->tag, o->count, sizeof o->tag[0], better);
    return o;
}

/* ---- JSON, CBOR ---- */

static bool learns(const struct tagger_status *t) {
    return t->why.threshold == TAGGER_STARTER || t->why.threshold == TAGGER_NONE;
}

static void write_tag(const void *user, size_t i, struct serve_out *out) {
    const struct tagger_status *t = ((const struct serve_order *)user)->tag[i];
    serve_out_begin(out, NULL, '{');
    serve_out_text(out, "tag", t->tag);
    if (t->group) serve_out_text(out, "group", t->group);
    serve_out_text(out, "state", serve_state_name(t->state));
    serve_out_number(out, "score", (double)t->why.score, 4);
    serve_out_number(out, "margin", (double)t->why.margin, 4);
    serve_out_number(out, "cosine", (double)t->why.cosine, 4);
    serve_out_number(out, "percentile", (double)t->why.percentile, 5);
    serve_threshold_write(t->why.threshold, out);
    serve_out_number(out, "on", (double)t->why.on, 4);
    if (learns(t)) serve_out_number(out, "learnt", fmin(t->learnt_days * 86400 / CALIBRATE_MIN_S, 1), 2);
    serve_out_end(out, '}');
}

static void write_brief(const void *user, size_t i, struct serve_out *out) {
    const struct tagger_status *t = ((const struct serve_order *)user)->tag[i];
    serve_out_begin(out, NULL, '{');
    serve_out_text(out, "tag", t->tag);
    serve_out_text(out, "state", serve_state_name(t->state));
    serve_out_number(out, "score", (double)t->why.score, 4);
    serve_out_end(out, '}');
}

enum serve_code serve_tags(struct serve_request *request, struct serve_out *out) {
    const struct serve_order *s = sort(request);
    struct serve_list list = {"tags", request->from, s->count, write_tag, write_brief, s};
    serve_out_count(out, "version", request->view.version);
    serve_out_count(out, "count", s->count);
    serve_list_write(request, &list, out);
    return SERVE_OK;
}

/* ---- terse ---- */

static int terse_head(const struct serve_request *r, char text[96]) {
    return snprintf(text, 96, "TAGS %llu %.0f", (unsigned long long)r->view.seq, serve_terse_age(r->view.age_ms));
}

static void write_terse(const void *user, size_t i, struct serve_out *out) {
    const struct tagger_status *t = ((const struct serve_order *)user)->tag[i];
    char text[320], name[256];
    serve_arguments_join(name, sizeof name, t->tag);
    serve_out_raw(out, text, (size_t)snprintf(text, sizeof text, " %s:%.2f", name, (double)t->why.score));
}

enum serve_code serve_tags_terse(struct serve_request *request, struct serve_out *out) {
    char text[96], rest[SERVE_LINE];
    struct serve_out names = {.bytes = rest, .capacity = out->capacity - out->used};
    const struct serve_order *s = sort(request);
    struct serve_list list = {NULL, request->from, request->view.seq ? s->count : 0, write_terse, write_terse, s};
    names.capacity -= (size_t)terse_head(request, text) + 12; /* of a page that is kept they may have more digits */
    if (!serve_pages_answer(request, &names)) serve_list_write_terse(request, &list, &names);
    serve_out_raw(out, text, (size_t)terse_head(request, text));
    serve_out_raw(out, names.bytes, names.used);
    return SERVE_OK;
}

/* ---- SenML: RFC 8428 ---- */

/* Section 4.5.1: letters, digits and - : . / _, beginning with a letter or digit. */
static void put_senml_name(char *to, size_t capacity, const char *name, const char *suffix) {
    size_t i = 0;
    for (; name[i] && i + 8 < capacity; i++) {
        char c = name[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        to[i] = plain || (i && strchr("-:._", c)) ? c : i ? '_' : 'x';
    }
    snprintf(to + i, capacity - i, "%s", suffix);
}

/* Labels of section 6: bn -2, bt -3, n 0, v 2, vb 4. */
static void write_records(const struct serve_request *request, const struct tagger_status *status, bool first,
                          struct serve_out *out) {
    char name[256];
    put_senml_name(name, sizeof name, status->tag, "/score");
    serve_out_begin(out, NULL, '{');
    if (first) {
        serve_out_label(out, "bn", -2), serve_out_text(out, serve_labelled, "urn:ocelli:tags:");
        serve_out_label(out, "bt", -3), serve_out_number(out, serve_labelled, -fmax(request->view.age_ms, 0) / 1000, 6);
    }
    serve_out_label(out, "n", 0), serve_out_text(out, serve_labelled, name);
    serve_out_label(out, "v", 2), serve_out_number(out, serve_labelled, (double)status->why.score, 4);
    serve_out_end(out, '}');
    put_senml_name(name, sizeof name, status->tag, "/on");
    serve_out_begin(out, NULL, '{');
    serve_out_label(out, "n", 0), serve_out_text(out, serve_labelled, name);
    serve_out_label(out, "vb", 4), serve_out_bool(out, serve_labelled, status->state == TAGGER_ON);
    serve_out_end(out, '}');
}

/* Nothing before the first frame: there is no time to give. */
enum serve_code serve_tags_senml(struct serve_request *request, struct serve_out *out) {
    const struct serve_order *s = sort(request);
    for (size_t i = request->from; request->view.seq && i < s->count; i++)
        write_records(request, s->tag[i], i == request->from, out);
    return SERVE_OK;
}
