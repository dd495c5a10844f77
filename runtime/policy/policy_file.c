/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_file.h"
#include "base/compose.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/log.h"
#include "policy/policy_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[POLICY_ACTIONS] = {"flag", "blur", "drop"};

struct parser {
    struct policy_file *file;
    struct policy *policy; /* whose section this is */
    struct policy spare;   /* for one that is refused, whose lines may have faults too */
};

static const struct policy_rule no_rule = {
    .threshold = (double)NAN, .budget = (double)NAN, .learnt = (double)NAN, .learnt_budget = (double)NAN};

const char *policy_action_name(enum policy_action action) {
    return actions[action];
}

double policy_threshold(const struct policy_rule *rule) {
    return isnan(rule->threshold) ? rule->learnt : rule->threshold;
}

const struct prompts_list *policy_file_templates(const struct policy_file *file, const struct policy *policy) {
    return policy->templates.count ? &policy->templates : &file->templates;
}

static int out_of_memory(const struct ini_place *at) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", at->file);
}

/* ---- values ---- */

static int again(const struct ini_place *at, const char *key, size_t first) {
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s again, first in line %zu: keep one", at->file, at->line, key, first);
}

static int take_threshold(const struct ini_place *at, const char *key, const char *value, double *to) {
    if (ini_number(value, to) && fabs(*to) <= 1) return OCELLI_OK;
    *to = (double)NAN;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": a margin of cosines is a number from -1 to 1, as 0.03",
                    at->file, at->line, key, value);
}

/* "1%" */
static bool share_of(const char *text, size_t length, double *share) {
    char number[16];
    if (length < 2 || length > sizeof number || text[length - 1] != '%') return false;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    bool good = ini_number(number, share) && *share >= 0.01 && *share <= 50;
    *share /= 100;
    return good;
}

static int take_budget(const struct ini_place *at, const char *value, double *to) {
    if (share_of(value, strlen(value), to)) return OCELLI_OK;
    *to = (double)NAN;
    return log_fail(OCELLI_ERR_FILE,
                    "%s:%zu: false_alarms = \"%s\": give the share of ordinary pictures, from 0.01%% to 50%%, as 1%%",
                    at->file, at->line, value);
}

/* "1% 0123456789abcdef" */
static int take_learnt_for(const struct ini_place *at, const char *value, struct policy_rule *rule) {
    const char *blank = strchr(value, ' ');
    bool good = blank && share_of(value, (size_t)(blank - value), &rule->learnt_budget) &&
                strlen(blank + 1) == POLICY_KEY_SIZE - 1 &&
                strspn(blank + 1, "0123456789abcdef") == POLICY_KEY_SIZE - 1;
    if (good) memcpy(rule->learnt_key, blank + 1, POLICY_KEY_SIZE);
    if (good) return OCELLI_OK;
    return log_fail(
        OCELLI_ERR_FILE,
        "%s:%zu: learnt_for is not as `ocelli moderate --learn` writes it: remove the learnt lines and learn "
        "again",
        at->file, at->line);
}

/* false: it is no key of a rule. *status: what became of one. */
static bool rule_value(struct policy_rule *rule, const struct ini_place *at, const char *key, const char *value,
                       int *status) {
    static const char *const names[] = {"threshold", "false_alarms", "learnt", "learnt_for", "learnt_from"};
    size_t *lines[] = {&rule->threshold_line, &rule->budget_line, &rule->learnt_line, &rule->learnt_for_line,
                       &rule->learnt_from_line};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && strcmp(names[i], key)) i++;
    if (i == sizeof names / sizeof *names) return false;
    *status = OCELLI_OK;
    if (*lines[i])
        *status = again(at, key, *lines[i]);
    else if (i == 0 || i == 2)
        *status = take_threshold(at, key, value, i ? &rule->learnt : &rule->threshold);
    else if (i == 1)
        *status = take_budget(at, value, &rule->budget);
    else if (i == 3)
        *status = take_learnt_for(at, value, rule);
    if (!*lines[i]) *lines[i] = at->line; /* learnt_from is for people */
    return true;
}

static int no_value(const struct ini_place *at, const char *key) {
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has no value: write one or remove the line", at->file, at->line, key);
}

static int take_action(struct policy *policy, const struct ini_place *at, const char *value) {
    if (policy->action_line) return again(at, "action", policy->action_line);
    policy->action_line = at->line;
    for (int i = 0; i < POLICY_ACTIONS; i++)
        if (!strcmp(value, actions[i])) {
            policy->action = (enum policy_action)i;
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: action = \"%s\": give flag, blur or drop", at->file, at->line, value);
}

static int take_template(struct policy_file *f, struct prompts_list *list, const struct ini_place *at,
                         const char *value) {
    if (prompts_slot(value)) return prompts_add_composed(list, &f->arena, value);
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: template \"%s\": write {} exactly once, where the prompt goes", at->file,
                    at->line, value);
}

/* ---- sections ---- */

static int begin_policy(void *user, const struct ini_place *at, const char *name) {
    struct parser *p = user;
    struct policy_file *f = p->file;
    const char *composed = compose_copy(&f->arena, name);
    size_t same;
    if (!composed) return out_of_memory(at);
    p->spare = (struct policy){.name = composed, .line = at->line, .rule = no_rule};
    p->policy = &p->spare;
    if (lookup_find(&f->names, composed, &same))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: policy \"%s\" again, first in line %zu: join the two", at->file,
                        at->line, name, f->policies[same].line);
    if (f->count == POLICY_MOST)
        return log_fail(OCELLI_ERR_LIMIT, "%s:%zu: more than %d policies", at->file, at->line, POLICY_MOST);
    p->policy = &f->policies[f->count];
    *p->policy = p->spare;
    lookup_add(&f->names, composed, f->count++);
    return OCELLI_OK;
}

static int policy_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct parser *p = user;
    struct policy *policy = p->policy;
    int status = OCELLI_OK;
    if (!*value) return no_value(at, key);
    if (!strcmp(key, "prompt")) return prompts_add_composed(&policy->prompts, &p->file->arena, value);
    if (!strcmp(key, "against")) return prompts_add_composed(&policy->against, &p->file->arena, value);
    if (!strcmp(key, "template")) return take_template(p->file, &policy->templates, at, value);
    if (!strcmp(key, "action")) return take_action(policy, at, value);
    if (rule_value(&policy->rule, at, key, value, &status)) return status;
    return log_fail(
        OCELLI_ERR_FILE,
        "%s:%zu: unknown key \"%s\": prompt, against, template, action, threshold and false_alarms are known "
        "in a policy",
        at->file, at->line, key);
}

static int begin_abstain(void *user, const struct ini_place *at, const char *unused) {
    struct policy_file *f = ((struct parser *)user)->file;
    (void)unused;
    if (f->abstains)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: [abstain] again, first in line %zu: join the two", at->file, at->line,
                        f->abstain_line);
    f->abstains = true, f->abstain_line = at->line;
    return OCELLI_OK;
}

static int abstain_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct policy_file *f = ((struct parser *)user)->file;
    int status;
    if (!*value) return no_value(at, key);
    if (rule_value(&f->abstain, at, key, value, &status)) return status;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": threshold and false_alarms are known in [abstain]",
                    at->file, at->line, key);
}

static int template_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct policy_file *f = ((struct parser *)user)->file;
    if (strcmp(key, "template"))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": only template is known outside a policy",
                        at->file, at->line, key);
    return *value ? take_template(f, &f->templates, at, value) : no_value(at, key);
}

/* ---- all ---- */

static int parse(struct policy_file *f, const void *bytes, size_t size, const char *path, struct faults *faults) {
    struct parser p = {.file = f};
    const struct ini_section sections[] = {
        {.name = "", .user = &p, .value = template_value},
        {.name = "templates", .user = &p, .value = template_value},
        {.name = "policy", .named = true, .user = &p, .begin = begin_policy, .value = policy_value},
        {.name = "abstain", .user = &p, .begin = begin_abstain, .value = abstain_value},
    };
    const struct ini_table table = {sections, sizeof sections / sizeof *sections, NULL};
    f->abstain = no_rule;
    f->path = arena_copy(&f->arena, path, strlen(path));
    f->policies = arena_alloc(&f->arena, POLICY_MOST, sizeof *f->policies);
    if (!f->path || !f->policies || !lookup_init(&f->names, &f->arena, POLICY_MOST))
        return out_of_memory(&(struct ini_place){.file = path});
    int status = ini_read(bytes, size, path, &table, faults);
    return status ? status : policy_check(f, faults);
}

int policy_file_parse(struct policy_file *file, const void *bytes, size_t size, const char *path,
                      struct faults *faults) {
    *file = (struct policy_file){.count = 0};
    int status = parse(file, bytes, size, path, faults);
    if (status) policy_file_finish(file);
    return status;
}

int policy_file_read(struct policy_file *file, const char *path, struct faults *faults) {
    char *bytes;
    size_t size;
    *file = (struct policy_file){.count = 0};
    int status = file_load(path, &bytes, &size);
    if (status) return status;
    status = policy_file_parse(file, bytes, size, path, faults);
    free(bytes);
    return status;
}

void policy_file_finish(struct policy_file *file) {
    arena_finish(&file->arena);
    *file = (struct policy_file){.count = 0};
}
