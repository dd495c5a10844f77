/* SPDX-License-Identifier: Apache-2.0
 * The command line of ocelli-convert. */
#ifndef CONVERT_OPTIONS_H
#define CONVERT_OPTIONS_H

#include "convert/convert.h"

/* COMPARE: checkpoint and out are the two blobs. */
enum options_result { OPTIONS_RUN, OPTIONS_COMPARE, OPTIONS_HELP, OPTIONS_WRONG };

/* Says what is wrong on stderr, or the help on stdout. */
enum options_result options_read(struct convert_params *params, int argc, char **argv);

/* The whole program, so that tests can call it. Gives the exit status: 0, 1 failed, 2 usage. */
int options_main(int argc, char **argv);

#endif
