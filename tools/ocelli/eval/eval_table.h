/* SPDX-License-Identifier: Apache-2.0
 * Tables of pictures and texts, as people keep them: a picture and its class, or a picture and its caption, in lines of
 * comma-separated values (RFC 4180) or with tabs between. */
#ifndef EVAL_TABLE_H
#define EVAL_TABLE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct eval_row {
    const char *image;
    const char *text;  /* NULL: the table has no such column */
    const char *group; /* the same; "": the line tells none */
    size_t line;       /* from 1 */
};

struct eval_table {
    struct arena arena; /* all of it lies in it */
    struct eval_row *rows;
    size_t count; /* at least 1 */
    bool groups;  /* it has a column of groups; only then it may have none of texts */
    bool texts;
};

/* The first line may name the columns (image, filename, file, path, picture; label, class, caption, text; group); then
 * there may be others, which are passed over. Without it there are two columns, the picture first. The separator is the
 * tab if the first line has one. Lines may end as in Windows, and the file may begin with a byte order mark. On error
 * *table is empty. Errors: FILE (with the line), MEMORY. */
int eval_table_read(struct eval_table *table, const char *path);
/* The same from bytes; `path` is for messages. */
int eval_table_parse(struct eval_table *table, const char *bytes, size_t size, const char *path);
void eval_table_finish(struct eval_table *table);

#endif
