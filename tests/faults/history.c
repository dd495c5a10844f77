/* SPDX-License-Identifier: Apache-2.0
 * The n-th allocation of ours fails, for every n, while a history is made, written and searched. */
#include "faults/each.h"
#include "memory/file.h"

static void run_history(void) {
    struct history *h = NULL;
    float vector[D];
    struct history_hit hits[4];
    struct history_found found = {.hits = hits};
    unit(3, vector);
    unlink(path);
    int status = history_create(&h, path, &model, 16 * MB);
    if (!status) status = append(h, 0, 5);
    if (!status) status = history_search(h, &(struct history_question){.vector = vector, .wanted = 4}, &found);
    if (!status) assert_int_equal(found.compared, 5);
    history_close(&h);
}

static void test_history(void **state) {
    (void)state;
    listen();
    if (!history_built_in()) skip();
    new_folder();
    each("history", run_history);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_history)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
