/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon_ini_check.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/model_vectors.h"
#include "daemon/own_tags.h"
#include "daemon/service_check.h"

#include <string.h>

/* As `ocelli check` does it. A camera that this program could not open is the daemon's matter. */
static void check_source(const struct daemon_config *c) {
    char why[LOG_LINE], forms[SOURCE_FORMS];
    if (!c->uri || !source_known(c->uri, forms)) return; /* told already */
    struct source_options options = c->source;
    options.width = options.height = options.rotation = 0; /* the config tells of these itself */
    log_hold(why, sizeof why);
    int status = source_check(c->uri, &options);
    log_release();
    if (status) log_error("%s:%zu: %s", c->path, config_line(c, "source", "uri"), why);
}

static void check_own_tags(struct daemon_config *c, const struct ocelli *model, struct faults *faults) {
    const struct own_tags own = {model->own.tags, model->own.known};
    own_tags_take(&own, c, NULL, faults);
}

void daemon_ini_check(struct findings *found, const char *text, const char *path, const struct ocelli *model) {
    struct daemon_config config;
    struct faults faults = {0};
    findings_begin(found, path);
    if (!config_parse_all(&config, text, strlen(text), path, &faults)) {
        check_source(&config);
        if (model) check_own_tags(&config, model, &faults);
        service_check(&config, &faults);
        model_vectors_check(&config.tags, path, config.source.ignore_orientation, &faults);
        config_finish(&config);
    }
    findings_end(found);
}
