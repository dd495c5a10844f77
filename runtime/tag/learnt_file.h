/* SPDX-License-Identifier: Apache-2.0
 * What was learnt, in a file: there whole or not at all, whenever the power goes. */
#ifndef TAG_LEARNT_FILE_H
#define TAG_LEARNT_FILE_H

#include "tag/tagger.h"

/* Gives the tagger what the file has of its tags. No file there is no fault: the tags learn from the beginning. Nothing
 * is taken on error. Errors: FILE (not what tagger_save() gave, damaged, unreadable), MEMORY. */
int learnt_file_restore(struct tagger *tagger, const char *path);

/* Writes bytes of tagger_save(). Errors: FILE, MEMORY; an older file is as it was then. */
int learnt_file_save(const char *path, const void *bytes, size_t size);

#endif
