/* SPDX-License-Identifier: Apache-2.0
 * The settings file as editors of all systems write it, made UTF-8 with LF line ends. */
#ifndef TEXT_H
#define TEXT_H

#include "diagnostics.h"

#include <stdint.h>

/* Bytes of a settings file; what stands behind is not read. */
enum { TEXT_MOST = 128 << 10 };

/* Takes UTF-8 with and without its mark, UTF-16 in both orders with and without it, and Windows' 8-bit text. Line ends
 * may be LF, CRLF or CR: the numbers of lines are those that an editor shows. Other control characters become blanks,
 * and so do spaces that do not break. It reports what was no clean text. The text is terminated and lies in the
 * arena. NULL: no memory. */
char *text_decode(struct arena *arena, const uint8_t *bytes, size_t size, struct diagnostics *report);

#endif
