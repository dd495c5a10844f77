/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/announce.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/inner.h"
#include "daemon/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
/* For a first picture; between two looks at the tags, which take a lock that answers need; of tags, whose names are
 * said. */
enum { PATIENCE_S = 3, LOOK_S = 10, NAMES_MOST = 6 };

struct text {
    char bytes[LOG_LINE];
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *to, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int size = vsnprintf(to->bytes + to->used, sizeof to->bytes - to->used, format, values);
    va_end(values);
    if (size > 0) to->used += (size_t)size;
    if (to->used >= sizeof to->bytes) to->used = sizeof to->bytes - 1;
}

/* ---- the tags ---- */

enum { THRESHOLDS = TAGGER_NONE + 1 };

struct count {
    size_t tags, of[THRESHOLDS]; /* of: by enum tagger_threshold */
    struct text names;
};

static const char *rule_name(enum tagger_threshold threshold) {
    const char *name = tagger_threshold_name(threshold);
    return name ? name : "none yet";
}

/* Called under the daemon's lock. */
static void count(void *user, const struct tagger_status *tag) {
    struct count *counts = user;
    enum tagger_threshold rule = tag->why.threshold;
    if (counts->tags < NAMES_MOST) add(&counts->names, "%s%s %s", counts->tags ? ", " : "", tag->tag, rule_name(rule));
    counts->tags++, counts->of[rule]++;
}

static void add_tags(struct text *to, const struct count *counts) {
    const char *between = "";
    add(to, "%zu tag%s", counts->tags, counts->tags == 1 ? "" : "s");
    if (!counts->tags) return;
    add(to, " (threshold: ");
    if (counts->tags <= NAMES_MOST) {
        add(to, "%s)", counts->names.bytes);
        return;
    }
    for (int i = 0; i < THRESHOLDS; i++)
        if (counts->of[i])
            add(to, "%s%zu %s", between, counts->of[i], rule_name((enum tagger_threshold)i)), between = ", ";
    add(to, ")");
}

static bool learns(const struct count *counts) {
    return counts->of[TAGGER_STARTER] + counts->of[TAGGER_NONE] > 0;
}

/* ---- the line ---- */

static void add_source(struct text *to, const struct daemon_status *s) {
    if (s->width)
        add(to, "%s %ux%u", s->source, s->width, s->height);
    else
        add(to, "%s (no picture yet: it waits for the first)", s->source);
}

static void add_port(struct text *to, const char **between, const char *name, double port, const char *address) {
    if (port <= 0) return;
    add(to, "%s%s %.0f%s%s", *between, name, port, address ? " at " : "", address ? address : "");
    *between = ", ";
}

static void add_answers(struct text *to, const struct daemon_config *c) {
    const char *between = "answers on ";
    add_port(to, &between, "udp", c->udp, c->address);
    add_port(to, &between, "coap", c->coap, c->address);
    add_port(to, &between, "coaps", c->coaps, c->address);
    add_port(to, &between, "web", c->web_port, c->web_address ? c->web_address : c->web_password ? NULL : "127.0.0.1");
    if (c->serial) add(to, "%sserial %s", between, c->serial), between = "";
    if (c->mqtt_host) add(to, "%sthe MQTT broker %s", between, c->mqtt_host), between = "";
    if (*between == 'a') add(to, "answers no requests ([serve] has no port)");
}

static void tell(struct daemon *daemon, const struct daemon_status *status, const struct count *counts) {
    struct text line = {.used = 0};
    add(&line, "%s: runs: source ", daemon->options.config);
    add_source(&line, status);
    add(&line, "; model %s on %s; ", daemon->model, status->device);
    add_tags(&line, counts);
    if (daemon->state)
        add(&line, "; state in %s; ", daemon->state);
    else
        add(&line, "; no state folder; ");
    if (daemon->options.silent)
        add(&line, "learns only");
    else
        add_answers(&line, &daemon->config);
    log_info("%s", line.bytes);
    notify_say("STATUS=%s", line.bytes);
    daemon->announce.told = true, daemon->announce.sized = status->width > 0;
}

/* ---- when ---- */

static void look(struct daemon *l) {
    struct count counts = {.tags = 0};
    daemon_tags(l, count, &counts);
    if (l->announce.learning && !learns(&counts) && counts.tags && !l->announce.done) {
        log_info("%s: learning is complete: all %zu tags have their threshold", l->options.config, counts.tags);
        l->announce.done = true;
    }
    l->announce.learning = learns(&counts);
}

/* A folder says nothing until a picture lands there: nobody waits for that. */
static bool is_time(const struct daemon *l, const struct daemon_status *s, int64_t now) {
    return s->width || !strncmp(s->source, "files:", 6) || now - l->started_ns >= PATIENCE_S * SECOND;
}

static void begin(struct daemon *l, const struct daemon_status *s) {
    struct count counts = {.tags = 0};
    daemon_tags(l, count, &counts);
    tell(l, s, &counts);
    l->announce.learning = learns(&counts);
}

void announce_step(struct daemon *daemon, int64_t now) {
    struct announce *a = &daemon->announce;
    if (!a->sized) {
        struct daemon_status s = {0};
        daemon_get_status(daemon, &s);
        if (!a->told && is_time(daemon, &s, now)) {
            begin(daemon, &s);
        } else if (a->told && s.width) {
            log_info("%s: the first picture is there: %ux%u", s.source, s.width, s.height);
            a->sized = true;
        }
    }
    if (a->done || !a->told || now - a->looked_ns < LOOK_S * SECOND) return;
    a->looked_ns = now;
    look(daemon);
}

void announce_end(struct daemon *daemon) {
    struct daemon_status s;
    if (daemon->announce.told) return;
    daemon_get_status(daemon, &s);
    if (s.width) begin(daemon, &s);
}
