/* SPDX-License-Identifier: Apache-2.0
 * [web], [mqtt] and [source] password: on the card the password itself, where the daemon's ini names a file. */
#ifndef PASSWORDS_H
#define PASSWORDS_H

#include "daemon_ini.h"

/* Saves each in a file beside the ini, which the line then names; of the page's its hash, and the usual port opens for
 * it. One that is no good is reported, and left out. Without a password its file goes. Errors: FILE, MEMORY. */
int passwords_put(struct daemon_ini *ini);

#endif
