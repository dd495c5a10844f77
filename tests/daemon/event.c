/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/event.h"
#include "base/clock.h"
#include "support/heard.h"
#include "support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

static struct daemon_event e;

static struct tagger_event made(void) {
    return (struct tagger_event){.tag = "a \"cat\"",
                                 .group = "pets",
                                 .state = TAGGER_ON,
                                 .why = {.score = 0.75f,
                                         .cosine = 0.25f,
                                         .margin = 0.125f,
                                         .on = 0.0625f,
                                         .off = 0.03125f,
                                         .percentile = NAN,
                                         .alarms_a_day = INFINITY,
                                         .runner_up = "a dog",
                                         .runner_up_cosine = 0.5f,
                                         .threshold = TAGGER_STARTER},
                                 .version = 4294967295u,
                                 .model = "a model",
                                 .sequence = 7,
                                 .time_ms = 5};
}

static const char *text(const cJSON *j, const char *key) {
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, key));
    return value ? value : "";
}

static double number(const cJSON *j, const char *key) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(j, key));
}

static void test_json(void **state) {
    (void)state;
    struct tagger_event from = made();
    event_make(&e, &from, &(struct frame){.captured_ns = 5000000}, 1000000);
    size_t length = strlen(e.json);
    assert_true(length > 0 && strchr(e.json, '\n') == e.json + length - 1);
    cJSON *j = cJSON_Parse(e.json);
    assert_non_null(j);
    assert_string_equal(text(j, "event"), "on");
    assert_string_equal(text(j, "tag"), "a \"cat\"");
    assert_string_equal(text(j, "group"), "pets");
    assert_string_equal(text(j, "reason"), "picture");
    assert_string_equal(text(j, "runner_up"), "a dog");
    assert_string_equal(text(j, "model"), "a model");
    assert_string_equal(text(j, "threshold"), "starter");
    assert_true(fabs(number(j, "score") - 0.75) + fabs(number(j, "margin") - 0.125) + fabs(number(j, "off") - 0.03125) <
                1e-9);
    assert_true(number(j, "version") > 4294967294.0 &&
                fabs(number(j, "frame") - 7) + fabs(number(j, "monotonic_ms") - 5) < 1e-9);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(j, "file")) && cJSON_IsNull(cJSON_GetObjectItem(j, "position_ms")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(j, "percentile")) &&
                cJSON_IsNull(cJSON_GetObjectItem(j, "alarms_a_day")));
    cJSON_Delete(j);
    assert_null(e.why.runner_up); /* it would not live */
    assert_string_equal(e.runner_up, "a dog");
}

/* A picture of a recording: its own time, and its file's name however odd; a name that is too long is left out whole.
 */
static void test_recorded(void **state) {
    (void)state;
    char name[EVENT_FILE + 1];
    struct tagger_event from = made();
    struct frame frame = {
        .file = name,
        .captured_ns = INT64_C(9000000000),
        .recording = {true, INT64_C(2000000000), INT64_C(3600000000000), INT64_C(1700000000123456789)}};
    memset(name, 1, sizeof name); /* six bytes each in JSON */
    name[EVENT_FILE - 1] = 0;
    event_make(&e, &from, &frame, 0);
    assert_true(e.captured_ns == frame.captured_ns && e.position_ns == frame.recording.position_ns);
    assert_string_equal(e.time, "2023-11-14T22:13:20.123Z");
    assert_string_equal(e.file, name);
    cJSON *j = cJSON_Parse(e.json);
    assert_non_null(j);
    assert_string_equal(text(j, "file"), name);
    assert_string_equal(text(j, "time"), e.time);
    assert_true(fabs(number(j, "position_ms") - 3.6e6) + fabs(number(j, "monotonic_ms") - 3.602e6) < 1e-9);
    cJSON_Delete(j);
    name[EVENT_FILE - 1] = 1, name[EVENT_FILE] = 0;
    frame.recording.real_ns = 0;
    event_make(&e, &from, &frame, 0);
    assert_string_equal(e.file, "");
    char ahead[40];
    event_time(INT64_C(3602000000000), ahead); /* of the clock, and as far on as the recording */
    assert_memory_equal(e.time, ahead, 16);    /* to the minute: the clocks were read twice */
}

static void test_unknown(void **state) {
    (void)state;
    struct tagger_event from = made();
    from.tag = NULL, from.state = TAGGER_UNKNOWN, from.edited = true, from.why.runner_up = NULL;
    event_make(&e, &from, &(struct frame){0}, 0);
    cJSON *j = cJSON_Parse(e.json);
    assert_string_equal(text(j, "event"), "unknown");
    assert_string_equal(text(j, "reason"), "edit");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(j, "tag")) && cJSON_IsNull(cJSON_GetObjectItem(j, "runner_up")));
    cJSON_Delete(j);
}

/* Names at their longest, of what takes most room in JSON (control characters are refused, see config_check_texts()): a
 * line that is cut short would spoil the next one too. */
static void test_long_names(void **state) {
    (void)state;
    char name[300];
    struct tagger_event from = made();
    memset(name, 0xff, sizeof name); /* three bytes each */
    name[sizeof name - 1] = 0;
    from.tag = from.group = from.model = from.why.runner_up = name;
    event_make(&e, &from, &(struct frame){0}, 0);
    assert_int_equal(strlen(e.tag), EVENT_NAME - 1);
    size_t length = strlen(e.json);
    cJSON *j = cJSON_Parse(e.json);
    assert_non_null(j);
    assert_true(e.json[length - 1] == '\n' && !isnan(number(j, "monotonic_ms")));
    cJSON_Delete(j);
}

static void test_time(void **state) {
    (void)state;
    char of_now[40], earlier[40];
    time_t real = time(NULL);
    event_time(clock_ns(CLOCK_MONOTONIC), of_now);
    event_time(clock_ns(CLOCK_MONOTONIC) - INT64_C(86400) * 1000000000, earlier);
    struct tm utc = {0};
    assert_non_null(strptime(of_now, "%Y-%m-%dT%H:%M:%S", &utc));
    assert_true(llabs((long long)(timegm(&utc) - real)) <= 1);
    assert_true(strlen(of_now) == 24 && of_now[19] == '.' && of_now[23] == 'Z');
    assert_true(strcmp(earlier, of_now) < 0 && !memcmp(earlier + 10, of_now + 10, 3));
}

static bool readable(const struct event_queue *q) {
    struct pollfd p = {.fd = q->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* The oldest go when nobody takes them. */
static void test_queue(void **state) {
    (void)state;
    struct event_queue q;
    listen();
    assert_int_equal(event_queue_init(&q), OCELLI_OK);
    assert_false(event_take(&q, &e));
    assert_false(readable(&q));
    for (uint64_t i = 0; i < EVENTS_MOST + 5; i++) {
        e.frame = i;
        event_put(&q, &e);
    }
    assert_int_equal(q.lost, 5);
    assert_true(heard.lines == 5 && strstr(heard.text, "the oldest are lost"));
    for (uint64_t i = 5; i < EVENTS_MOST + 5; i++) {
        assert_true(readable(&q) && event_take(&q, &e));
        assert_int_equal(e.frame, i);
    }
    assert_false(readable(&q) || event_take(&q, &e));
    event_queue_finish(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),    cmocka_unit_test(test_recorded),
                                       cmocka_unit_test(test_unknown), cmocka_unit_test(test_long_names),
                                       cmocka_unit_test(test_time),    cmocka_unit_test(test_queue)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
