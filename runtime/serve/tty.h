/* SPDX-License-Identifier: Apache-2.0
 * A serial device, raw. */
#ifndef SERVE_TTY_H
#define SERVE_TTY_H

#include <stddef.h>

enum { TTY_BAUD = 115200, TTY_MOST = 4000000, TTY_NAME = 256 };

/* Takes apart DEVICE[@BAUD]. Errors: USAGE. */
int tty_spec(const char *spec, char device[TTY_NAME], unsigned *baud);

/* Opens it raw, 8N1, without flow control, not waiting. The descriptor, or -1 with errno. */
int tty_open(const char *device, unsigned baud);

/* Drops what was written and is not sent yet: close() would wait for it. */
void tty_drop_output(int fd);

/* Closes once all is sent, or after timeout_ms without the rest. -1 is none. */
void tty_close(int fd, int timeout_ms);

#endif
