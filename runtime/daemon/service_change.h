/* SPDX-License-Identifier: Apache-2.0
 * The daemon's ini: its text, and changes of it. A thread of its own reads and writes the disk, one change after the
 * other, while the service answers other requests. Thread-safety: called by the thread that answers;
 * service_change_check() by any. */
#ifndef SERVICE_CHANGE_H
#define SERVICE_CHANGE_H

#include "daemon/own_tags.h"
#include "serve/callbacks.h"

enum { SERVICE_CHANGES = 32 /* that wait, or are under way */ };

struct service_change;

/* Reads the file, which need not be good, and begins. ended() is called by the thread after each change. `path` is
 * copied. own: of the model, which outlives this. Errors: MEMORY. */
int service_change_open(struct service_change **out, const char *path, const struct own_tags *own,
                        void (*ended)(void *user), void *user);

/* What answers a change with `replayed`, in the thread: given the tags as they would be, which it takes, and the file.
 * false: `message` tells why. Before any request. Without it they are refused. */
typedef enum serve_code service_replay(void *user, struct tags_file *tags, const char *path, const char *tag,
                                       struct serve_replayed *replayed, char message[SERVE_MESSAGE]);
void service_change_set_replay(struct service_change *change, service_replay *replay);

/* Changes that have not begun are dropped: nobody was told that they are made. Frees and sets *change to NULL; accepts
 * a pointer to NULL. false: the disk does not answer within timeout_ms. Then nothing is freed, the change that is under
 * way leaves the file as it is, and ended() is called no more. */
bool service_change_close(struct service_change **change, int timeout_ms);

/* The file as it was last found good, its own changes included, and its version; NULL: never yet. Without a tag in it
 * the tags are the model's own, if that has some. It stays until the next call.
 */
const struct daemon_config *service_change_config(struct service_change *change, uint64_t *version);

/* As serve_callbacks.change: on SERVE_OK the file with the change is on the disk, and service_change_config() has it.
 */
enum serve_code service_change(struct service_change *changes, const struct serve_change *change,
                               char message[SERVE_MESSAGE]);

/* As serve_callbacks.pending. */
bool service_change_pending(struct service_change *change, uint64_t ticket);

/* The file was edited: it is read again. Any thread. */
void service_change_check(struct service_change *change);

#endif
