/* SPDX-License-Identifier: Apache-2.0
 * What was learnt, in a folder: there whole or not at all, whenever the power goes. */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include "tag/drift.h"
#include "tag/tagger.h"

/* `folder`/learnt. If it is no state of ocelli, the log says so and the file stays: the tags learn anew, and the next
 * save writes over it. A file that is not there is no fault. The remains of a save that was cut off are removed. */
void state_restore(struct tagger *tagger, const char *folder);

/* Why state_save() could not write there, an errno; 0: it could. It makes the folder itself, but not those above it. */
int state_fault(const char *folder);

/* Writes bytes of tagger_save() there; makes the folder. Errors: FILE, MEMORY. */
int state_save(const char *folder, const void *bytes, size_t size);

/* The weeks of tags, in `folder`/drift. A file that is no such one is told, and stays until the next save. */
void state_restore_drift(struct drift *drift, const char *folder);
/* The same for another file of the folder, "drift". */
int state_save_as(const char *folder, const char *name, const void *bytes, size_t size);

#endif
