/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_GUNZIP_H
#define CONVERT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool gunzip_is(const uint8_t *bytes, size_t size);

/* Unpacks one gzip stream; *out is to be freed with free(). Errors: FILE (broken, over 64 MiB), MEMORY. */
int gunzip(const uint8_t *bytes, size_t size, const char *name, char **out, size_t *out_size);

#endif
