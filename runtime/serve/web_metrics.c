/* SPDX-License-Identifier: Apache-2.0
 * The status and the tags as Prometheus reads them (text format 0.0.4). */
#include "base/clock.h"
#include "serve/web.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *bytes; /* (capacity) */
    size_t used, capacity;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *to, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int size = vsnprintf(to->bytes + to->used, to->capacity - to->used, format, values);
    va_end(values);
    if (size > 0 && (size_t)size < to->capacity - to->used) to->used += (size_t)size; /* else it is left out */
}

/* Values of the status that only grow. */
static bool is_counter(const char *name) {
    static const char *const names[] = {"frames", "dropped", "still",         "pictures",     "events",
                                        "edits",  "judged",  "edits_refused", "history_kept", "history_lost"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

static void add_field(struct text *to, const struct serve_field *f) {
    const char *tail = is_counter(f->name) ? "_total" : "";
    if (f->text) return;
    add(to, "# TYPE ocelli_%s%s %s\n", f->name, tail, *tail ? "counter" : "gauge");
    if (isfinite(f->number)) add(to, "ocelli_%s%s %.15g\n", f->name, tail, f->number);
}

static void add_label(struct text *to, const char *name) {
    char escaped[2 * SERVE_NAME_CAPACITY + 1];
    size_t used = 0;
    for (; *name && used < sizeof escaped - 2; name++) {
        if (*name == '\\' || *name == '"') escaped[used++] = '\\';
        escaped[used++] = *name;
    }
    escaped[used] = 0;
    add(to, "{tag=\"%s\"}", escaped);
}

static double value_of(const struct tagger_status *t, int which) {
    return which == 0 ? t->state == TAGGER_ON : which == 1 ? (double)t->why.score : (double)t->why.margin;
}

static void add_tags(struct text *to, const struct serve_view *view) {
    static const char *const names[] = {"on", "score", "margin"};
    for (int which = 0; which < 3; which++) {
        add(to, "# TYPE ocelli_tag_%s gauge\n", names[which]);
        for (size_t i = 0; i < view->count; i++) {
            double value = value_of(&view->tags[i], which);
            if (!isfinite(value)) continue;
            add(to, "ocelli_tag_%s", names[which]);
            add_label(to, view->tags[i].tag);
            add(to, " %.9g\n", value);
        }
    }
}

enum MHD_Result web_answer_metrics(struct web_request *r) {
    const struct serve_callbacks *b = &r->web->serve->callbacks;
    struct text text = {.bytes = r->web->body, .capacity = sizeof r->web->body};
    struct serve_field fields[SERVE_FIELDS];
    struct serve_view view;
    const char *const *faults;
    size_t count = b->status(b->user, fields);
    for (size_t i = 0; i < count; i++) add_field(&text, &fields[i]);
    add(&text, "# TYPE ocelli_faults gauge\nocelli_faults %zu\n", b->faults ? b->faults(b->user, &faults) : 0);
    (b->tags ? b->tags : b->view)(b->user, &view);
    if (view.seq)
        add(&text, "# TYPE ocelli_frame_age_seconds gauge\nocelli_frame_age_seconds %.3f\n", view.age_ms / 1000);
    add_tags(&text, &view);
    return web_reply(r, 200, "text/plain; version=0.0.4; charset=utf-8", text.bytes, text.used);
}
