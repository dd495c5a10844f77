/* SPDX-License-Identifier: Apache-2.0
 * What the daemon does besides waiting. */
#include "base/clock.h"
#include "base/log.h"
#include "daemon/inner.h"
#include "daemon/notify.h"
#include "daemon/log_filter.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)
enum { STUCK_SECONDS = 120 }; /* no picture takes so long, nor does a first shader's compilation */

/* Is it time again? `seconds` 0: never. */
static bool due(int64_t *last, int64_t now, double seconds) {
    if (seconds <= 0 || (double)(now - *last) < seconds * 1e9) return false;
    *last = now;
    return true;
}

void housekeeping_save(struct daemon *daemon) {
    uint8_t *bytes;
    size_t size;
    if (!daemon->state || inference_save(&daemon->inference, &bytes, &size)) return;
    saver_put(&daemon->saver, SAVER_LEARNT, bytes, size);
    if (!inference_save_drift(&daemon->inference, &bytes, &size) && bytes)
        saver_put(&daemon->saver, SAVER_DRIFT, bytes, size);
}

void housekeeping_status(struct daemon *daemon) {
    struct daemon_status status;
    char line[4096];
    daemon_get_status(daemon, &status);
    meter_json(&status, line, sizeof line);
    if (!daemon->options.silent && !daemon->options.no_lines) line_writer_add_optional(daemon->out, line);
}

/* The manager hears nothing while the device hangs, and starts the service again. */
static void feed_watchdog(struct daemon *l, int64_t now) {
    int64_t period = notify_watchdog_ms();
    bool stuck = inference_busy_ns(&l->inference) > STUCK_SECONDS * SECOND;
    if (period && !stuck && due(&l->notified_ns, now, (double)period / 3000)) notify_say("WATCHDOG=1");
}

static void tell_manager(struct daemon *l) {
    struct daemon_status s;
    daemon_get_status(l, &s);
    char learning[48] = "";
    if (s.tags_learning) snprintf(learning, sizeof learning, ", %zu learning", s.tags_learning);
    notify_say("STATUS=%zu tags, %zu on%s, %.1f pictures/s, %s%s", s.tags, s.tags_on, learning, s.pictures_per_s,
               s.source_open ? "source open" : "waiting for the source",
               s.device_open ? "" : ", waiting for the device");
}

void housekeeping(struct daemon *daemon, int64_t now) {
    feed_watchdog(daemon, now);
    on_change_step(&daemon->on_change, daemon->config.on_change);
    announce_step(daemon, now);
    if (file_watch_due(&daemon->file_watch, now)) reload(daemon);
    if (due(&daemon->saved_ns, now, daemon->config.save_every)) housekeeping_save(daemon);
    if (due(&daemon->status_ns, now, daemon->config.status_every)) housekeeping_status(daemon);
    if (due(&daemon->looked_ns, now, 1)) own_faults(daemon, now);
    if (!due(&daemon->flushed_ns, now, 10)) return;
    file_watch_read(&daemon->file_watch, now); /* a folder that went away is looked for */
    log_filter_flush(0);
    tell_manager(daemon);
}
