/* SPDX-License-Identifier: Apache-2.0
 * In place of postgres.c and its relatives where libpq is not installed. */
#include "base/log.h"
#include "ocelli/library/postgres.h"

static int absent(void) {
    return log_fail(OCELLI_ERR_USAGE, "PostgreSQL is not built in: build with libpq-dev installed");
}

int postgres_export(struct postgres_export *export) {
    (void)export;
    return absent();
}

int postgres_search(const struct search_request *request, const struct memory_model *model,
                    const struct history_question *question, struct search_answer *answer) {
    (void)request, (void)model, (void)question, (void)answer;
    return absent();
}
