/* SPDX-License-Identifier: Apache-2.0
 * Changes of prompts: words checked, and put into the text of a tags.ini. */
#ifndef SERVE_CHANGE_H
#define SERVE_CHANGE_H

#include "serve/board.h"
#include "tag/tags_edit.h"

enum { SERVE_NAME_MOST = 128, SERVE_TEXT_MOST = 160 };

/* The key that "KEY=TEXT" begins with, or NULL. */
const char *serve_change_key(const char *value);

/* A name as a tag may have it. Errors: SERVE_LONG, SERVE_UTF8, SERVE_USAGE, with a message. */
enum serve_code serve_change_name(const char *name, char message[SERVE_MESSAGE]);

/* Takes apart a VALUE; *value points into `word`. Errors: as above. */
enum serve_code serve_change_value(enum serve_change_kind kind, const char *word, struct serve_value *value,
                                   char message[SERVE_MESSAGE]);

/* Makes the change in `text`, of which `file` was read: the board's change() without its models. All of it or nothing.
 * Errors: SERVE_NONE (no such tag, prompt or key), SERVE_LIMIT (too many tags), SERVE_USAGE (the file that it would be is not
 * good), SERVE_FAILED (memory). */
enum serve_code serve_change_text(struct tags_text *text, const struct tags_file *file, const struct serve_change *change,
                                  char message[SERVE_MESSAGE]);

#endif
