/* SPDX-License-Identifier: Apache-2.0
 * A board's ini: what it says, and changes of it. A thread of its own reads and writes the disk, one change after the other,
 * while the board answers others. Thread-safety: by the thread that answers, but for board_change_look(). */
#ifndef BOARD_CHANGE_H
#define BOARD_CHANGE_H

#include "live/config.h"
#include "serve/board.h"

enum { BOARD_CHANGES = 32 /* that wait, or are under way */ };

struct board_change;

/* Reads the file, which need not be good, and begins. ended() is called by the thread after each change. `path` is copied.
 * Errors: MEMORY. */
int board_change_open(struct board_change **out, const char *path, void (*ended)(void *user), void *user);

/* Changes that have not begun are dropped: nobody was told that they are made. Frees and sets *c to NULL; accepts a pointer to
 * NULL. false: the disk does not answer within timeout_ms. Then nothing is freed, the change that is under way leaves the file as
 * it is, and ended() is called no more. */
bool board_change_close(struct board_change **c, int timeout_ms);

/* The file as it was last found good, its own changes included, and its version; NULL: never yet. It stays until the next call.
 */
const struct live_config *board_change_config(struct board_change *c, uint64_t *version);

/* As serve_board.change: on SERVE_OK the file with the change is on the disk, and board_change_config() has it. */
enum serve_code board_change(struct board_change *c, const struct serve_change *change, char message[SERVE_MESSAGE]);

/* As serve_board.pending. */
bool board_change_pending(struct board_change *c, uint64_t ticket);

/* The file was edited: it is read again. Any thread. */
void board_change_look(struct board_change *c);

#endif
