/* SPDX-License-Identifier: Apache-2.0
 * ocelli-settings status: how the board does, as a text file on its card, for people who can only take the card out. */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

/* Asks the daemon, and writes PLACE_BOOT/ocelli-status.txt if its text is another than before. It has no times and
 * numbers that change by themselves, so that the card is rarely written. remount: makes the card writable for that
 * moment, if it is not. Errors: FILE, MEMORY. A daemon that does not answer is no error: the file tells it. */
int status(const char *root, bool remount);

#endif
