/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct daemon_config *c, const char *text) {
    size_t size = strlen(text);
    char *exact = malloc(size + !size);
    memcpy(exact, text, size);
    listen();
    int status = config_parse(c, exact, size, "folder/ocelli.ini");
    free(exact);
    return status;
}

static void test_presets(void **state) {
    (void)state;
    struct daemon_config c;
    assert_int_equal(parse(&c, "[source]\nuri = test:\n"), OCELLI_OK);
    assert_string_equal(c.uri, "test:");
    assert_true(c.rate > 9.99 && c.rate < 10.01 && c.udp <= 0 && c.requests > 49);
    assert_null(c.model);
    assert_null(c.serial);
    assert_null(c.memory_file); /* no history */
    assert_true(c.memory_budget > 255 && c.memory_every > 0.99 && c.memory_every < 1.01);
    assert_int_equal(c.tags.count, 0);
    config_finish(&c);
}

static void test_whole(void **state) {
    (void)state;
    struct daemon_config c;
    assert_int_equal(parse(&c, "[run]\nmodel = m.gguf\nstate = /var/s\non_change = echo \"$OCELLI_TAG\"\nrate = 2.5\n"
                               "[source]\nuri = camera:\nrotation = 90\nwidth = 640\nheight = 480\nevery = yes\n"
                               "[serve]\nudp = 5690\nserial = /dev/ttyS1@921600\npsk = keys\nreach = all\n"
                               "[memory]\nfile = history.db\nbudget = 64\nevery = 0\nthumbnails = yes\n"
                               "[tag cat]\ngroup = animals\n"),
                     OCELLI_OK);
    assert_string_equal(c.model, "folder/m.gguf"); /* beside the file */
    assert_string_equal(c.state, "/var/s");
    assert_string_equal(c.on_change, "echo \"$OCELLI_TAG\""); /* words, not a file */
    assert_string_equal(c.psk, "folder/keys");
    assert_string_equal(c.memory_file, "folder/history.db");
    assert_true(c.memory_budget > 63 && c.memory_budget < 65 && c.memory_every <= 0);
    assert_true(c.memory_thumbnails > 0);
    assert_string_equal(c.serial, "/dev/ttyS1@921600");
    assert_int_equal(c.source.rotation, 90);
    assert_true(c.source.every);
    assert_int_equal(c.source.width, 640);
    assert_true(fabs(c.udp - 5690) < 1e-9);
    assert_int_equal(c.tags.count, 1);
    config_finish(&c);
}

static void test_recording(void **state) {
    (void)state;
    static const char *const faults[] = {"clock = wall\nuri = y4m:a", "uri = test:\nclock = recording",
                                         "uri = camera:\nclock = recording",
                                         "uri = files:a\nevery = no\nclock = recording"};
    struct daemon_config c;
    char text[200];
    assert_int_equal(parse(&c, "[source]\nuri = files:a\nclock = recording\nrate = 2\n"), OCELLI_OK);
    assert_true(c.source.recording && c.source.rate == 2);
    config_finish(&c);
    assert_int_equal(parse(&c, "[source]\nuri = camera:\nclock = live\nrate = 15\nrotation = 180\n"), OCELLI_OK);
    config_play(&c, NULL);
    assert_true(!c.source.recording && c.source.rate == 15);
    config_play(&c, "y4m:here.y4m");
    assert_string_equal(c.uri, "y4m:here.y4m"); /* not beside the file: the command line gave it */
    assert_true(c.source.recording && c.source.rate == 0 && c.source.rotation == 180);
    config_finish(&c);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        snprintf(text, sizeof text, "[source]\n%s\n", faults[i]);
        assert_int_equal(parse(&c, text), OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text, "folder/ocelli.ini:"));
    }
}

/* What is secret in an address is the source's alone. */
static void test_address(void **state) {
    (void)state;
    struct daemon_config c;
    assert_int_equal(parse(&c, "[source]\nuri = http://a:hush@x/y?key=hush\nrate = 0.1\n"), OCELLI_OK);
    assert_string_equal(c.uri, "http://...@x/y?...");
    assert_string_equal(c.source.url, "http://a:hush@x/y?key=hush");
    assert_int_equal(c.source.period_ns, INT64_C(10000000000));
    config_play(&c, "y4m:here.y4m");
    assert_null(c.source.url);
    config_finish(&c);
    assert_int_equal(parse(&c, "[source]\nuri = https://x/\nuser = a\npassword = p\nca = c\n"), OCELLI_OK);
    assert_string_equal(c.source.login, "a");
    assert_string_equal(c.source.password_file, "folder/p");
    assert_string_equal(c.source.ca, "folder/c");
    config_finish(&c);
}

/* What a source names lies beside the file, like all that it names; the rest of the URI stays. */
static void test_source_file(void **state) {
    static const char *const rows[][2] = {
        {"files:w", "files:folder/w"},
        {"files:./w/x", "files:folder/./w/x"},
        {"files:/w", "files:/w"},
        {"y4m:a:b.y4m", "y4m:folder/a:b.y4m"},
        {"y4m:-", "y4m:-"},
        {"raw:2x2:nv12@5:v.raw", "raw:2x2:nv12@5:folder/v.raw"},
        {"raw:2x2:nv12:-", "raw:2x2:nv12:-"},
        {"raw:2x2", "raw:2x2"}, /* the source refuses it */
        {"files:", "files:"},
        {"test:64x48@5", "test:64x48@5"},
        {"camera:usb", "camera:usb"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct daemon_config c;
        char text[100];
        snprintf(text, sizeof text, "[source]\nuri = %s\n", rows[i][0]);
        assert_int_equal(parse(&c, text), OCELLI_OK);
        assert_string_equal(c.uri, rows[i][1]);
        config_finish(&c);
    }
}

/* A camera without a camera module is told at once: waiting for it would not help. The first of all tests here, as a
 * module stays loaded. */
static void test_no_camera_module(void **state) {
    (void)state;
    struct daemon_config c;
    assert_int_equal(parse(&c, "[source]\nuri = test:\n"), OCELLI_OK);
    assert_int_equal(config_check_source(&c), OCELLI_OK);
    config_finish(&c);
    assert_int_equal(parse(&c, "[source]\n\nuri = camera:\n"), OCELLI_OK);
    char *module = strdup(getenv("OCELLI_CAMERA_MODULE"));
    assert_non_null(module);
    setenv("OCELLI_CAMERA_MODULE", "/none/camera.so", 1);
    assert_int_equal(config_check_source(&c), OCELLI_ERR_DEVICE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "folder/ocelli.ini:3: uri = camera: needs the package ocelli-camera: sudo apt "
                                       "install ocelli-camera (no /none/camera.so"));
    setenv("OCELLI_CAMERA_MODULE", module, 1);
    free(module);
    if (source_camera_library(NULL)) assert_int_equal(config_check_source(&c), OCELLI_OK);
    config_finish(&c);
}

/* One line each, with the place. */
static void test_faults(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "no source"},
        {"[source]\n\nuri = rtp://x\n",
         "ocelli.ini:3: uri = rtp://x: not a source: give one of camera:[ID], y4m:-|FILE, "},
        {"[source]\nuri = rtsp://a:hush@x/1\n",
         "ocelli.ini:2: uri = rtsp://...@x/1: RTSP comes by way of ffmpeg: write uri = y4m:-"},
        {"[source]\nuri = file:///etc/passwd\n", "not a source"},
        {"[source]\nuri = test:\nrate = 0.5\n", "ocelli.ini:3: rate = \"0.5\": expected a whole number from 1 to 1000"},
        {"[source]\nuri = test:\nuser = a\n", "ocelli.ini:3: user: it is for http:"},
        {"[source]\nuri = test:\nca = a\n", "ocelli.ini:3: ca: it is for http:"},
        {"[source]\nuri = http://a:hush@x/\nuser = a\n", "ocelli.ini:3: user: the uri has one"},
        {"[source]\nuri = http://x/\npassword = f\n", "ocelli.ini:3: password: give user = NAME too"},
        {"[source]\nuri =\n", "ocelli.ini:2: uri has no value"},
        {"[source]\nuri = test:\nuri = test:\n", "ocelli.ini:3: uri again, first in line 2"},
        {"[source]\nuri = test:\nrotation = 45\n", "rotation = 45: give 0, 90, 180 or 270"},
        {"[source]\nuri = test:\nrotation = 1.5\n", "ocelli.ini:3: rotation = \"1.5\": expected a whole number"},
        {"[source]\nuri = test:\nwidth = 640\n", "give width and height"},
        {"[source]\nuri = test:\n[serve]\nudp = 9\ncoap = 9\n",
         "ocelli.ini:5: coap = 9: that port is taken by udp in line 4"},
        {"[source]\nuri = test:\n[serve]\ncoaps = 9\nudp = 8\ncoap = 9\n",
         "ocelli.ini:4: coaps = 9: that port is taken by coap in line 6"},
        {"[source]\nuri = test:\nevery = 1\n", "expected yes or no"},
        {"[source]\nuri = test:\n[run]\nrate = nan\n", "ocelli.ini:4: rate = \"nan\""},
        {"[source]\nuri = test:\n[run]\nrate = 0x10\n", "ocelli.ini:4: rate"},
        {"[source]\nuri = test:\n[serve]\nudp = 65536\n", "ocelli.ini:4: udp = \"65536\""},
        {"[source]\nuri = test:\n[serve]\ntcp = 1\n", "unknown key \"tcp\""},
        {"[source]\nuri = test:\n[memory]\nbudget = 7\n",
         "ocelli.ini:4: budget = \"7\": expected a number from 8 to 1e+06"},
        {"[source]\nuri = test:\n[memory]\nsize = 7\n", "file, budget, every, thumbnails are known in [memory]"},
        {"[source]\nuri = test:\n[sauce]\n", "unknown section \"sauce\""},
        {"[source]\nuri = test:\n[tag a]\n[tag a]\n", "ocelli.ini:4: tag \"a\" again"},
        {"[source]\nuri = test:\n[tag a\xff]\n", "not UTF-8"},
        {"[source]\nuri = test:\n[tag a\xff]\nprompt = b\n", "ocelli.ini:3: this tag is not UTF-8"},
        {"[source]\nuri = test:\n[tag a]\ngroup = b\xff\n", "ocelli.ini:3: this tag is not UTF-8"},
        {"[source]\nuri = test:\n[tag a\tb]\n", "ocelli.ini:3: this tag has a control character"},
        {"[source]\nuri = test:\n[tag a]\nagainst = b\x7f"
         "c\n",
         "ocelli.ini:3: this tag has a control character"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct daemon_config c;
        assert_int_not_equal(parse(&c, cases[i].text), OCELLI_OK);
        assert_int_equal(heard.lines, 1);
        if (!strstr(heard.text, cases[i].says)) fail_msg("\"%s\" does not say \"%s\"", heard.text, cases[i].says);
        assert_null(c.uri); /* empty: nothing to free */
    }
}

static struct {
    char lines[64][400];
    size_t count;
} told;

static void hear_all(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    assert_int_equal(level, OCELLI_LOG_ERROR);
    assert_true(told.count < 64);
    snprintf(told.lines[told.count++], 400, "%s", message);
}

/* Expects that `text` has just these faults. */
static void expect_all(const char *text, const char *const *says, size_t count) {
    struct daemon_config c;
    struct faults faults = {0};
    told.count = 0;
    ocelli_set_log(hear_all, NULL);
    assert_int_equal(config_parse_all(&c, text, strlen(text), "o.ini", &faults), OCELLI_OK);
    for (size_t i = 0; i < count; i++)
        if (i >= told.count || !strstr(told.lines[i], says[i]))
            fail_msg("%zu: \"%s\", not \"%s\"", i, told.lines[i], says[i]);
    assert_int_equal(told.count, count);
    assert_int_equal(faults.count, count);
    config_finish(&c);
}

/* A fault in each section at once, and none that only follows from another. */
static void test_all_faults(void **state) {
    (void)state;
    static const char text[] =
        "colour = red\n[run]\nrate = fast\nrate = 1\nhue = 1\n[sauce]\na = b\n[source]\nuri = rtsp://x\nwidth = 64x\n"
        "height = 48\nrotation = 45\norientation = up\n[serve]\nudp = 9\ncoap = 9\n[memory]\nevery = x\n"
        "[defaults]\noff = 0.1\n[templates]\ntemplate = none\n[tag a]\non = 0.1\noff = 0.2\nfalse_alarms = 2\n"
        "[tag a]\nsmooth = x\n[tag b]\ngroup = g\ngroup = h\non = x\noff = 0.1\nprompt =\n[tag \xff]\n";
    static const char *const says[] = {
        "o.ini:1: unknown key \"colour\"",
        "o.ini:3: rate = \"fast\"",
        "o.ini:4: rate again, first in line 3",
        "o.ini:5: unknown key \"hue\"",
        "o.ini:6: unknown section \"sauce\"",
        "o.ini:10: width = \"64x\"",
        "o.ini:18: every = \"x\"",
        "o.ini:22: template \"none\"",
        "o.ini:27: tag \"a\" again",
        "o.ini:28: smooth = \"x\"",
        "o.ini:31: group again",
        "o.ini:32: on = \"x\"",
        "o.ini:34: prompt has no value",
        "o.ini:20: off without on",
        "o.ini:25: off = 0.2 is above",
        "o.ini:26: false_alarms beside on",
        "o.ini:9: uri = rtsp://x: RTSP comes",
        "o.ini:12: rotation = 45",
        "o.ini:13: orientation = up",
        "o.ini:16: coap = 9: that port is taken by udp",
        "o.ini:35: this tag is not UTF-8",
    };
    expect_all(text, says, sizeof says / sizeof *says);
    expect_all("[source]\nuri =\n", (const char *const[]){"o.ini:2: uri has no value"}, 1); /* and not: no source */
    expect_all("", (const char *const[]){"o.ini: no source"}, 1);
    expect_all("[source]\r\nuri = test:\r\n[tag a]\r\n", NULL, 0);
}

/* More than it takes is told once, however many more there are. */
static void test_too_many_tags(void **state) {
    (void)state;
    static char text[100000];
    size_t end = (size_t)sprintf(text, "[source]\nuri = test:\n");
    for (int i = 0; i < TAGS_FILE_TAGS + 3; i++)
        end += (size_t)sprintf(text + end, "[tag t%d]\n%s", i, i > TAGS_FILE_TAGS ? "x = 1\n" : "");
    expect_all(text, (const char *const[]){"o.ini:4099: more than 4096 tags", "unknown key \"x\"", "unknown key \"x\""},
               3);
}

/* Both ways of reading agree on what is good: with each byte of a file changed in turn, and with each line left out. */
static void expect_agreement(const char *text, size_t size) {
    struct daemon_config c;
    struct faults faults = {0};
    told.count = 0;
    int first = config_parse(&c, text, size, "o.ini");
    size_t lines = told.count;
    if (!first) config_finish(&c);
    told.count = 0;
    int all = config_parse_all(&c, text, size, "o.ini", &faults);
    if (!all) config_finish(&c);
    if (!first != (!all && !faults.count))
        fail_msg("first %d, all %d with %zu faults: %.*s", first, all, faults.count, (int)size, text);
    assert_int_equal(told.count, faults.count + (all != OCELLI_OK));
    assert_int_equal(lines, first ? 1 : 0);
    assert_true(!first || told.count > 0);
}

static void test_agreement(void **state) {
    (void)state;
    static const char good[] =
        "template = a {}\n[run]\nrate = 5\n[source]\nuri = test:\nwidth = 64\nheight = 48\n[serve]\nudp = 1\ncoap = 2\n"
        "[defaults]\non = 0.2\noff = 0.1\n[tag a]\ngroup = g\nprompt = b\n[tag c]\nfalse_alarms = 2\n";
    static const char bytes[] = {'\n', '=', '[', ']', ' ', ';', 'x', '9', '\0', '\r', (char)0xff, '{'};
    char text[sizeof good];
    ocelli_set_log(hear_all, NULL);
    for (size_t at = 0; at + 1 < sizeof good; at++)
        for (size_t k = 0; k < sizeof bytes; k++) {
            memcpy(text, good, sizeof good);
            text[at] = bytes[k];
            expect_agreement(text, sizeof good - 1);
        }
    for (const char *line = good, *end; *line; line = end) {
        end = strchr(line, '\n') + 1;
        memcpy(text, good, (size_t)(line - good));
        strcpy(text + (line - good), end);
        expect_agreement(text, strlen(text));
    }
}

/* What only a start shows. */
static void test_start(void **state) {
    (void)state;
    struct daemon_config c;
    struct faults faults = {0};
    static const char text[] = "[source]\nuri = camera:\n";
    told.count = 0;
    ocelli_set_log(hear_all, NULL);
    assert_int_equal(config_parse(&c, text, strlen(text), "o.ini"), OCELLI_OK);
    assert_int_equal(config_check_start(&c, NULL, &faults), OCELLI_OK);
    size_t no_module = source_camera_library(NULL) ? 0 : 1;
    assert_int_equal(told.count, no_module + 1);
    assert_non_null(strstr(told.lines[no_module], "o.ini: no model: write model = FILE"));
    assert_int_equal(config_check_start(&c, "m.gguf", &faults), OCELLI_OK);
    assert_int_equal(faults.count, 2 * no_module + 1);
    assert_int_equal(config_check_start(&c, NULL, NULL),
                     no_module ? OCELLI_ERR_DEVICE : OCELLI_ERR_FILE); /* the first ends it */
    config_finish(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_camera_module),
                                       cmocka_unit_test(test_all_faults),
                                       cmocka_unit_test(test_too_many_tags),
                                       cmocka_unit_test(test_start),
                                       cmocka_unit_test(test_agreement),
                                       cmocka_unit_test(test_presets),
                                       cmocka_unit_test(test_whole),
                                       cmocka_unit_test(test_recording),
                                       cmocka_unit_test(test_address),
                                       cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_source_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
