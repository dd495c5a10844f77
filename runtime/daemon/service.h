/* SPDX-License-Identifier: Apache-2.0
 * The daemon (runtime/daemon) as runtime/serve sees it: a thread that answers lines and CoAP while the daemon runs. */
#ifndef SERVICE_H
#define SERVICE_H

#include "daemon/config.h"
#include "daemon/daemon.h"

struct service;

/* Opens what [serve] of the ini asks for, and starts to answer; *out is NULL when it asks for nothing. `path` is kept.
 * After daemon_open(), before daemon_run(). Errors: those of serve_open(), FILE. */
int service_open(struct service **out, struct daemon *daemon, const char *path);

/* Stops, frees and sets *board to NULL. Accepts a pointer to NULL. Before daemon_close(). false: it does not answer
 * within timeout_ms, as the disk of a change or a search is slow, and nothing is freed. */
bool service_close(struct service **service, int timeout_ms);

#endif
