/* SPDX-License-Identifier: Apache-2.0
 * The daemon's own lasting faults, looked at once a second: each is there as long as its cause. */
#include "daemon/inner.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)
/* Until then a source is opened again, and a camera begins; people need not hear of it. */
enum { CLOSED_S = 3, SILENT_S = 15 };

/* Since when `wrong` is so, in *since; is it longer than that? */
static bool lasts(bool wrong, int64_t *since, int64_t now, int seconds) {
    if (!wrong)
        *since = 0;
    else if (!*since)
        *since = now;
    return wrong && now - *since >= seconds * SECOND;
}

static void look_at_source(struct daemon *d, const struct daemon_status *s, int64_t now) {
    char text[FAULT_TEXT] = "";
    bool closed = lasts(!s->source_open, &d->closed_ns, now, CLOSED_S);
    if (closed && *s->source_fault)
        snprintf(text, sizeof text, "source %.80s: %s", s->source, s->source_fault);
    else if (closed)
        snprintf(
            text, sizeof text,
            "source %.100s: it is not there or does not open: look at the camera and its cable; the log tells more",
            s->source);
    else if (lasts(s->source_open && !s->counts[METER_FRAMES], &d->silent_ns, now, SILENT_S))
        snprintf(text, sizeof text, "source %.100s: it is open and no picture comes", s->source);
    fault_list_set(&d->faults, FAULT_SOURCE, text);
}

static void look_at_device(struct daemon *d, const struct daemon_status *s, int64_t now) {
    bool lost = lasts(!s->device_open, &d->lost_ns, now, CLOSED_S);
    fault_list_set(&d->faults, FAULT_DEVICE,
                   lost ? "the device that computes is lost, and is opened again and again; the log tells why" : NULL);
}

static void look_at_history(struct daemon *d) {
    struct memory_status memory = {0};
    if (d->memory) memory_get_status(d->memory, &memory);
    fault_list_set(&d->faults, FAULT_HISTORY, memory.fault);
}

static void look_at_edits(struct daemon *d) {
    char text[FAULT_TEXT];
    snprintf(text, sizeof text, "%.150s: its last edit has a fault, so the tags of before go on; the log tells it",
             d->options.config);
    fault_list_set(&d->faults, FAULT_EDIT, d->refused ? text : NULL);
}

void own_faults(struct daemon *daemon, int64_t now) {
    struct daemon_status status;
    char saver[SAVER_FAULT];
    daemon_get_status(daemon, &status);
    look_at_source(daemon, &status, now);
    look_at_device(daemon, &status, now);
    look_at_history(daemon);
    look_at_edits(daemon);
    saver_fault(&daemon->saver, saver);
    fault_list_set(&daemon->faults, FAULT_STATE, saver);
    fault_list_set(&daemon->faults, FAULT_ON_CHANGE, daemon->on_change.fault);
    fault_list_read(&daemon->faults, daemon->config.faults);
}
