/* SPDX-License-Identifier: Apache-2.0
 * The demo model as a blob of the test's own, opened on a real device. */
#ifndef DAEMON_DEMO_H
#define DAEMON_DEMO_H

#include "support/checkpoint.h"

#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *demo_folder, *demo_blob;

/* For cmocka_run_group_tests(). */
static inline int demo_setup(void **state) {
    char command[2048];
    (void)state;
    demo_folder = checkpoint_folder();
    demo_blob = strdup(checkpoint_path(demo_folder, "demo.gguf"));
    snprintf(command, sizeof command, "'%s/ocelli-convert' '%s/tools/demo/checkpoint' -o '%s' >/dev/null",
             getenv("OCELLI_BUILD"), getenv("OCELLI_SOURCE"), demo_blob);
    return system(command);
}

static inline int demo_teardown(void **state) {
    (void)state;
    free(demo_blob);
    checkpoint_remove(demo_folder);
    return 0;
}

/* FOLDER/NAME of a picture that comes with the sources. */
static inline const char *demo_picture(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/tools/demo/pictures/%s.png", getenv("OCELLI_SOURCE"), name);
    return path;
}

#endif
