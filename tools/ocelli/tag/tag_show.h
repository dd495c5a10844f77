/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli tag` found for a picture, in the forms that it is told in. */
#ifndef TAG_SHOW_H
#define TAG_SHOW_H

#include <stdbool.h>
#include <stddef.h>

struct tag_row {
    const char *tag;
    float score, cosine;
    float margin;      /* only where has_rivals or from_files */
    const char *rival; /* NULL: none */
};

struct tag_result {
    const char *image; /* its name as given */
    struct tag_row *rows;
    size_t count;    /* of rows, best first */
    bool from_files; /* tags of a file, which may have rivals; those of -t have none */
    bool has_rivals; /* one of them has */
};

/* To standard output, whose faults are left to ferror(). */
void tag_show_plain(const struct tag_result *result);
void tag_show_json(const struct tag_result *result);
/* A line for each picture and tag; the header first. */
void tag_show_csv_header(const struct tag_result *result);
void tag_show_csv(const struct tag_result *result);

#endif
