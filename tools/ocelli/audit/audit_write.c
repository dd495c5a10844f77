/* SPDX-License-Identifier: Apache-2.0
 * An audit for programs: JSON and tables, and the files that hold them. */
#include "base/log.h"
#include "ocelli/audit/audit.h"
#include "ocelli/common/csv.h"
#include "ocelli/common/stream_save.h"
#include "text/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DIGITS = 12 };

/* ---- JSON ---- */

static void write_mean(struct json *j, const char *key, const struct audit_mean *m) {
    json_begin(j, key, '{');
    json_number(j, "mean", m->value, DIGITS);
    json_number(j, "low", m->low, DIGITS);
    json_number(j, "high", m->high, DIGITS);
    json_number(j, "largest", m->largest, DIGITS);
    json_end(j, '}');
}

static void write_shift(struct json *j, const struct audit *a, const struct audit_shift *s) {
    json_begin(j, NULL, '{');
    json_text(j, "tag", a->set.tags[s->tag].name);
    json_text(j, "prompt", s->prompt);
    json_text(j, "swapped", s->swapped);
    write_mean(j, "cosine_shift", &s->cosine);
    write_mean(j, "score_shift", &s->score);
    json_number(j, "selection_rate", s->selection.first, DIGITS);
    json_number(j, "selection_rate_swapped", s->selection.second, DIGITS);
    json_begin(j, "selection_difference", '{');
    json_number(j, "difference", s->selection.difference, DIGITS);
    json_number(j, "low", s->selection.low, DIGITS);
    json_number(j, "high", s->selection.high, DIGITS);
    json_count(j, "only_first", s->selection.only_first);
    json_count(j, "only_swapped", s->selection.only_second);
    json_end(j, '}');
    json_end(j, '}');
}

static void write_swap(struct json *j, const struct audit *a, const struct audit_swap *s) {
    json_begin(j, NULL, '{');
    json_text(j, "first", s->pair->first);
    json_text(j, "second", s->pair->second);
    json_count(j, "changed", s->changed);
    json_begin(j, "prompts", '[');
    for (size_t i = 0; i < s->count; i++) write_shift(j, a, &s->shifts[i]);
    json_end(j, ']');
    json_end(j, '}');
}

static void write_gap(struct json *j, const char *key, const struct audit_gap *g) {
    json_begin(j, key, '{');
    json_number(j, "value", g->value, DIGITS);
    json_number(j, "low", g->low, DIGITS);
    json_number(j, "high", g->high, DIGITS);
    json_number(j, "chance", g->chance, DIGITS);
    json_end(j, '}');
}

static void write_tag(struct json *j, const struct audit *a, size_t tag) {
    const struct audit_fairness *f = &a->fairness[tag];
    json_begin(j, NULL, '{');
    json_text(j, "tag", a->set.tags[tag].name);
    write_gap(j, "demographic_parity_difference", &f->parity);
    if (a->labelled) write_gap(j, "equalized_odds_difference", &f->odds);
    json_begin(j, "groups", '[');
    for (size_t g = 0; g < f->groups; g++) {
        const struct audit_rates *r = &f->rates[g];
        json_begin(j, NULL, '{');
        json_text(j, "group", a->input.group_names[g]);
        json_count(j, "pictures", r->count);
        json_number(j, "selection_rate", audit_selection_rate(r), DIGITS);
        if (a->labelled) {
            json_count(j, "positives", r->positives);
            json_number(j, "fpr", audit_false_positive_rate(r), DIGITS);
            json_number(j, "fnr", audit_false_negative_rate(r), DIGITS);
        }
        json_end(j, '}');
    }
    json_end(j, ']');
    json_end(j, '}');
}

static void write_groups(struct json *j, const struct audit *a) {
    json_begin(j, "groups", '[');
    for (size_t g = 0; g < a->input.group_count; g++) {
        json_begin(j, NULL, '{');
        json_text(j, "group", a->input.group_names[g]);
        json_count(j, "pictures", a->fairness[0].rates[g].count);
        if (a->labelled) json_number(j, "accuracy", a->accuracy[g], DIGITS);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_begin(j, "tags", '[');
    for (size_t i = 0; i < a->set.count; i++) write_tag(j, a, a->by_gap[i]);
    json_end(j, ']');
}

void audit_write_json(FILE *to, const struct audit *a) {
    struct json j = {.to = to};
    json_begin(&j, NULL, '{');
    json_text(&j, "model", a->model);
    json_text(&j, "device", a->device);
    json_count(&j, "pictures", a->input.count);
    json_count(&j, "unread", a->input.lost);
    json_text(&j, "selects", isnan(a->request->threshold) ? "best" : "threshold");
    if (!isnan(a->request->threshold)) json_number(&j, "threshold", a->request->threshold, DIGITS);
    json_begin(&j, "pairs", '[');
    for (size_t i = 0; i < a->pairs.count; i++) write_swap(&j, a, &a->swaps[i]);
    json_end(&j, ']');
    if (a->fairness) write_groups(&j, a);
    json_end(&j, '}');
    putc('\n', to);
}

/* ---- tables ---- */

static void header(struct csv *c, const char *const *names) {
    for (; *names; names++) csv_text(c, *names);
    csv_end_line(c);
}

void audit_write_pairs(FILE *to, const struct audit *a) {
    static const char *const names[] = {"first",
                                        "second",
                                        "tag",
                                        "prompt",
                                        "swapped",
                                        "cosine_shift",
                                        "score_shift",
                                        "score_low",
                                        "score_high",
                                        "score_largest",
                                        "selection",
                                        "selection_swapped",
                                        "difference",
                                        "difference_low",
                                        "difference_high",
                                        NULL};
    struct csv c = {.to = to};
    header(&c, names);
    for (size_t p = 0; p < a->pairs.count; p++)
        for (size_t i = 0; i < a->swaps[p].count; i++) {
            const struct audit_shift *s = &a->swaps[p].shifts[i];
            const double numbers[] = {s->cosine.value,     s->score.value,          s->score.low,
                                      s->score.high,       s->score.largest,        s->selection.first,
                                      s->selection.second, s->selection.difference, s->selection.low,
                                      s->selection.high};
            csv_text(&c, a->pairs.pairs[p].first);
            csv_text(&c, a->pairs.pairs[p].second);
            csv_text(&c, a->set.tags[s->tag].name);
            csv_text(&c, s->prompt);
            csv_text(&c, s->swapped);
            for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) csv_number(&c, numbers[k], JSON_SHORT);
            csv_end_line(&c);
        }
}

void audit_write_groups(FILE *to, const struct audit *a) {
    static const char *const names[] = {"tag", "group", "pictures", "selection", "positives", "fpr", "fnr", NULL};
    struct csv c = {.to = to};
    header(&c, names);
    for (size_t k = 0; a->fairness && k < a->set.count; k++)
        for (size_t g = 0; g < a->input.group_count; g++) {
            const struct audit_rates *r = &a->fairness[k].rates[g];
            csv_text(&c, a->set.tags[k].name);
            csv_text(&c, a->input.group_names[g]);
            csv_number(&c, (double)r->count, JSON_FLOAT);
            csv_number(&c, audit_selection_rate(r), JSON_FLOAT);
            csv_number(&c, a->labelled ? (double)r->positives : (double)NAN, JSON_FLOAT);
            csv_number(&c, a->labelled ? audit_false_positive_rate(r) : (double)NAN, JSON_FLOAT);
            csv_number(&c, a->labelled ? audit_false_negative_rate(r) : (double)NAN, JSON_FLOAT);
            csv_end_line(&c);
        }
}

void audit_write_pictures(FILE *to, const struct audit *a) {
    static const char *const names[] = {"image", "group", "label", "tag", "cosine", "score", "selected", NULL};
    struct csv c = {.to = to};
    const struct eval_input *in = &a->input;
    header(&c, names);
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < a->set.count; k++) {
            size_t at = i * a->set.count + k;
            csv_text(&c, eval_input_name(in, i));
            csv_text(&c, in->group_count ? in->group_names[in->groups[i]] : NULL);
            csv_text(&c, in->labels[i] == EVAL_NO_CLASS ? NULL : a->set.tags[in->labels[i]].name);
            csv_text(&c, a->set.tags[k].name);
            csv_number(&c, (double)a->scores.cosines[at], JSON_SHORT);
            csv_number(&c, (double)a->scores.scores[at], JSON_SHORT);
            csv_number(&c, a->scores.selected[at], JSON_FLOAT);
            csv_end_line(&c);
        }
}

/* ---- files ---- */

struct job {
    void (*write)(FILE *to, const struct audit *audit);
    const struct audit *audit;
};

static void put(FILE *to, const void *user) {
    const struct job *job = user;
    job->write(to, job->audit);
}

static int save_in(const char *folder, const char *name, const struct job *job) {
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (!path) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", folder);
    sprintf(path, "%s/%s", folder, name);
    int status = stream_save(path, put, job);
    free(path);
    return status;
}

int audit_write(const struct audit *a) {
    static const struct {
        const char *name;
        void (*write)(FILE *, const struct audit *);
    } files[] = {{"audit.json", audit_write_json},
                 {"pairs.csv", audit_write_pairs},
                 {"groups.csv", audit_write_groups},
                 {"pictures.csv", audit_write_pictures},
                 {"report.html", audit_write_page}};
    const struct audit_request *r = a->request;
    int status = OCELLI_OK;
    if (r->json) status = stream_save(r->json, put, &(struct job){audit_write_json, a});
    if (!status && r->csv) status = stream_save(r->csv, put, &(struct job){audit_write_pictures, a});
    if (!status && r->report) status = stream_save(r->report, put, &(struct job){audit_write_page, a});
    for (size_t i = 0; !status && r->folder && i < sizeof files / sizeof *files; i++)
        status = save_in(r->folder, files[i].name, &(struct job){files[i].write, a});
    return status;
}

bool audit_to_stdout(const struct audit_request *r) {
    const char *const all[] = {r->json, r->csv, r->report};
    for (size_t i = 0; i < 3; i++)
        if (all[i] && !strcmp(all[i], "-")) return true;
    return false;
}
