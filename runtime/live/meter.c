/* SPDX-License-Identifier: Apache-2.0 */
#include "live/meter.h"
#include "base/clock.h"
#include "text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT = sizeof((struct meter_times *)0)->ns / sizeof(int64_t) };

void meter_init(struct meter *m) {
    memset(m, 0, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->started_ns = clock_ns(CLOCK_MONOTONIC);
}

void meter_finish(struct meter *m) {
    pthread_mutex_destroy(&m->lock);
}

void meter_count(struct meter *m, enum meter_count which, uint64_t more) {
    pthread_mutex_lock(&m->lock);
    m->counts[which] += more;
    pthread_mutex_unlock(&m->lock);
}

uint64_t meter_get(struct meter *m, enum meter_count which) {
    pthread_mutex_lock(&m->lock);
    uint64_t count = m->counts[which];
    pthread_mutex_unlock(&m->lock);
    return count;
}

void meter_time(struct meter *m, enum meter_time which, int64_t ns) {
    pthread_mutex_lock(&m->lock);
    struct meter_times *t = &m->times[which];
    t->ns[t->count++ % KEPT] = ns;
    pthread_mutex_unlock(&m->lock);
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

void meter_read(struct meter *m, struct live_status *s) {
    struct meter_times times[METER_TIMES];
    pthread_mutex_lock(&m->lock);
    memcpy(s->counts, m->counts, sizeof s->counts);
    memcpy(times, m->times, sizeof times);
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < METER_TIMES; i++) ranks(&times[i], &s->median_ms[i], &s->p95_ms[i]);
    s->uptime_s = (double)(clock_ns(CLOCK_MONOTONIC) - m->started_ns) / 1e9;
    s->pictures_per_s = (double)s->counts[METER_PICTURES] / s->uptime_s;
    s->rss_bytes = resident_bytes();
}

static const char *const count_names[METER_COUNTS] = {
    [METER_FRAMES] = "frames",     [METER_DROPPED] = "dropped",      [METER_STILL] = "still",
    [METER_PICTURES] = "pictures", [METER_EVENTS] = "events",        [METER_EDITS] = "edits",
    [METER_REFUSED] = "refused",   [METER_LOST] = "device_reopened", [METER_REOPENED] = "source_reopened"};

static const char *const time_names[METER_TIMES] = {
    [METER_CPU] = "frame_cpu_ms", [METER_GPU] = "gpu_ms", [METER_BEYOND] = "beyond_gpu_ms", [METER_EVENT] = "event_ms"};

static void write_times(struct json *j, const struct live_status *s) {
    for (int i = 0; i < METER_TIMES; i++) {
        json_begin(j, time_names[i], '{');
        json_number(j, "median", s->median_ms[i], JSON_SHORT);
        json_number(j, "p95", s->p95_ms[i], JSON_SHORT);
        json_end(j, '}');
    }
}

void meter_json(const struct live_status *s, char *text, size_t size) {
    struct json j = {.to = fmemopen(text, size, "w")};
    if (!j.to) return;
    json_begin(&j, NULL, '{');
    json_text(&j, "event", "status");
    json_number(&j, "uptime_s", s->uptime_s, JSON_SHORT);
    for (int i = 0; i < METER_COUNTS; i++) json_count(&j, count_names[i], s->counts[i]);
    json_number(&j, "pictures_per_s", s->pictures_per_s, JSON_SHORT);
    write_times(&j, s);
    json_number(&j, "celsius", s->celsius, JSON_SHORT);
    json_number(&j, "slowdown", s->slowdown, JSON_SHORT);
    json_count(&j, "rss_bytes", s->rss_bytes);
    json_count(&j, "gpu_bytes", s->gpu_bytes);
    json_count(&j, "dma_bufs", s->dma_bufs);
    json_count(&j, "events_lost", s->events_lost);
    json_count(&j, "programs_ran", s->programs_ran);
    json_count(&j, "programs_failed", s->programs_failed);
    json_count(&j, "history_bytes", s->history_bytes);
    json_count(&j, "history_kept", s->history_kept);
    json_count(&j, "history_lost", s->history_lost);
    json_count(&j, "version", s->version);
    json_count(&j, "tags", s->tags);
    json_count(&j, "tags_on", s->tags_on);
    json_count(&j, "tags_learning", s->tags_learning);
    json_bool(&j, "source_open", s->source_open);
    json_bool(&j, "device_open", s->device_open);
    json_bool(&j, "embedding", s->embedding);
    json_end(&j, '}');
    putc('\n', j.to);
    fclose(j.to);
}
