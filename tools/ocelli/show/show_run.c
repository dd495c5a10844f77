/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/show/show_run.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/log_filter.h"
#include "ocelli/common/local_time.h"
#include "ocelli/show/screen.h"
#include "tag/calibrate.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MS = 500 }; /* between two looks at the counters */

struct show_run {
    struct daemon *daemon;
    struct screen *screen;
    char title[SHOW_TITLE];
    /* the screen's thread's */
    struct daemon_status judged;
    uint64_t changes;
    size_t at;                /* tags taken so far */
    struct show_table *table; /* while they are taken */
    int64_t status_ns;
    struct show_rate rate; /* of pictures: the status has it over all the time */
};

/* ---- the tags ---- */

static enum show_threshold threshold_of(enum tagger_threshold threshold) {
    static const enum show_threshold rules[] = {[TAGGER_FIXED] = SHOW_FIXED,
                                                [TAGGER_LEARNT] = SHOW_LEARNT,
                                                [TAGGER_STARTER] = SHOW_STARTER,
                                                [TAGGER_NONE] = SHOW_NONE};
    return rules[threshold];
}

/* Under the daemon's lock. */
static void take_tag(void *user, const struct tagger_status *from) {
    struct show_run *r = user;
    struct show_tag *to = show_put(r->table, r->at, from->tag);
    if (!to) return;
    snprintf(to->group, sizeof to->group, "%s", from->group ? from->group : "");
    to->on = from->state == TAGGER_ON;
    to->threshold = threshold_of(from->why.threshold);
    to->score = (double)from->why.score, to->margin = (double)from->why.margin, to->on_from = (double)from->why.on;
    to->learnt = from->learnt_days * 86400 / CALIBRATE_MIN_S;
    show_range(to);
    r->at++;
}

static void take_tags(struct show_run *r, struct show_table *table) {
    r->table = table, r->at = 0;
    if (daemon_view(r->daemon, &r->judged, &r->changes, take_tag, r)) table->count = r->at;
    table->any = r->judged.any;
}

/* ---- the numbers ---- */

static void take_status(struct show_run *r, struct show_table *table) {
    struct daemon_status s;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (r->status_ns && now - r->status_ns < STATUS_MS * INT64_C(1000000)) return;
    r->status_ns = now;
    daemon_get_status(r->daemon, &s);
    table->pictures_per_s = show_rate(&r->rate, (double)s.counts[METER_PICTURES], clock_ms() / 1000);
    table->device_ms = s.median_ms[METER_GPU], table->uptime_s = s.uptime_s;
    char size[32] = "";
    if (s.width) snprintf(size, sizeof size, " %ux%u", s.width, s.height);
    snprintf(table->details, sizeof table->details, "%s%s%s  %s on %s%s  %zu tags, %zu on", s.source, size,
             s.source_open ? "" : " (closed)", s.model, s.device, s.device_open ? "" : " (closed)", s.tags, s.tags_on);
}

/* A screen_feed's. */
static void fill(void *user, struct show_table *table) {
    struct show_run *r = user;
    memcpy(table->title, r->title, sizeof table->title);
    take_tags(r, table);
    take_status(r, table);
}

/* The daemon ends as with Ctrl-C. */
static void quit(void *user) {
    (void)user;
    kill(getpid(), SIGTERM);
}

/* ---- changes and the log ---- */

/* A daemon_hook's. */
static void put_event(void *user, const struct daemon_event *from) {
    const struct show_run *r = user;
    struct show_event to = {.score = *from->tag ? (double)from->why.score : (double)NAN};
    local_clock(to.time);
    snprintf(to.state, sizeof to.state, "%s", event_state(from->state));
    snprintf(to.name, sizeof to.name, "%s", *from->tag ? from->tag : from->group);
    screen_event(r->screen, &to);
}

static bool put_line(void *user, const char *line) {
    const struct show_run *r = user;
    return screen_note(r->screen, line);
}

/* A daemon_hook's: right before _exit(). */
static void leave(void *user) {
    const struct show_run *r = user;
    log_filter_divert(NULL, NULL);
    screen_leave(r->screen);
}

/* ---- opening ---- */

int show_run_open(struct show_run **out, struct daemon *daemon, const char *title) {
    struct show_run *r = *out = calloc(1, sizeof *r);
    if (!r) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the table");
    r->daemon = daemon;
    snprintf(r->title, sizeof r->title, "ocelli run %s", title);
    struct screen_feed feed = {.user = r, .fill = fill, .quit = quit};
    struct daemon_hook hook = {.user = r, .fd = -1, .event = put_event, .leave = leave};
    int status = screen_open(&r->screen, &feed);
    if (!status) status = daemon_add_hook(daemon, &hook);
    if (!status) {
        log_filter_divert(put_line, r);
        return OCELLI_OK;
    }
    screen_close(&r->screen, 1000);
    free(r);
    *out = NULL;
    return status;
}

int show_run_tell_lost(const struct show_run *r) {
    return r ? screen_tell_lost(screen_lost(r->screen)) : OCELLI_OK;
}

bool show_run_close(struct show_run **show, int timeout_ms) {
    struct show_run *r = *show;
    if (!r) return true;
    log_filter_divert(NULL, NULL);
    daemon_remove_hook(r->daemon, r);
    if (!screen_close(&r->screen, timeout_ms)) return false;
    free(r);
    *show = NULL;
    return true;
}
