/* SPDX-License-Identifier: Apache-2.0
 * The two files that `ocelli init` writes: both, or neither. */
#ifndef INIT_FILES_H
#define INIT_FILES_H

#include <stdbool.h>

struct init_files {
    const char *ini, *ini_text;
    const char *script, *script_text; /* to be executed */
};

/* Without `force` nothing that is there is written over, even if it comes at the same moment. On error all is as
 * before. Errors: FILE, MEMORY. */
int init_files_write(const struct init_files *files, bool force);

#endif
