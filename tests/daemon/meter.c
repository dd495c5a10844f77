/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/meter.h"
#include "support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct meter m;
static struct daemon_status s;

static bool near(double value, double expected) {
    return fabs(value - expected) < 1e-9;
}

static void test_counts(void **state) {
    (void)state;
    meter_init(&m);
    meter_count(&m, METER_FRAMES, 3);
    meter_count(&m, METER_FRAMES, 1);
    meter_count(&m, METER_LOST, 0);
    assert_int_equal(meter_get(&m, METER_FRAMES), 4);
    meter_read(&m, &s);
    assert_true(s.counts[METER_FRAMES] == 4 && s.counts[METER_PICTURES] == 0);
    assert_true(isnan(s.median_ms[METER_GPU]) && isnan(s.p95_ms[METER_GPU]));
    assert_true(s.rss_bytes > 1 << 20 && s.uptime_s >= 0 && s.uptime_s < 60);
    meter_finish(&m);
}

/* Nearest ranks of the last 256. */
static void test_times(void **state) {
    (void)state;
    meter_init(&m);
    meter_time(&m, METER_GPU, 5000000);
    meter_read(&m, &s);
    assert_true(near(s.median_ms[METER_GPU], 5) && near(s.p95_ms[METER_GPU], 5));
    for (int i = 0; i < 1000; i++) meter_time(&m, METER_GPU, INT64_C(1000000000)); /* all pushed out */
    for (int i = 256; i >= 1; i--) meter_time(&m, METER_GPU, i * 1000000);
    meter_read(&m, &s);
    assert_true(near(s.median_ms[METER_GPU], 128) && near(s.p95_ms[METER_GPU], 244));
    assert_true(isnan(s.median_ms[METER_CPU]));
    meter_finish(&m);
}

/* Every field as docs/run.md and the scripts have it, at its largest, in one line. */
static void test_json(void **state) {
    (void)state;
    char text[4096];
    memset(&s, 0, sizeof s);
    for (int i = 0; i < METER_COUNTS; i++) s.counts[i] = UINT64_MAX;
    for (int i = 0; i < METER_TIMES; i++) s.median_ms[i] = 1.25, s.p95_ms[i] = NAN;
    s.uptime_s = 1e9, s.celsius = NAN, s.slowdown = 2, s.device_open = true;
    s.rss_bytes = s.gpu_bytes = s.events_lost = s.programs_ran = s.programs_failed = s.version = UINT64_MAX;
    meter_json(&s, text, sizeof text);
    size_t length = strlen(text);
    assert_true(length > 0 && length < 2048 && strchr(text, '\n') == text + length - 1);
    cJSON *j = cJSON_Parse(text);
    assert_non_null(j);
    static const char *const fields[] = {"uptime_s",        "frames",      "dropped",         "still",
                                         "pictures",        "events",      "edits",           "refused",
                                         "device_reopened", "celsius",     "slowdown",        "pictures_per_s",
                                         "rss_bytes",       "gpu_bytes",   "source_reopened", "programs_ran",
                                         "events_lost",     "source_open", "device_open",     "frame_cpu_ms"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!cJSON_HasObjectItem(j, fields[i])) fail_msg("no field %s", fields[i]);
    const cJSON *gpu = cJSON_GetObjectItem(j, "gpu_ms");
    assert_true(near(cJSON_GetNumberValue(cJSON_GetObjectItem(gpu, "median")), 1.25));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(gpu, "p95")) && cJSON_IsNull(cJSON_GetObjectItem(j, "celsius")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "device_open")) &&
                cJSON_IsFalse(cJSON_GetObjectItem(j, "source_open")));
    cJSON_Delete(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_times),
                                       cmocka_unit_test(test_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
