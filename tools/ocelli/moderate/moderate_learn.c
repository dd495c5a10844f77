/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/moderate/moderate_learn.h"
#include "base/file_swap.h"
#include "base/ini_edit.h"
#include "base/log.h"
#include "ocelli/common/plain.h"
#include "ocelli/moderate/moderate_samples.h"
#include "policy/policy_learn.h"
#include "text/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a policy, or of [abstain] (policy: NULL). */
struct outcome {
    const struct policy *policy;
    const struct policy_rule *rule;
    struct policy_level level; /* its threshold as the file will have it */
    bool learnt;               /* there is a line to be written */
    size_t labelled, found;
};

static const char *name_of(const struct outcome *o) {
    return o->policy ? o->policy->name : "[abstain]";
}

/* ---- learning ---- */

/* Of an author's threshold, what it does. */
static void measure(struct outcome *o, const double *values, size_t count, double threshold) {
    size_t over = 0;
    for (size_t i = 0; i < count; i++) over += values[i] >= threshold;
    o->level = (struct policy_level){threshold, count, over,
                                     count ? policy_learn_share(over, count) : (struct policy_interval){0, 1}};
}

static int too_few(const struct outcome *o, const char *path, size_t count) {
    return log_fail(
        OCELLI_ERR_FILE,
        "%s: \"%s\": %zu ordinary picture%s too few for false_alarms = %g%%: give at least %zu, or allow more "
        "false alarms",
        path, name_of(o), count, count == 1 ? " is" : "s are", 100 * o->rule->budget,
        policy_learn_needs(o->rule->budget));
}

static int learn_one(struct outcome *o, const struct samples *s, size_t policy) {
    const struct policy_file *f = &s->set->file;
    double *values, sign = policy == SAMPLES_ORDINARY ? -1 : 1;
    size_t count;
    bool abstain = policy == SAMPLES_ORDINARY;
    *o = (struct outcome){abstain ? NULL : &f->policies[policy], abstain ? &f->abstain : &f->policies[policy].rule};
    int status = samples_values(s, policy, &values, &count);
    if (status) return status;
    o->learnt = !o->rule->threshold_line;
    if (!o->learnt)
        measure(o, values, count, sign * o->rule->threshold);
    else if (!policy_learn(values, count, o->rule->budget, &o->level))
        status = too_few(o, f->path, count);
    o->level.threshold *= sign;
    free(values);
    if (status || abstain) return status;
    o->labelled = s->labelled[policy], o->found = samples_found(s, policy, o->level.threshold);
    return OCELLI_OK;
}

/* ---- the file ---- */

static void percent_of(char text[16], double share) {
    snprintf(text, 16, "%.*f%%", share < 0.1 ? 2 : 1, 100 * share);
}

/* "57 of 5776 ordinary pictures; of others 0.76% to 1.27%" */
static void write_basis(char *text, size_t size, const struct outcome *o) {
    char low[16], high[16];
    percent_of(low, o->level.others.low), percent_of(high, o->level.others.high);
    snprintf(text, size, "%zu of %zu ordinary pictures; of others %s to %s", o->level.over, o->level.count, low, high);
}

static void write_found(char *text, size_t size, const struct outcome *o) {
    char low[16], high[16];
    struct policy_interval share = policy_learn_share(o->found, o->labelled);
    percent_of(low, share.low), percent_of(high, share.high);
    snprintf(text, size, "finds %zu of %zu labelled ones; of others %s to %s", o->found, o->labelled, low, high);
}

/* *text gets another one with the learnt lines. */
static int edit(struct ini_text *text, const struct moderate_set *set, const struct outcome *o) {
    char threshold[32], learnt_for[64], basis[120], key[POLICY_KEY_SIZE];
    const char *values[] = {threshold, learnt_for, basis};
    const struct ini_lines lines[] = {
        {"learnt", &values[0], 1}, {"learnt_for", &values[1], 1}, {"learnt_from", &values[2], 1}};
    struct ini_text edited;
    policy_file_key(&set->file, o->policy, set->model_key, key);
    snprintf(threshold, sizeof threshold, "%.6f", o->level.threshold);
    snprintf(learnt_for, sizeof learnt_for, "%g%% %s", 100 * o->rule->budget, key);
    write_basis(basis, sizeof basis, o);
    struct ini_name section = {o->policy ? "policy" : "abstain", o->policy ? o->policy->name : NULL};
    int status = ini_edit_set(text, section, lines, 3, &edited);
    if (status) return status;
    free(text->bytes);
    *text = edited;
    return OCELLI_OK;
}

static int write_file(const struct moderate_set *set, const struct ini_text *text) {
    struct policy_file check;
    bool changed = false;
    int status = policy_file_parse(&check, text->bytes, text->size, set->file.path, NULL);
    policy_file_finish(&check);
    if (status) return status;
    file_swap_clean(set->file.path);
    status = file_swap(&(struct file_swap){.path = set->file.path,
                                           .old = set->text,
                                           .old_size = set->text_size,
                                           .bytes = text->bytes,
                                           .size = text->size},
                       &changed);
    if (!status && changed)
        return log_fail(OCELLI_ERR_FILE, "%s: was saved by another program meanwhile: it stays as it is; learn again",
                        set->file.path);
    return status;
}

static int save(const struct moderate_set *set, const struct outcome *all, size_t count) {
    struct ini_text text = {malloc(set->text_size + 1), set->text_size, set->file.path};
    if (!text.bytes) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", set->file.path);
    memcpy(text.bytes, set->text, set->text_size);
    int status = OCELLI_OK;
    bool any = false;
    for (size_t i = 0; !status && i < count; i++)
        if (all[i].learnt) any = true, status = edit(&text, set, &all[i]);
    if (!status && any && (text.size != set->text_size || memcmp(text.bytes, set->text, text.size)))
        status = write_file(set, &text);
    free(text.bytes);
    return status;
}

/* ---- what is told ---- */

static void show_plain(const struct outcome *o) {
    char text[160];
    plain_text(stdout, name_of(o));
    write_basis(text, sizeof text, o);
    printf(": %s %.6f: %s", o->learnt ? "learnt" : "threshold", o->level.threshold, text);
    if (o->labelled) write_found(text, sizeof text, o), printf("; %s", text);
    putchar('\n');
}

static void show_interval(struct json *j, const char *key, struct policy_interval share) {
    json_begin(j, key, '[');
    json_number(j, NULL, share.low, JSON_SHORT);
    json_number(j, NULL, share.high, JSON_SHORT);
    json_end(j, ']');
}

static void show_json(const struct outcome *o) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, o->policy ? "policy" : "section", o->policy ? o->policy->name : "abstain");
    json_number(&j, o->learnt ? "learnt" : "threshold", o->level.threshold, JSON_FLOAT);
    json_number(&j, "budget", o->rule->budget, JSON_SHORT);
    json_count(&j, "ordinary", o->level.count);
    json_count(&j, "over", o->level.over);
    show_interval(&j, "others", o->level.others);
    if (o->labelled) {
        json_count(&j, "labelled", o->labelled);
        json_count(&j, "found", o->found);
        show_interval(&j, "finds", policy_learn_share(o->found, o->labelled));
    }
    json_end(&j, '}');
    putchar('\n');
}

/* ---- all ---- */

/* All faults are told, and then nothing is written. */
static int learn_all(struct outcome *all, const struct samples *s) {
    const struct policy_file *f = &s->set->file;
    int first = OCELLI_OK;
    for (size_t i = 0; i < f->count + f->abstains; i++) {
        int status = learn_one(&all[i], s, i < f->count ? i : SAMPLES_ORDINARY);
        if (!first) first = status;
        if (status == OCELLI_ERR_MEMORY) break;
    }
    return first;
}

int moderate_learn(struct moderate_set *set, const struct moderate_request *request, struct picture_list *list,
                   bool json, size_t *unread) {
    size_t count = set->file.count + set->file.abstains;
    struct samples samples = {.set = set};
    struct outcome *all = calloc(count, sizeof *all);
    int status =
        all ? samples_take(&samples, request, list, unread) : log_fail(OCELLI_ERR_MEMORY, "out of memory for policies");
    if (!status) status = learn_all(all, &samples);
    if (!status) status = save(set, all, count);
    for (size_t i = 0; !status && i < count; i++) (json ? show_json : show_plain)(&all[i]);
    samples_finish(&samples);
    free(all);
    return status;
}
