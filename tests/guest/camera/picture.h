/* SPDX-License-Identifier: Apache-2.0
 * A picture as a camera sends it. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The picture in `path` as large as it fits into the middle of a grey frame of UVC_WIDTH by UVC_HEIGHT: as YUYV
 * (BT.601, limited range) and as JPEG. false, said on standard error: it cannot be read. free() both. */
bool picture_load(const char *path, uint8_t **yuyv, uint8_t **jpeg, size_t *jpeg_size);

#endif
