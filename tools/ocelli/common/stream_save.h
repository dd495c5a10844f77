/* SPDX-License-Identifier: Apache-2.0
 * A file that is written as to a stream, whole or not at all. */
#ifndef STREAM_SAVE_H
#define STREAM_SAVE_H

#include <stdio.h>

typedef void stream_writer(FILE *to, const void *user);

/* `write` gives the bytes, into memory; then the file is put into its place. "-" is standard output. Errors: FILE,
 * MEMORY. */
int stream_save(const char *path, stream_writer *write, const void *user);

#endif
