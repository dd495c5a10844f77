/* SPDX-License-Identifier: Apache-2.0
 * Prompts that ask a model for what CLIP's model card rules out: who somebody is, and what somebody's look is taken to
 * tell. And texts in languages that the model has not learnt. docs/tags.md has the sources. */
#ifndef TAG_PROMPT_LINT_H
#define TAG_PROMPT_LINT_H

#include "tag/tags_file.h"

/* Set to "off", it silences the line. */
#define PROMPT_LINT_VARIABLE "OCELLI_PROMPT_LINT"

enum prompt_lint_kind {
    PROMPT_LINT_NONE,
    PROMPT_LINT_IDENTITY, /* who it is */
    PROMPT_LINT_SEX,
    PROMPT_LINT_AGE,
    PROMPT_LINT_ETHNICITY,
    PROMPT_LINT_EMOTION,
    PROMPT_LINT_CRIME,
    PROMPT_LINT_LANGUAGE,
    PROMPT_LINT_KINDS
};

enum { PROMPT_LINT_TEXT = 120 };

/* What was found so far. A zeroed struct has seen nothing. */
struct prompt_lint {
    size_t counts[PROMPT_LINT_KINDS];
    char first[PROMPT_LINT_KINDS][PROMPT_LINT_TEXT]; /* the first prompt of each kind, or its beginning */
    bool man, woman;                                 /* there is a prompt that says no more than this */
};

/* One prompt. "a man" alone is no fault; beside "a woman" it tells people apart by their sex. */
void prompt_lint_add(struct prompt_lint *lint, const char *prompt);
/* All prompts of a file, and those against. */
void prompt_lint_add_file(struct prompt_lint *lint, const struct tags_file *file);

/* Logs one warning for all of it, or none; never an error. `where`: begins the line, as a file's name; NULL: nothing.
 * english: the model knows no other language. Gives whether it did. */
bool prompt_lint_tell(const struct prompt_lint *lint, const char *where, bool english);

/* Of a prompt by itself; for tests and for those who show single ones. */
enum prompt_lint_kind prompt_lint_kind(const char *prompt);

#endif
