/* SPDX-License-Identifier: Apache-2.0
 * The settings file by its lines: which belong to the board ([board], [wifi], [login]) and which to the daemon's ini.
 */
#ifndef LINES_H
#define LINES_H

#include "diagnostics.h"

enum lines_section { LINES_DAEMON, LINES_BOARD, LINES_WIFI, LINES_LOGIN };

struct line {
    char *text;            /* without blanks at its ends */
    enum lines_section of; /* the section that it stands in */
    size_t section;        /* counts the sections; 0: before the first */
    const char *name;      /* of the section, as "[tag cat]"; "": before the first */
    bool header;           /* [SECTION] */
    char *key, *value;     /* of NAME = VALUE; NULL: none */
    bool out;              /* not for the ini: it has a fault, or is of the board */
    const char *instead;   /* what the ini gets; NULL: the text */
    const char *checked;   /* what is checked in its place, as tests have another root; NULL: what the ini gets */
};

struct lines {
    struct line *list; /* (count); number 1 is list[0] */
    size_t count;
};

/* Splits `text`, which is changed. Quotes that word processors make of straight ones are taken off around values, and
 * reported. false: no memory. */
bool lines_split(struct lines *lines, struct arena *arena, char *text, struct diagnostics *report);

/* Without straight quotes around it, which keep blanks at the ends of a name or password: of the board's own sections
 * all values are. */
char *lines_unquote(char *value);

/* Is it NAME = VALUE in [section], or in a [section ARGUMENT]? */
bool lines_is(const struct line *line, const char *section, const char *key);

#endif
