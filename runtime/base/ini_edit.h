/* SPDX-License-Identifier: Apache-2.0
 * Changes sections of an ini in place: what is not changed, comments too, stays byte for byte. */
#ifndef BASE_INI_EDIT_H
#define BASE_INI_EDIT_H

#include <stddef.h>

/* The bytes of a file that ini_read() accepts. */
struct ini_text {
    char *bytes; /* (size) */
    size_t size;
    const char *name; /* for messages */
};

/* [KIND NAME]; [KIND] where the name is NULL. Names are compared composed. */
struct ini_name {
    const char *kind, *name;
};

/* The lines of one key. */
struct ini_lines {
    const char *key;
    const char *const *values; /* (count) */
    size_t count;              /* 0: no line */
};

/* *edited: a new text, free(edited->bytes), in which these are the lines of their keys (`count`, at least 1, each
 * another) in the section, which is made at the end when it is new. Errors: USAGE (what no line can hold), MEMORY;
 * edited->bytes is NULL then. */
int ini_edit_set(const struct ini_text *text, struct ini_name section, const struct ini_lines *lines, size_t count,
                 struct ini_text *edited);

/* *edited: a new text without the section, so that one made by ini_edit_set() leaves no trace; comments behind its last
 * line stay, as they may belong to the next. Errors: USAGE (no such section), MEMORY. */
int ini_edit_remove(const struct ini_text *text, struct ini_name section, struct ini_text *edited);

#endif
