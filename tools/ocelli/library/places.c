/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/places.h"

static int take_name(const struct options *o, const char *name, const char *empty, const char **to) {
    *to = name;
    return *name ? 0 : options_usage(o, "%s", empty);
}

static int take_file(const struct options *o, const char *what, const char *name, const char **to) {
    *to = name;
    return options_file(o, what, name);
}

bool places_take(const struct options *options, int option, const char *value, struct places *places, int *fault) {
    switch (option) {
    case PLACES_LIBRARY_OPTION: *fault = take_file(options, "--library", value, &places->library); return true;
    case PLACES_HISTORY_OPTION: *fault = take_file(options, "--history", value, &places->history); return true;
    case PLACES_POSTGRES_OPTION:
        *fault = take_name(options, value, "--postgres is empty: give the URL of a database", &places->postgres);
        return true;
    case PLACES_BOARD_OPTION:
        *fault = take_name(options, value, "--board is empty: give the name of a board", &places->board);
        return true;
    default: return false;
    }
}
