/* SPDX-License-Identifier: Apache-2.0
 * What run and learn have in common: the ini, and leaving. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include "daemon/daemon.h"
#include "ocelli/options.h"

enum { RUN_CONFIG = 'c', RUN_SECONDS = OPTIONS_OWN, RUN_SHOW, RUN_RECORDING };
#define RUN_LETTERS OPTIONS_LETTERS "c:"
#define RUN_LONG                                                                                                       \
    OPTIONS_LONG, {"config", required_argument, NULL, RUN_CONFIG}, {"show", no_argument, NULL, RUN_SHOW},              \
        {"recording", required_argument, NULL, RUN_RECORDING}, {                                                       \
        "for", required_argument, NULL, RUN_SECONDS                                                                    \
    }
#define RUN_HELP                                                                                                       \
    "  -c, --config FILE     tags, model and source; see docs/run.md for its keys\n"                                   \
    "      --for SECONDS     end after so long, by the clock\n"                                                        \
    "      --recording URI   instead of FILE's source play y4m:FILE, y4m:-, raw:... or files:DIR as fast as the\n"     \
    "                        device can, by the recording's own time\n"

/* Fills options of the command line. OPTIONS_END, or OPTIONS_STOP as options_next(). */
int run_options_parse(struct options *options, struct daemon_options *daemon, int argc, char **argv);

/* Runs it; `last` (may be NULL) is called at the end, while there are still tags to ask. Gives the exit code. */
int run_daemon(const struct options *options, struct daemon_options *daemon,
               void (*last)(const struct options *o, struct daemon *l));

#endif
