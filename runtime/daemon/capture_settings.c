/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/capture_settings.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

void capture_settings_free(struct capture_settings *s) {
    if (!s) return;
    arena_finish(&s->strings);
    free(s);
}

struct capture_settings *capture_settings_make(const struct daemon_config *config) {
    struct capture_settings *s = calloc(1, sizeof *s);
    if (s) {
        s->options = config->source;
        s->uri = config->uri;
        s->thermal = config->thermal ? config->thermal : "/sys/class/thermal";
        s->own_thermal = config->thermal != NULL;
        s->rate = config->rate, s->hot = config->hot, s->motion = config->motion, s->look_every = config->look_every;
    }
    if (s && arena_own(&s->strings, &s->uri) && arena_own(&s->strings, &s->thermal) &&
        source_options_own(&s->options, &s->strings))
        return s;
    capture_settings_free(s);
    log_error("%s: out of memory", config->path);
    return NULL;
}

bool capture_settings_same_source(const struct capture_settings *x, const struct capture_settings *y) {
    const struct source_options *a = &x->options, *b = &y->options;
    return config_same_text(x->uri, y->uri) && config_same_text(a->url, b->url) &&
           config_same_text(a->login, b->login) && config_same_text(a->password_file, b->password_file) &&
           config_same_text(a->ca, b->ca) && a->period_ns == b->period_ns && config_same_text(a->format, b->format) &&
           a->rotation == b->rotation && a->every == b->every && a->recording == b->recording &&
           a->ignore_orientation == b->ignore_orientation && a->width == b->width && a->height == b->height &&
           a->rate == b->rate && a->exposure_us == b->exposure_us && !(a->gain < b->gain || a->gain > b->gain) &&
           !(a->exposure_value < b->exposure_value || a->exposure_value > b->exposure_value);
}
