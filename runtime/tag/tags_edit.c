/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/tags_edit.h"
#include "base/file.h"

#include <stdlib.h>

/* Parses it; a good one takes the old one's place. */
static int replace(struct tags_text *t, const struct ini_text *edited) {
    struct tags_file file;
    int status = tags_file_parse(&file, edited->bytes, edited->size, t->name, t->options);
    tags_file_finish(&file);
    if (status) {
        free(edited->bytes);
        return status;
    }
    free(t->bytes);
    t->bytes = edited->bytes;
    t->size = edited->size;
    return OCELLI_OK;
}

/* Parsed once only: of two thresholds the first alone may be no good beside the old second. */
int tags_edit_set(struct tags_text *text, const char *tag, const struct ini_lines *lines, size_t count) {
    const struct ini_text old = {text->bytes, text->size, text->name};
    struct ini_text edited;
    int status = ini_edit_set(&old, (struct ini_name){"tag", tag}, lines, count, &edited);
    return status || !edited.bytes ? status : replace(text, &edited);
}

int tags_edit_remove(struct tags_text *text, const char *tag) {
    const struct ini_text old = {text->bytes, text->size, text->name};
    struct ini_text edited;
    int status = ini_edit_remove(&old, (struct ini_name){"tag", tag}, &edited);
    return status ? status : replace(text, &edited);
}

int tags_edit_write(const struct tags_text *text, const char *path) {
    return file_save(path, text->bytes, text->size);
}
