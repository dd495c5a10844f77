/* SPDX-License-Identifier: Apache-2.0
 * The options that tell where pictures are kept: of index, search, duplicates and export. */
#ifndef LIBRARY_PLACES_H
#define LIBRARY_PLACES_H

#include "ocelli/options.h"

/* As given; NULL: not. */
struct places {
    const char *library, *history, *postgres, *board;
};

/* A subcommand's table has the lines that it takes, and the values of its own options begin with PLACES_OWN. */
enum {
    PLACES_LIBRARY_OPTION = OPTIONS_OWN,
    PLACES_HISTORY_OPTION,
    PLACES_POSTGRES_OPTION,
    PLACES_BOARD_OPTION,
    PLACES_OWN
};
#define PLACES_LIBRARY                                                                                                 \
    { "library", required_argument, NULL, PLACES_LIBRARY_OPTION }
#define PLACES_ALL                                                                                                     \
    PLACES_LIBRARY, {"history", required_argument, NULL, PLACES_HISTORY_OPTION},                                       \
        {"postgres", required_argument, NULL, PLACES_POSTGRES_OPTION}, {                                               \
        "board", required_argument, NULL, PLACES_BOARD_OPTION                                                          \
    }

/* Takes `value` of one of them. true: it was one; *fault: 0, or the exit code of what was said. */
bool places_take(const struct options *options, int option, const char *value, struct places *places, int *fault);

#endif
