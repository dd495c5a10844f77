/* SPDX-License-Identifier: Apache-2.0
 * The terminal that standard output is: its modes, its keys, its size. One for the process, as signals have no other
 * way to it.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Is this a terminal that knows sequences? TERM=dumb, and none, is not. */
bool terminal_usable(int fd);
/* Does the locale write UTF-8, and may there be colours (https://no-color.org)? */
bool terminal_utf8(void);
bool terminal_color(void);

/* Takes it: the alternate screen, keys at once and without echo. From here on Ctrl-Z and signals that end the program
 * give it back first, but those that the program handles or holds back itself. */
void terminal_enter(void);
/* Gives it back. Any thread, a signal handler too; waits for nobody. Does nothing when it was not taken. */
void terminal_leave(void);

/* The descriptor that keys come from, for poll(). -1: none, for example as standard input is a video. */
int terminal_keys(void);
/* Reads the bytes that are there and gives their number. 0: the terminal is gone. Behind poll(). */
ssize_t terminal_read(char *bytes, size_t size);

/* For poll(): it takes bytes. */
int terminal_out(void);
/* Writes what it takes now; gives how much, -1: the terminal is gone. */
ssize_t terminal_write(const char *bytes, size_t size);

/* Cells. */
void terminal_size(size_t *width, size_t *height);
/* Since the last call the program was stopped and goes on: nothing of what was drawn is left. */
bool terminal_resumed(void);

#endif
