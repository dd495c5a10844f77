/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/moderate/moderate_show.h"
#include "ocelli/common/plain.h"
#include "text/json.h"

#include <stdio.h>

static const char *outcome_of(const struct policy_verdict *verdict) {
    return verdict ? policy_outcome_name(verdict->outcome) : "unreadable";
}

static void show_finding(const struct policy *policy, const struct policy_finding *f) {
    fputs("  (", stdout);
    plain_text(stdout, policy->name);
    fputs(": \"", stdout);
    plain_text(stdout, f->prompt);
    printf("\", margin %.4f, from %.4f on", (double)f->margin, (double)f->threshold);
    if (f->rival) {
        fputs("; nearest rival \"", stdout);
        plain_text(stdout, f->rival);
        putchar('"');
    }
    putchar(')');
}

void moderate_show_plain(const struct policy_file *file, const char *image, const struct policy_finding *findings,
                         const struct policy_verdict *verdict) {
    printf("%-10s  ", outcome_of(verdict));
    plain_text(stdout, image);
    for (size_t i = 0; verdict && i < file->count; i++)
        if (findings[i].found) show_finding(&file->policies[i], &findings[i]);
    if (verdict && verdict->outcome == POLICY_UNLIKE)
        printf("  (unlike anything named: likeness %.4f, up to %.4f)", (double)verdict->likeness,
               (double)verdict->likeness_needed);
    putchar('\n');
}

static void write_finding(struct json *j, const struct policy *policy, const struct policy_finding *f) {
    json_begin(j, NULL, '{');
    json_text(j, "policy", policy->name);
    json_text(j, "action", policy_action_name(policy->action));
    json_bool(j, "found", f->found);
    json_number(j, "score", (double)f->score, JSON_SHORT);
    json_number(j, "margin", (double)f->margin, JSON_SHORT);
    json_number(j, "threshold", (double)f->threshold, JSON_SHORT);
    json_text(j, "prompt", f->prompt);
    json_number(j, "cosine", (double)f->cosine, JSON_SHORT);
    json_text(j, "rival", f->rival);
    json_number(j, "rival_cosine", (double)f->rival_cosine, JSON_SHORT);
    json_end(j, '}');
}

void moderate_show_json(const struct policy_file *file, const char *image, const struct policy_finding *findings,
                        const struct policy_verdict *verdict) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "image", image);
    json_text(&j, "verdict", outcome_of(verdict));
    json_begin(&j, "policies", '[');
    for (size_t i = 0; verdict && i < file->count; i++) write_finding(&j, &file->policies[i], &findings[i]);
    json_end(&j, ']');
    if (verdict) json_number(&j, "likeness", (double)verdict->likeness, JSON_SHORT);
    if (verdict && file->abstains) json_number(&j, "abstain", (double)verdict->likeness_needed, JSON_SHORT);
    json_end(&j, '}');
    putchar('\n');
}
