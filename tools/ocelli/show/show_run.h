/* SPDX-License-Identifier: Apache-2.0
 * The table of `ocelli run --show`, fed by the daemon. */
#ifndef SHOW_RUN_H
#define SHOW_RUN_H

#include "daemon/daemon.h"

struct show_run;

/* Takes standard output and the log's lines. `title` is copied. After daemon_open(), before daemon_run(). Errors: those
 * of screen_open() and daemon_add_hook(); *out is NULL then. */
int show_run_open(struct show_run **out, struct daemon *daemon, const char *title);

/* Standard output, or the terminal, took no more, which ended the daemon: says so. Accepts NULL. Errors: FILE. */
int show_run_tell_lost(const struct show_run *show);

/* After daemon_run(), before other hooks go: the terminal is as it was. false: it stalls, and only daemon_leave() is
 * left. Accepts a pointer to NULL. */
bool show_run_close(struct show_run **show, int timeout_ms);

#endif
