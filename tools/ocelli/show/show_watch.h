/* SPDX-License-Identifier: Apache-2.0
 * The table of `ocelli watch --show URI`, fed by a board's answers and pushes. */
#ifndef SHOW_WATCH_H
#define SHOW_WATCH_H

#include "ocelli/client/client.h"

/* Takes standard output and follows the board until q is pressed, or the board or the reader is gone. `client` is open.
 * Errors: DEVICE (the board is gone), FILE (the board says no at first; the reader is gone), MEMORY. */
int show_watch(struct client *client);

#endif
