/* SPDX-License-Identifier: Apache-2.0
 * What is found in a file: the log's lines, kept until all are there, then in the order of the file. */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "text/json.h"

#include <stdbool.h>
#include <stddef.h>

struct finding {
    bool fault;  /* else a warning */
    size_t line; /* of the file; 0: of no single one */
    size_t order;
    char *text; /* without file and line */
};

struct findings {
    const char *path;
    struct finding *list; /* (count) */
    size_t count, capacity, faults;
    bool lost; /* no memory for one */
};

/* From here on errors and warnings of the log are kept in `f`, of all threads, until findings_end(), which puts them in
 * order. */
void findings_begin(struct findings *f, const char *path);
void findings_end(struct findings *f);
/* To standard output, a line each: "FILE:LINE: what, what to do", with "warning: " before a warning's. */
void findings_show(const struct findings *f);
/* Two arrays, "faults" and "warnings", of objects with "line" and "text". */
void findings_json(const struct findings *f, struct json *json);
void findings_finish(struct findings *f);

#endif
