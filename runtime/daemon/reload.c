/* SPDX-License-Identifier: Apache-2.0
 * An edited ini: all of it is checked before any of it counts. */
#include "base/file.h"
#include "base/log.h"
#include "daemon/inner.h"
#include "daemon/log_filter.h"

#include <stdlib.h>
#include <string.h>

/* Logs the changes that need a new start, so that nobody waits for them. */
static void tell_fixed(const struct daemon *daemon, const struct daemon_config *next) {
    const struct daemon_config *now = &daemon->config;
    const struct {
        const char *key, *was, *is;
    } fixed[] = {
        {"model", now->model, next->model},        {"device", now->device, next->device},
        {"state", now->state, next->state},        {"serial", now->serial, next->serial},
        {"address", now->address, next->address},  {"psk", now->psk, next->psk},
        {"reach", now->reach, next->reach},        {"file of the history", now->memory_file, next->memory_file},
        {"policy file", now->policy, next->policy}};
    const struct {
        const char *key;
        double was, is;
    } ports[] = {{"udp", now->udp, next->udp}, {"coap", now->coap, next->coap}, {"coaps", now->coaps, next->coaps}};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (ports[i].was < ports[i].is || ports[i].was > ports[i].is)
            log_warn("%s: another %s counts at the next start", next->path, ports[i].key);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!config_same_text(fixed[i].was, fixed[i].is))
            log_warn("%s: another %s counts at the next start", next->path, fixed[i].key);
}

static int take(struct daemon *daemon, const void *bytes, size_t size) {
    struct daemon_config next;
    struct vectors *vectors = NULL;
    int status = config_parse(&next, bytes, size, daemon->options.config);
    if (status) return status;
    config_play(&next, daemon->options.recording);
    status = config_check_source(&next);
    if (!status) status = own_tags_take(&daemon->own, &next, NULL, NULL);
    if (!status) status = model_vectors_create(&vectors, &next.tags, next.path, next.source.ignore_orientation);
    if (!status) {
        tell_fixed(daemon, &next);
        capture_change(&daemon->capture, &next);
        struct daemon_config old = daemon->config;
        daemon->config = next, next = old;
        inference_tags(&daemon->inference, &vectors);
    }
    config_finish(&next);
    return status;
}

/* An empty file is one that is being written: its bytes come with the next change. */
static int look(struct daemon *l, const char *bytes, size_t size) {
    uint8_t digest[SHA256_SIZE];
    sha256(bytes, size, digest);
    if (!size || !memcmp(digest, l->seen, sizeof digest)) return OCELLI_OK;
    memcpy(l->seen, digest, sizeof digest);
    for (size_t i = 0; i < l->hook_count; i++)
        if (l->hooks[i].edited) l->hooks[i].edited(l->hooks[i].user);
    return take(l, bytes, size);
}

void reload(struct daemon *daemon) {
    char *bytes;
    size_t size;
    int status = file_load(daemon->options.config, &bytes, &size);
    if (!status) status = look(daemon, bytes, size);
    free(bytes);
    if (status) meter_count(&daemon->meter, METER_REFUSED, 1);
    if (!status && daemon->refused)
        log_filter_flush(1); /* it is over: if the same fault comes again, it is logged again */
    daemon->refused = status != OCELLI_OK;
}
