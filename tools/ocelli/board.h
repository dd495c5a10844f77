/* SPDX-License-Identifier: Apache-2.0
 * The daemon (runtime/live) as the board that runtime/serve asks: a thread that answers lines and CoAP while it runs. */
#ifndef BOARD_H
#define BOARD_H

#include "live/config.h"
#include "live/live.h"

struct board;

/* Opens what [serve] of the ini asks for, and starts to answer; *out is NULL when it asks for nothing. `path` is kept.
 * After live_open(), before live_run(). Errors: those of serve_open(), FILE. */
int board_open(struct board **out, struct live *live, const char *path);

/* What board_open() would refuse of [serve], each with its line, without opening anything: a port that another program uses is no
 * fault of the file. Errors: FILE, USAGE, LIMIT, unless `faults` takes them; MEMORY. */
int board_check(const struct live_config *config, struct faults *faults);

/* Stops, frees and sets *board to NULL. Accepts a pointer to NULL. Before live_close(). false: it does not answer within
 * timeout_ms, as the disk of a change or a search is slow, and nothing is freed. */
bool board_close(struct board **board, int timeout_ms);

#endif
