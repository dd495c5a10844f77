/* SPDX-License-Identifier: Apache-2.0
 * A policy file: what a picture must not show, what happens to one that shows it, and from which margin on it does.
 * docs/moderation.md tells the format. */
#ifndef POLICY_FILE_H
#define POLICY_FILE_H

#include "base/faults.h"
#include "base/lookup.h"
#include "tag/prompts.h"

#include <stdbool.h>
#include <stddef.h>

/* Policies of a file; characters of a key. */
enum { POLICY_MOST = 256, POLICY_KEY_SIZE = 17 };

/* The gravest last. */
enum policy_action { POLICY_FLAG, POLICY_BLUR, POLICY_DROP, POLICY_ACTIONS };

/* From which margin on; shares are 0..1. NAN: not given. */
struct policy_rule {
    double threshold; /* of the file's author */
    double budget;    /* of ordinary pictures, the share that may be found by mistake */
    double learnt;    /* threshold that the budget was turned into ... */
    double learnt_budget;
    char learnt_key[POLICY_KEY_SIZE]; /* ... with this model and these texts: policy_file_key() */
    size_t threshold_line, budget_line, learnt_line, learnt_for_line, learnt_from_line; /* 0: none */
};

struct policy {
    const char *name;
    size_t line; /* of its section */
    struct prompts_list prompts, against, templates;
    enum policy_action action;
    size_t action_line; /* 0: none, it is POLICY_FLAG */
    struct policy_rule rule;
};

/* Texts are composed. */
struct policy_file {
    struct arena arena; /* everything below lies in it */
    const char *path;
    struct prompts_list templates; /* for policies without their own; may be empty */
    struct policy *policies;       /* (count), at least one */
    size_t count;
    struct lookup names; /* of the policies, by index */
    bool abstains;       /* there is an [abstain] section: */
    size_t abstain_line;
    struct policy_rule abstain; /* its rule is an upper limit, of how far the best of all texts stands out */
};

/* Reads and checks all of it. With `faults` (base/faults.h) it goes on behind one. Errors: FILE (each with its line),
 * LIMIT, MEMORY; *file is then empty. Free with policy_file_finish(). */
int policy_file_read(struct policy_file *file, const char *path, struct faults *faults);
/* The same from bytes; `path` is for messages, and copied. */
int policy_file_parse(struct policy_file *file, const void *bytes, size_t size, const char *path,
                      struct faults *faults);
void policy_file_finish(struct policy_file *file);

/* "flag", "blur", "drop". */
const char *policy_action_name(enum policy_action action);

/* The templates that count for it. */
const struct prompts_list *policy_file_templates(const struct policy_file *file, const struct policy *policy);

/* Names what a learnt threshold depends on: the model's key (ocelli_info.model_key), the policy's texts and the
 * everyday things. NULL: of [abstain], which depends on all policies. */
void policy_file_key(const struct policy_file *file, const struct policy *policy, const char *model_key,
                     char key[POLICY_KEY_SIZE]);

/* Has each policy a threshold that holds for this model? model_key NULL: not asked of what the model is. Errors: FILE
 * (each with its line), unless `faults` takes them. */
int policy_file_ready(const struct policy_file *file, const char *model_key, struct faults *faults);

/* The threshold in force: the author's, else the learnt one; NAN: none. */
double policy_threshold(const struct policy_rule *rule);

#endif
