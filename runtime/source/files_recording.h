/* SPDX-License-Identifier: Apache-2.0
 * files: with the option `recording`: what lies in a folder, played in its order and with its own time. */
#ifndef SOURCE_FILES_RECORDING_H
#define SOURCE_FILES_RECORDING_H

#include "source/frame_pool.h"

struct files_recording;

/* Lists the pictures of `folder` and below it, by their time of modification, or with the option `rate` by their names.
 * Slots come from `pool`, the caller's. Free with files_recording_close(). On error *out is NULL. Errors: FILE, MEMORY.
 */
int files_recording_open(struct files_recording **out, struct source *source, const char *folder,
                         struct frame_pool *frame_pool);
/* The source's thread: SOURCE_END when the last one was taken, or an error. */
int files_recording_run(struct source *source, struct files_recording *recording);
/* Accepts a pointer to NULL. */
void files_recording_close(struct files_recording **recording);

#endif
