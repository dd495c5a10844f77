/* SPDX-License-Identifier: Apache-2.0
 * ocelli-convert: a CLIP checkpoint in, one int8 blob out. */
#include "convert/options.h"

#include <signal.h>
#include <stdio.h>

static void say(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    fprintf(stderr, "ocelli-convert: %s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

int main(int argc, char **argv) {
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of write(), told in one line */
    ocelli_set_log(say, NULL);
    return options_main(argc, argv);
}
