/* SPDX-License-Identifier: Apache-2.0
 * Without libcurl's headers. */
#include "source/kind.h"
#include "base/log.h"

#include <stdio.h>

static const char absent[] = "is not built in: build with libcurl4-openssl-dev installed";

bool http_usable(char why[SOURCE_WHY]) {
    snprintf(why, SOURCE_WHY, "%s", absent);
    return false;
}

int http_check(const char *uri, const char *rest, const struct source_options *options) {
    (void)uri, (void)rest, (void)options;
    return OCELLI_OK; /* http_open() tells of it */
}

int http_open(struct source *source, const char *rest, const struct source_options *options) {
    (void)rest, (void)options;
    return log_fail(OCELLI_ERR_DEVICE, "%s %s", source->uri, absent);
}

/* These two are only called for a source that is open. */
int http_run(struct source *source) {
    (void)source;
    return SOURCE_END;
}

void http_close(struct source *source) {
    (void)source;
}
