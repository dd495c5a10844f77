/* SPDX-License-Identifier: Apache-2.0
 * [serve] key: the keys of programs that change tags over the network (DTLS). */
#ifndef KEYS_H
#define KEYS_H

#include "daemon_ini.h"

/* Saves the good ones in a file beside the ini, which the ini then names, and opens the usual port for them; without
 * one the file goes. Others are reported. Errors: FILE, MEMORY. */
int keys_put(struct daemon_ini *ini);

#endif
