/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_check.h"
#include "base/log.h"
#include "base/sha256.h"
#include "tag/distractors.h"
#include "tag/tags_file.h"
#include "text/unicode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- each policy ---- */

static const char *fault_of(const struct prompts_list *list) {
    const char *found = NULL;
    for (size_t i = 0; !found && i < list->count; i++) found = unicode_fault(list->texts[i]);
    return found;
}

static int check_texts(const struct policy_file *f, const struct policy *p) {
    const struct prompts_list name = {.texts = (const char **)&p->name, .count = 1};
    const struct prompts_list *lists[] = {&name, &p->prompts, &p->against, &p->templates};
    const char *found = NULL;
    for (size_t i = 0; !found && i < sizeof lists / sizeof *lists; i++) found = fault_of(lists[i]);
    return found ? log_fail(OCELLI_ERR_FILE, "%s:%zu: this policy %s", f->path, p->line, found) : OCELLI_OK;
}

/* It would be its own rival: the margin could never be above 0. */
static int check_against(const struct policy_file *f, const struct policy *p) {
    for (size_t i = 0; i < p->prompts.count; i++)
        for (size_t k = 0; k < p->against.count; k++)
            if (!strcmp(p->prompts.texts[i], p->against.texts[k]))
                return log_fail(OCELLI_ERR_FILE,
                                "%s:%zu: policy \"%s\": \"%s\" is a prompt and stands against it too: keep one",
                                f->path, p->line, p->name, p->prompts.texts[i]);
    return OCELLI_OK;
}

static int check_prompts(const struct policy_file *f, const struct policy *p) {
    if (p->prompts.count) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s:%zu: policy \"%s\" has no prompt: write what is to be seen, as prompt = a knife", f->path,
                    p->line, p->name);
}

/* ---- rules ---- */

static int check_learnt(const char *path, const struct policy_rule *r) {
    size_t line = r->learnt_line ? r->learnt_line : r->learnt_for_line;
    if (!r->learnt_line != !r->learnt_for_line)
        return log_fail(OCELLI_ERR_FILE,
                        "%s:%zu: learnt and learnt_for belong together: remove both and run `ocelli moderate --learn`",
                        path, line);
    if (!line || isnan(r->learnt_budget) || isnan(r->budget) || fabs(r->learnt_budget - r->budget) < 1e-9)
        return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s:%zu: false_alarms = %g%%, but what was learnt is for %g%%: run `ocelli moderate --learn` again",
                    path, r->budget_line, 100 * r->budget, 100 * r->learnt_budget);
}

/* `line` and `what` of the section. */
static int check_rule(const char *path, const struct policy_rule *r, size_t line, const char *what,
                      struct faults *faults) {
    int status = OCELLI_OK;
    if (r->threshold_line && (r->budget_line || r->learnt_line))
        status =
            log_fail(OCELLI_ERR_FILE, "%s:%zu: threshold, but %s in line %zu: only one can decide: remove the other",
                     path, r->threshold_line, r->budget_line ? "false_alarms" : "learnt",
                     r->budget_line ? r->budget_line : r->learnt_line);
    else if (!r->threshold_line && !r->budget_line)
        status =
            log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has neither threshold nor false_alarms: write false_alarms = 1%%",
                     path, line, what);
    else
        status = check_learnt(path, r);
    return faults_pass(faults, status);
}

int policy_check(const struct policy_file *file, struct faults *faults) {
    static int (*const checks[])(const struct policy_file *, const struct policy *) = {check_prompts, check_against,
                                                                                       check_texts};
    int status = OCELLI_OK;
    const char *fault = fault_of(&file->templates);
    if (fault) status = faults_pass(faults, log_fail(OCELLI_ERR_FILE, "%s: a template for all %s", file->path, fault));
    if (!status && !file->count)
        status = faults_pass(
            faults, log_fail(OCELLI_ERR_FILE, "%s: no policy: write a [policy NAME] section for each", file->path));
    for (size_t i = 0; !status && i < file->count; i++) {
        const struct policy *p = &file->policies[i];
        for (size_t k = 0; !status && k < sizeof checks / sizeof *checks; k++)
            status = faults_pass(faults, checks[k](file, p));
        if (!status) status = check_rule(file->path, &p->rule, p->line, "this policy", faults);
    }
    if (!status && file->abstains)
        status = check_rule(file->path, &file->abstain, file->abstain_line, "[abstain]", faults);
    return status;
}

/* ---- learnt for what? ---- */

/* Chains a text to a digest. */
static void mix(uint8_t digest[SHA256_SIZE], const char *text) {
    uint8_t both[2 * SHA256_SIZE];
    memcpy(both, digest, SHA256_SIZE);
    sha256(text, strlen(text), both + SHA256_SIZE);
    sha256(both, sizeof both, digest);
}

static void mix_policy(uint8_t digest[SHA256_SIZE], const struct policy_file *file, const struct policy *p) {
    const struct tags_file as_file = {.templates = file->templates};
    const struct tags_file_tag as_tag = {.prompts = p->prompts, .against = p->against, .templates = p->templates};
    char key[SHA256_HEX_SIZE];
    tags_file_key(&as_file, &as_tag, key);
    mix(digest, key);
}

void policy_file_key(const struct policy_file *file, const struct policy *policy, const char *model_key,
                     char key[POLICY_KEY_SIZE]) {
    uint8_t digest[SHA256_SIZE] = {0};
    char hex[SHA256_HEX_SIZE];
    size_t everyday;
    const char *const *texts = distractors_texts(&everyday);
    mix(digest, model_key);
    for (size_t i = 0; i < everyday; i++) mix(digest, texts[i]);
    for (size_t i = 0; i < file->templates.count; i++) mix(digest, file->templates.texts[i]);
    if (policy) mix_policy(digest, file, policy);
    for (size_t i = 0; !policy && i < file->count; i++) mix_policy(digest, file, &file->policies[i]);
    sha256_hex(digest, hex);
    memcpy(key, hex, POLICY_KEY_SIZE - 1);
    key[POLICY_KEY_SIZE - 1] = '\0';
}

static int rule_ready(const struct policy_file *file, const struct policy *policy, const char *model_key) {
    const struct policy_rule *r = policy ? &policy->rule : &file->abstain;
    const char *name = policy ? policy->name : "[abstain]";
    size_t line = policy ? policy->line : file->abstain_line;
    char key[POLICY_KEY_SIZE];
    if (r->threshold_line) return OCELLI_OK;
    if (!r->learnt_line)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s:%zu: \"%s\" has learnt no threshold yet: run `ocelli moderate --learn` on ordinary pictures",
            file->path, line, name);
    if (!model_key) return OCELLI_OK;
    policy_file_key(file, policy, model_key, key);
    if (!strcmp(key, r->learnt_key)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s:%zu: \"%s\" has learnt with another model or other texts: run `ocelli moderate --learn` again",
                    file->path, r->learnt_line, name);
}

int policy_file_ready(const struct policy_file *file, const char *model_key, struct faults *faults) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < file->count; i++)
        status = faults_pass(faults, rule_ready(file, &file->policies[i], model_key));
    if (!status && file->abstains) status = faults_pass(faults, rule_ready(file, NULL, model_key));
    return status;
}
