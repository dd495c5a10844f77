/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/meter.h"
#include "base/clock.h"
#include "text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT = sizeof((struct meter_times *)0)->ns / sizeof(int64_t) };

void meter_init(struct meter *meter) {
    memset(meter, 0, sizeof *meter);
    pthread_mutex_init(&meter->lock, NULL);
    meter->started_ns = clock_ns(CLOCK_MONOTONIC);
}

void meter_finish(struct meter *meter) {
    pthread_mutex_destroy(&meter->lock);
}

void meter_count(struct meter *meter, enum meter_count which, uint64_t more) {
    pthread_mutex_lock(&meter->lock);
    meter->counts[which] += more;
    pthread_mutex_unlock(&meter->lock);
}

uint64_t meter_get(struct meter *meter, enum meter_count which) {
    pthread_mutex_lock(&meter->lock);
    uint64_t count = meter->counts[which];
    pthread_mutex_unlock(&meter->lock);
    return count;
}

void meter_time(struct meter *meter, enum meter_time which, int64_t ns) {
    pthread_mutex_lock(&meter->lock);
    struct meter_times *t = &meter->times[which];
    t->ns[t->count++ % KEPT] = ns;
    pthread_mutex_unlock(&meter->lock);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank; sorts them. */
static void ranks(struct meter_times *t, double *median, double *p95) {
    size_t n = t->count < KEPT ? t->count : KEPT;
    *median = *p95 = NAN;
    if (!n) return;
    qsort(t->ns, n, sizeof *t->ns, by_value);
    *median = (double)t->ns[(n - 1) / 2] / 1e6;
    *p95 = (double)t->ns[(95 * n + 99) / 100 - 1] / 1e6;
}

static uint64_t resident_bytes(void) {
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%*u %llu", &pages) != 1) pages = 0;
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void meter_read(struct meter *meter, struct daemon_status *status) {
    struct meter_times times[METER_TIMES];
    pthread_mutex_lock(&meter->lock);
    memcpy(status->counts, meter->counts, sizeof status->counts);
    memcpy(times, meter->times, sizeof times);
    pthread_mutex_unlock(&meter->lock);
    for (int i = 0; i < METER_TIMES; i++) ranks(&times[i], &status->median_ms[i], &status->p95_ms[i]);
    status->uptime_s = (double)(clock_ns(CLOCK_MONOTONIC) - meter->started_ns) / 1e9;
    status->pictures_per_s = (double)status->counts[METER_PICTURES] / status->uptime_s;
    status->rss_bytes = resident_bytes();
}

static const char *const count_names[METER_COUNTS] = {
    [METER_FRAMES] = "frames",     [METER_DROPPED] = "dropped",      [METER_STILL] = "still",
    [METER_PICTURES] = "pictures", [METER_EVENTS] = "events",        [METER_EDITS] = "edits",
    [METER_REFUSED] = "refused",   [METER_LOST] = "device_reopened", [METER_REOPENED] = "source_reopened"};

static const char *const time_names[METER_TIMES] = {
    [METER_CPU] = "frame_cpu_ms", [METER_GPU] = "gpu_ms", [METER_BEYOND] = "beyond_gpu_ms", [METER_EVENT] = "event_ms"};

static void write_times(struct json *j, const struct daemon_status *s) {
    for (int i = 0; i < METER_TIMES; i++) {
        json_begin(j, time_names[i], '{');
        json_number(j, "median", s->median_ms[i], JSON_SHORT);
        json_number(j, "p95", s->p95_ms[i], JSON_SHORT);
        json_end(j, '}');
    }
}

static void write_moderation(struct json *j, const struct daemon_moderation *m) {
    json_begin(j, "moderation", '{');
    json_count(j, "policies", m->policies);
    json_count(j, "policies_on", m->policies_on);
    json_text(j, "verdict", m->verdict);
    json_count(j, "found", m->found);
    json_count(j, "abstained", m->abstained);
    json_count(j, "dropped", m->dropped);
    json_end(j, '}');
}

void meter_json(const struct daemon_status *status, char *text, size_t size) {
    struct json j = {.to = fmemopen(text, size, "w")};
    if (!j.to) return;
    json_begin(&j, NULL, '{');
    json_text(&j, "event", "status");
    json_number(&j, "uptime_s", status->uptime_s, JSON_SHORT);
    for (int i = 0; i < METER_COUNTS; i++) json_count(&j, count_names[i], status->counts[i]);
    json_number(&j, "pictures_per_s", status->pictures_per_s, JSON_SHORT);
    write_times(&j, status);
    json_number(&j, "celsius", status->celsius, JSON_SHORT);
    json_number(&j, "slowdown", status->slowdown, JSON_SHORT);
    json_count(&j, "rss_bytes", status->rss_bytes);
    json_count(&j, "gpu_bytes", status->gpu_bytes);
    json_count(&j, "dma_bufs", status->dma_bufs);
    json_count(&j, "events_lost", status->events_lost);
    json_count(&j, "programs_ran", status->programs_ran);
    json_count(&j, "programs_failed", status->programs_failed);
    json_count(&j, "history_bytes", status->history_bytes);
    json_count(&j, "history_kept", status->history_kept);
    json_count(&j, "history_lost", status->history_lost);
    json_count(&j, "version", status->version);
    json_count(&j, "tags", status->tags);
    json_count(&j, "tags_on", status->tags_on);
    json_count(&j, "tags_learning", status->tags_learning);
    json_count(&j, "tags_drifted", status->drift.drifted);
    json_number(&j, "drift", status->drift.largest, JSON_SHORT);
    if (status->moderation.policies) write_moderation(&j, &status->moderation);
    json_bool(&j, "source_open", status->source_open);
    json_bool(&j, "paused", status->paused);
    json_bool(&j, "device_open", status->device_open);
    json_bool(&j, "embedding", status->embedding);
    json_end(&j, '}');
    putc('\n', j.to);
    fclose(j.to);
}
