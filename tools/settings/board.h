/* SPDX-License-Identifier: Apache-2.0
 * [board], [wifi] and [login] of the settings file. What is no good is reported, and the rest counts. */
#ifndef BOARD_H
#define BOARD_H

#include "lines.h"

enum { BOARD_NETWORKS = 8, BOARD_KEYS = 32, BOARD_NAME = 63 };

/* A [wifi] section. */
struct board_network {
    const char *name, *password, *country; /* NULL: not given. password: "" is none */
    bool hidden;
    size_t line, password_line; /* of its header; of the password */
};

struct board {
    const char *name;     /* host name; NULL: not given, or no good */
    const char *timezone; /* as given; NULL: not given */
    size_t timezone_line;
    struct board_network networks[BOARD_NETWORKS];
    size_t network_count;
    const char *keys[BOARD_KEYS]; /* lines of authorized_keys */
    size_t key_count;
    const char *password; /* NULL: none */
    size_t password_line;
};

/* The texts stay those of `lines`. */
void board_read(struct board *board, const struct lines *lines, struct diagnostics *report);

/* wpa_supplicant's configuration of all good networks, in the arena; NULL: there is none, or no memory. */
char *board_wpa(const struct board *board, struct arena *arena, struct diagnostics *report);

/* `text`: of /etc/shadow. The same with the password of root, which is locked without one; in the arena. NULL: no
 * memory. */
char *board_shadow(const struct board *board, const char *text, struct arena *arena, struct diagnostics *report);

#endif
