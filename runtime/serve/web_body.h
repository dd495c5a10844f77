/* SPDX-License-Identifier: Apache-2.0
 * Bodies of web requests: small JSON objects. */
#ifndef SERVE_WEB_BODY_H
#define SERVE_WEB_BODY_H

#include "serve/arguments.h"

/* Words of a request, terminated, in `text`. */
struct web_words {
    const char *argument[SERVE_ARGUMENTS];
    size_t count, used;
    char text[SERVE_ARGUMENTS * 200];
};

/* Errors: SERVE_UTF8 (no text, or with control characters), SERVE_LONG. */
enum serve_code web_words_add(struct web_words *words, const char *text, size_t size);

/* {"values": ["...", ...]}. Errors: SERVE_USAGE, with a message, and those of web_words_add(). */
enum serve_code web_body_values(struct web_words *words, const char *body, size_t size, char message[SERVE_MESSAGE]);

/* {"password": "..."}. Errors: SERVE_USAGE, with a message. */
enum serve_code web_body_password(char *password, size_t capacity, const char *body, size_t size,
                                  char message[SERVE_MESSAGE]);

#endif
