/* SPDX-License-Identifier: Apache-2.0
 * When a picture was taken, as EXIF tells: DateTimeOriginal, with OffsetTimeOriginal where it is there. */
#ifndef PREP_EXIF_TIME_H
#define PREP_EXIF_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the bytes of a JPEG, PNG or WebP. *time_ms: since 1970. Without an offset it is the local time of this machine.
 * false: it has none, or one that makes no sense. */
bool exif_time(const uint8_t *bytes, size_t size, int64_t *time_ms);

/* "2024:05:31 14:03:22" and "+02:00" (NULL: local time). */
bool exif_time_parse(const char *text, const char *offset, int64_t *time_ms);

#endif
