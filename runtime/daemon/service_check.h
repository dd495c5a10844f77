/* SPDX-License-Identifier: Apache-2.0
 * [serve] and [web] of the ini, without opening any of it: for programs that only look at the file. */
#ifndef DAEMON_SERVICE_CHECK_H
#define DAEMON_SERVICE_CHECK_H

#include "daemon/config.h"
#include "serve/serve.h"

/* Does the file ask for a port or a serial line? */
bool service_wanted(const struct daemon_config *config);
/* [mqtt] as serve has it. */
struct serve_mqtt service_mqtt(const struct daemon_config *config);
/* [web] as serve wants it. */
struct serve_web_params service_web(const struct daemon_config *config);
/* `reach`; *reach stays as it is without that key. Errors: FILE. */
int service_check_reach(const struct daemon_config *config, enum serve_reach *reach);
/* coaps has keys. Errors: FILE. */
int service_check_coaps(const struct daemon_config *config);

/* Logs each fault of [serve] that service_open() would refuse, with its line. It opens nothing: a port that another
 * program uses is no fault of the file. Errors: FILE, USAGE, LIMIT, unless `faults` takes them; MEMORY. */
int service_check(const struct daemon_config *config, struct faults *faults);

#endif
