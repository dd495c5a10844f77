/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tune/tune.h"
#include "ocelli/common/plain.h"
#include "text/json.h"

#include <string.h>

enum { SHOWN = 15 }; /* the JSON has all */

static const struct tune_way *winner(const struct tune *t) {
    return &t->result.ways[t->result.winner];
}

/* ---- for people ---- */

static void put_name(FILE *to, const struct tune *t, size_t at) {
    const struct tune_result *r = &t->result;
    if (at == r->ensemble)
        fprintf(to, "the %zu chosen ones averaged", r->ways[at].count);
    else if (at == r->all)
        fprintf(to, "all %zu averaged", r->ways[at].count);
    else
        plain_text(to, t->candidates.texts[at]);
}

static void put_line(const struct tune *t, size_t at) {
    const struct tune_way *w = &t->result.ways[at];
    const struct eval_difference *d = &w->held.against;
    char interval[64];
    snprintf(interval, sizeof interval, "%+.2f to %+.2f", 100 * d->low, 100 * d->high);
    printf("%6.2f %%  %+7.2f  %-18s%+8.2f  ", 100 * w->held.top1, 100 * d->difference, interval,
           100 * w->chosen.against.difference);
    put_name(stdout, t, at);
    puts(at == t->result.winner ? "   <- chosen" : "");
}

static void put_table(const struct tune *t) {
    const struct tune_result *r = &t->result;
    size_t shown = r->count < SHOWN ? r->count : SHOWN;
    bool base = false, won = false;
    puts("held out           95 % interval       chosen on  template");
    for (size_t i = 0; i < shown; i++) {
        put_line(t, r->by_held[i]);
        base = base || r->by_held[i] == 0, won = won || r->by_held[i] == r->winner;
    }
    if (shown < r->count) printf("%*s(%zu more: --json has all)\n", 47, "", r->count - shown);
    if (!won) put_line(t, r->winner);
    if (!base && r->winner) put_line(t, 0);
}

void tune_show(const struct tune *t) {
    const struct tune_way *w = winner(t);
    const struct eval_difference *d = &w->held.against;
    plain_text(stdout, t->model);
    printf(" on ");
    plain_text(stdout, t->device);
    printf(": %zu pictures of %zu classes, %zu to choose on, %zu held out\n", t->data.count, t->data.classes,
           t->chosen_count, t->held_count);
    printf("top-1, and points against ");
    plain_text(stdout, t->candidates.texts[0]);
    puts("\n");
    put_table(t);
    printf("\nchosen: ");
    put_name(stdout, t, t->result.winner);
    printf(": %+.2f points on the pictures held out, 95 %% interval %+.2f to %+.2f: %s\n\n", 100 * d->difference,
           100 * d->low, 100 * d->high, eval_verdict(d));
    tune_write_ini(stdout, t);
}

/* ---- for programs ---- */

void tune_write_ini(FILE *to, const void *user) {
    const struct tune *t = user;
    const struct tune_way *w = winner(t);
    const struct eval_difference *d = &w->held.against;
    fprintf(to,
            "# ocelli prompts --tune: top-1 %.2f %% of %zu pictures held out, %+.2f points (95 %% interval %+.2f to "
            "%+.2f) against\n# ",
            100 * w->held.top1, t->held_count, 100 * d->difference, 100 * d->low, 100 * d->high);
    plain_text(to, t->candidates.texts[0]);
    fputs("\n[templates]\n", to);
    for (size_t i = 0; i < w->count; i++) {
        fputs("template = ", to);
        fputs(t->candidates.texts[w->members[i]], to);
        putc('\n', to);
    }
}

static void part(struct json *j, const char *key, const struct tune_part *p) {
    json_begin(j, key, '{');
    json_count(j, "pictures", p->count);
    json_number(j, "acc1", p->top1, JSON_FLOAT);
    json_number(j, "nll", p->nll, JSON_FLOAT);
    json_number(j, "difference", p->against.difference, JSON_FLOAT);
    json_number(j, "low", p->against.low, JSON_FLOAT);
    json_number(j, "high", p->against.high, JSON_FLOAT);
    json_count(j, "only_first", p->against.only_first);
    json_count(j, "only_here", p->against.only_second);
    json_end(j, '}');
}

static void way(struct json *j, const char *key, const struct tune *t, size_t at) {
    const struct tune_way *w = &t->result.ways[at];
    json_begin(j, key, '{');
    json_begin(j, "templates", '[');
    for (size_t i = 0; i < w->count; i++) json_text(j, NULL, t->candidates.texts[w->members[i]]);
    json_end(j, ']');
    json_text(j, "kind", at == t->result.ensemble ? "ensemble" : at == t->result.all ? "all" : "single");
    part(j, "chosen_on", &w->chosen);
    part(j, "held_out", &w->held);
    json_text(j, "verdict", eval_verdict(&w->held.against));
    json_end(j, '}');
}

void tune_write_json(FILE *to, const struct tune *t) {
    struct json j = {.to = to};
    json_begin(&j, NULL, '{');
    json_text(&j, "model", t->model);
    json_text(&j, "device", t->device);
    json_count(&j, "pictures", t->data.count);
    json_count(&j, "unread", t->input.lost);
    json_count(&j, "classes", t->data.classes);
    json_text(&j, "against", t->candidates.texts[0]);
    way(&j, "winner", t, t->result.winner);
    json_begin(&j, "ways", '[');
    for (size_t i = 0; i < t->result.count; i++) way(&j, NULL, t, t->result.by_held[i]);
    json_end(&j, ']');
    json_end(&j, '}');
    putc('\n', to);
}
