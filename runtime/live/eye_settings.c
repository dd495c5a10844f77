/* SPDX-License-Identifier: Apache-2.0 */
#include "live/eye_settings.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static const char *copy(struct eye_settings *e, const char *text) {
    return text ? arena_copy(&e->strings, text, strlen(text)) : NULL;
}

void eye_settings_free(struct eye_settings *s) {
    if (!s) return;
    arena_finish(&s->strings);
    free(s);
}

struct eye_settings *eye_settings_make(const struct live_config *c) {
    struct eye_settings *s = calloc(1, sizeof *s);
    if (s) {
        s->options = c->source;
        s->uri = copy(s, c->uri);
        s->thermal = copy(s, c->thermal ? c->thermal : "/sys/class/thermal");
        s->own_thermal = c->thermal != NULL;
        s->options.format = copy(s, c->format);
        s->rate = c->rate, s->hot = c->hot, s->motion = c->motion, s->look_every = c->look_every;
    }
    if (s && s->uri && s->thermal && (s->options.format || !c->format)) return s;
    eye_settings_free(s);
    log_error("%s: out of memory", c->path);
    return NULL;
}

bool eye_settings_same_source(const struct eye_settings *x, const struct eye_settings *y) {
    const struct source_options *a = &x->options, *b = &y->options;
    return config_same_text(x->uri, y->uri) && config_same_text(a->format, b->format) && a->rotation == b->rotation &&
           a->every == b->every && a->recording == b->recording && a->ignore_orientation == b->ignore_orientation &&
           a->width == b->width && a->height == b->height && a->rate == b->rate && a->exposure_us == b->exposure_us &&
           !(a->gain < b->gain || a->gain > b->gain) &&
           !(a->exposure_value < b->exposure_value || a->exposure_value > b->exposure_value);
}
