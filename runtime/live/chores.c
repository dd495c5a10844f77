/* SPDX-License-Identifier: Apache-2.0
 * What the daemon does besides waiting. */
#include "base/clock.h"
#include "base/log.h"
#include "live/inner.h"
#include "live/notify.h"
#include "live/quiet.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)
enum { STUCK_SECONDS = 120 }; /* no picture takes so long, nor does a first shader's compilation */

/* Is it time again? `seconds` 0: never. */
static bool due(int64_t *last, int64_t now, double seconds) {
    if (seconds <= 0 || (double)(now - *last) < seconds * 1e9) return false;
    *last = now;
    return true;
}

void chores_save(struct live *l) {
    uint8_t *bytes;
    size_t size;
    if (!l->state || brain_save(&l->brain, &bytes, &size)) return;
    saver_put(&l->saver, bytes, size);
}

void chores_status(struct live *l) {
    struct live_status status;
    char line[4096];
    live_get_status(l, &status);
    meter_json(&status, line, sizeof line);
    if (!l->options.silent && !l->options.no_lines) lines_add_passing(l->out, line);
}

/* The manager hears nothing while the device hangs, and starts the service again. */
static void feed_watchdog(struct live *l, int64_t now) {
    int64_t period = notify_watchdog_ms();
    bool stuck = brain_busy_ns(&l->brain) > STUCK_SECONDS * SECOND;
    if (period && !stuck && due(&l->notified_ns, now, (double)period / 3000)) notify_say("WATCHDOG=1");
}

static void tell_manager(struct live *l) {
    struct live_status s;
    live_get_status(l, &s);
    char learning[48] = "";
    if (s.tags_learning) snprintf(learning, sizeof learning, ", %zu learning", s.tags_learning);
    notify_say("STATUS=%zu tags, %zu on%s, %.1f pictures/s, %s%s", s.tags, s.tags_on, learning, s.pictures_per_s,
               s.source_open ? "source open" : "waiting for the source", s.device_open ? "" : ", waiting for the device");
}

void chores(struct live *l, int64_t now) {
    feed_watchdog(l, now);
    program_step(&l->program, l->config.on_change);
    announce_step(l, now);
    if (watch_due(&l->watch, now)) reload(l);
    if (due(&l->saved_ns, now, l->config.save_every)) chores_save(l);
    if (due(&l->status_ns, now, l->config.status_every)) chores_status(l);
    if (!due(&l->flushed_ns, now, 10)) return;
    watch_read(&l->watch, now); /* a folder that went away is looked for */
    quiet_flush(0);
    tell_manager(l);
}
