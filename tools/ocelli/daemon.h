/* SPDX-License-Identifier: Apache-2.0
 * What run and learn have in common: the ini, and leaving. */
#ifndef DAEMON_H
#define DAEMON_H

#include "live/live.h"
#include "options.h"

enum { DAEMON_CONFIG = 'c', DAEMON_SECONDS = OPTIONS_OWN, DAEMON_SHOW };
#define DAEMON_LETTERS OPTIONS_LETTERS "c:"
#define DAEMON_LONG                                                                                                              \
    OPTIONS_LONG, {"config", required_argument, NULL, DAEMON_CONFIG}, {"show", no_argument, NULL, DAEMON_SHOW}, {                \
        "for", required_argument, NULL, DAEMON_SECONDS                                                                           \
    }
#define DAEMON_HELP                                                                                                              \
    "  -c, --config FILE     tags, model and source; see docs/run.md for its keys\n"                                             \
    "      --for SECONDS     end after so long\n"

/* Fills options of the command line. OPTIONS_END, or OPTIONS_STOP as options_next(). */
int daemon_options(struct options *o, struct live_options *live, int argc, char **argv);

/* Runs it; `last` (may be NULL) is called at the end, while there are still tags to ask. Gives the exit code. */
int daemon_run(const struct options *o, struct live_options *live, void (*last)(const struct options *o, struct live *l));

#endif
