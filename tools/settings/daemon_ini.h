/* SPDX-License-Identifier: Apache-2.0
 * The ini that the daemon of a board runs with. It has the lines of the settings file that are the daemon's. Behind
 * them stand the keys that the board gives and the file does not. Lines keep their numbers, so that what the daemon
 * tells of a line holds for both files.
 */
#ifndef DAEMON_INI_H
#define DAEMON_INI_H

#include "lines.h"
#include "place.h"

struct ocelli;

enum { DAEMON_INI_DEFAULTS = 64, DAEMON_INI_KEYS = 32 };

/* A key of the board's defaults. */
struct daemon_ini_default {
    const char *section, *key, *value;
    bool fixed; /* the board's alone: the settings file cannot change it */
    bool out;
};

struct daemon_ini {
    const struct place *place;
    struct lines *lines;
    struct diagnostics *report;
    const char *path;       /* where it will lie: what it names is relative to that */
    const char *board;      /* name of the folder of the defaults */
    const char *model_wish; /* [run] model of the settings file; NULL: none */
    size_t model_line;
    const struct ocelli *model;        /* which the rest must fit; NULL: not known. Set it before daemon_ini_make() */
    const char *keys[DAEMON_INI_KEYS]; /* NAME:HEX of [serve] key */
    size_t key_lines[DAEMON_INI_KEYS], key_count;
    struct daemon_ini_default defaults[DAEMON_INI_DEFAULTS];
    size_t default_count;
};

/* Takes what is not the ini's own out of the lines (model, keys, what the board decides), and makes names of files
 * (examples, certificates, policies) lead to the card. Before all below. */
void daemon_ini_take(struct daemon_ini *ini);

/* Adds a default; a later one of the same key takes its place. */
void daemon_ini_default(struct daemon_ini *ini, const char *section, const char *key, const char *value, bool fixed);
/* Those of an ini of the board: `text` (terminated), `name` for messages. */
void daemon_ini_defaults(struct daemon_ini *ini, const char *text, const char *name);

/* Leaves out what the daemon would refuse, until it takes the rest, and reports each. The ini's text is in the arena;
 * NULL: no memory. */
char *daemon_ini_make(struct daemon_ini *ini);

#endif
