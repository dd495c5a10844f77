/* SPDX-License-Identifier: Apache-2.0
 * The demo model, open: for cmocka_run_group_tests(tests, open_model, close_model). */
#ifndef DAEMON_DEMO_MODEL_H
#define DAEMON_DEMO_MODEL_H

#include "demo.h"

static struct ocelli *model;
static size_t size;

static inline int open_model(void **state) {
    struct ocelli_info info;
    if (demo_setup(state) || ocelli_open(&model, &(struct ocelli_params){.model = demo_blob})) return 1;
    ocelli_get_info(model, &info);
    size = info.embedding_size;
    return 0;
}

static inline int close_model(void **state) {
    ocelli_close(&model);
    return demo_teardown(state);
}

#endif
