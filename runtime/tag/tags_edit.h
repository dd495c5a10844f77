/* SPDX-License-Identifier: Apache-2.0
 * Changes a tags.ini in place: what is not changed, comments too, stays byte for byte. */
#ifndef TAG_TAGS_EDIT_H
#define TAG_TAGS_EDIT_H

#include "base/ini_edit.h"
#include "tag/tags_file.h"

/* The bytes of a file that is good. free(bytes). */
struct tags_text {
    char *bytes;
    size_t size;
    const char *name;                        /* for messages */
    const struct tags_file_options *options; /* as to tags_file_parse(); its functions see the edited text */
};

/* Makes these the lines of their keys (`count`, each another) in [tag TAG], which is made at the end when it is new.
 * The text is parsed again, once all are in it, before it replaces the old one, which stays on error. Errors: USAGE
 * (what no line can hold), FILE, LIMIT (what the edited text would be), MEMORY. */
int tags_edit_set(struct tags_text *text, const char *tag, const struct ini_lines *lines, size_t count);

/* Removes the section, so that one made by tags_edit_set() leaves no trace; comments behind its last line stay, as they
 * may belong to the next. Errors: USAGE (no such tag), and as above. */
int tags_edit_remove(struct tags_text *text, const char *tag);

/* Writes the text to `path`, whole or not at all. Errors: FILE, MEMORY. */
int tags_edit_write(const struct tags_text *text, const char *path);

#endif
