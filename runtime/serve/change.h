/* SPDX-License-Identifier: Apache-2.0
 * Changes of prompts: words checked, and put into the text of a tags.ini. */
#ifndef SERVE_CHANGE_H
#define SERVE_CHANGE_H

#include "serve/callbacks.h"
#include "tag/tags_edit.h"

/* Bytes of a name, a text and a number; texts of one key of a tag. */
enum { SERVE_NAME_MOST = 128, SERVE_TEXT_MOST = 160, SERVE_NUMBER_MOST = 32, SERVE_TEXTS_MOST = 1024 };

/* Does it begin as "KEY=TEXT", with a known KEY or another? A prompt that does is written "prompt=...". */
bool serve_change_has_key(const char *value);

/* A name as a tag may have it. Errors: SERVE_LONG, SERVE_UTF8, SERVE_USAGE, with a message. */
enum serve_code serve_change_name(const char *name, char message[SERVE_MESSAGE]);

/* Takes apart a VALUE; *value points into `word`. Errors: as above. */
enum serve_code serve_change_value(enum serve_change_kind kind, const char *word, struct serve_value *value,
                                   char message[SERVE_MESSAGE]);

/* Makes the change in `text`, from which `file` was read. This is the change() of the callbacks without its models. All
 * of it or nothing. Errors: SERVE_NONE (no such tag or prompt), SERVE_LIMIT (too many tags or texts), SERVE_USAGE (the
 * changed file would not be good; the message tells why), SERVE_FAILED (memory). */
enum serve_code serve_change_text(struct tags_text *text, const struct tags_file *file,
                                  const struct serve_change *change, char message[SERVE_MESSAGE]);

/* The client's error for a status of the edited file. `why`: the error that was held (log_hold()), which begins with
 * the name of the file or not. Errors: SERVE_LIMIT, SERVE_USAGE, SERVE_FAILED, as above. */
enum serve_code serve_change_code(int status, const char *why, const char *file, char message[SERVE_MESSAGE]);

#endif
