/* SPDX-License-Identifier: Apache-2.0
 * Files of sections and NAME = VALUE lines, read strictly: what is not understood is a fault with its
 * line, never passed over. docs/cli.md tells the format. */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "base/faults.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a line, as inih comes with room for 200 with its line end. */
enum { INI_LINE = 197 };

/* The place of a line, for messages ("%s:%zu: ..."). */
struct ini_place {
    const char *file;
    size_t line; /* from 1 */
};

/* One kind of section, and who takes it. */
struct ini_section {
    const char *name; /* "tag" of [tag NAME]; "": what stands before the first section */
    bool named;       /* true: [name ARGUMENT]; false: [name] */
    void *user;
    /* A section begins, perhaps not for the first time; may be NULL. argument: "" unless named. */
    int (*begin)(void *user, const struct ini_place *at, const char *argument);
    /* NAME = VALUE in it; VALUE may be empty. */
    int (*value)(void *user, const struct ini_place *at, const char *key, const char *value);
};

/* A table of sections, and the one to look into after it (NULL: none), so that readers of their own
 * sections can share a file. */
struct ini_table {
    const struct ini_section *sections;
    size_t count;
    const struct ini_table *next;
};

/* Reads bytes in order, calling the sections' functions; `file` is for messages. A status but OCELLI_OK that they
 * return, having logged it, is a fault as those of the lines are. Without `faults` the first fault ends it and is
 * returned. With them reading goes on: lines of an unknown section are passed over, and OCELLI_OK is returned at the
 * end of the file. Only a file that is no text at all (zero bytes, lines that end with CR alone) ends it then. Errors:
 * FILE (a line that is not the format, a section that is in no table). */
int ini_read(const void *bytes, size_t size, const char *file, const struct ini_table *table, struct faults *faults);

/* A decimal number as people write it: [-]DIGITS[.DIGITS], at most 15 digits. Not strtod(), which
 * takes the point from the locale, and "nan" and "0x1p3" too. false: it is none. */
bool ini_number(const char *text, double *value);

#endif
