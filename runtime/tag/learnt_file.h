/* SPDX-License-Identifier: Apache-2.0
 * What was learnt, from a file that file_save() wrote. */
#ifndef TAG_LEARNT_FILE_H
#define TAG_LEARNT_FILE_H

#include "tag/tagger.h"

/* Gives the tagger what the file, bytes of tagger_save(), has of its tags. No file there is no fault: the tags learn
 * from the beginning. Nothing is taken on error. Errors: FILE (not what tagger_save() gave, damaged, unreadable),
 * MEMORY. */
int learnt_file_restore(struct tagger *tagger, const char *path);

#endif
