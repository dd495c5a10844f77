/* SPDX-License-Identifier: Apache-2.0
 * ocelli-convert: a CLIP checkpoint in, one int8 blob out. */
#include "convert/options.h"
#include "ocelli/common/standard_files.h"

#include <stdio.h>

static void say(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    fprintf(stderr, "ocelli-convert: %s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

int main(int argc, char **argv) {
    standard_files_open();
    ocelli_set_log(say, NULL);
    return standard_files_close(options_main(argc, argv));
}
