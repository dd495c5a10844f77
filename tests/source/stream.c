/* SPDX-License-Identifier: Apache-2.0
 * Video through real pipes and files. Frame n of a stream has the luma n + 16. */
#include "support/test.h"
#include "source/source.h"
#include "support/heard.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIDTH = 320, HEIGHT = 240, SIZE = WIDTH * HEIGHT * 3 / 2 };

static const char header[] = "YUV4MPEG2 W320 H240 F30:1 Ip A1:1 C420jpeg\n";
static int input = -1; /* what is written here comes out of standard input */

static void put(const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = write(input, (const char *)bytes + done, size - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

static void put_frame(uint8_t n) {
    static uint8_t frame[SIZE];
    memset(frame, 128, sizeof frame);
    memset(frame, n + 16, WIDTH * HEIGHT);
    put("FRAME\n", 6);
    put(frame, sizeof frame);
}

static int setup(void **state) {
    (void)state;
    int ends[2];
    if (pipe(ends) || dup2(ends[0], 0) < 0) return -1;
    close(ends[0]);
    input = ends[1];
    listen();
    return 0;
}

static void hang_up(void) {
    if (input >= 0) close(input);
    input = -1;
}

static int teardown(void **state) {
    (void)state;
    hang_up();
    ocelli_set_log(NULL, NULL);
    return 0;
}

static struct source *opened(const char *uri, bool every) {
    struct source *s;
    struct source_options options = {.every = every};
    int status = source_open(&s, uri, &options);
    if (status) print_error("%s\n", heard.text);
    assert_int_equal(status, OCELLI_OK);
    return s;
}

/* The next frame is number n. */
static void expect(struct source *s, uint8_t n) {
    struct frame f;
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_int_equal(f.sequence, n);
    assert_int_equal(f.format, FRAME_YUV420);
    assert_int_equal(f.width, WIDTH);
    assert_int_equal(f.planes[0].data[WIDTH * HEIGHT - 1], n + 16);
    assert_int_equal(f.planes[2].data[0], 128);
    assert_int_equal(f.planes[0].fd, -1);
    assert_true((double)f.captured_ns / 1e6 <= clock_ms() && (double)f.captured_ns / 1e6 > clock_ms() - 60e3);
    source_release(s, &f);
    assert_null(f.owner);
}

static void expect_end(struct source *s, int answer, const char *words) {
    struct frame f;
    assert_int_equal(source_next(s, 5000, &f), answer);
    assert_int_equal(source_next(s, 0, &f), answer);
    source_close(&s);
    assert_null(s);
    if (words && !strstr(heard.text, words)) print_error("%s\n", heard.text);
    assert_int_equal(heard.lines, words ? 1 : 0);
    if (words) assert_non_null(strstr(heard.text, words));
}

static void one_by_one(void **state) {
    (void)state;
    struct source *s = opened("y4m:-", false);
    struct frame f;
    assert_int_equal(source_next(s, 0, &f), SOURCE_WAIT);
    put(header, strlen(header));
    assert_int_equal(source_next(s, 20, &f), SOURCE_WAIT);
    for (uint8_t n = 0; n < 5; n++) {
        put_frame(n);
        expect(s, n);
    }
    hang_up();
    expect_end(s, SOURCE_END, NULL);
}

/* The writer is never blocked though nobody takes a frame, and then the newest is there. */
static void slow_consumer(void **state) {
    (void)state;
    struct source *s = opened("y4m:-", false);
    struct frame held[3], f;
    uint64_t last = 0;
    int taken = 0;
    put(header, strlen(header));
    for (uint8_t n = 0; n < 3; n++) {
        put_frame(n);
        assert_int_equal(source_next(s, 5000, &held[n]), SOURCE_FRAME);
    }
    for (uint8_t n = 3; n < 100; n++) put_frame(n); /* 11 MB; a pipe holds 64 KiB */
    hang_up();
    assert_int_equal(source_next(s, 0, &f), OCELLI_ERR_USAGE);
    assert_non_null(strstr(heard.text, "3 frames are held"));
    assert_int_equal(held[0].planes[0].data[0], 16); /* what is held stays as it is */
    assert_int_equal(held[1].planes[0].data[WIDTH * HEIGHT - 1], 17);
    for (int i = 0; i < 3; i++) source_release(s, &held[i]);
    while (source_next(s, 5000, &f) == SOURCE_FRAME) { /* the reader may not have come to the end yet */
        last = f.sequence;
        taken++;
        source_release(s, &f);
    }
    assert_int_equal(last, 99);
    assert_true(taken < 97);
    listen();
    expect_end(s, SOURCE_END, NULL);
}

/* Nothing is dropped when nothing shall be: the writer waits. */
static void every_frame(void **state) {
    (void)state;
    struct source *s = opened("y4m:-", true);
    pid_t writer = fork();
    if (!writer) {
        put(header, strlen(header));
        for (uint8_t n = 0; n < 50; n++) put_frame(n);
        _exit(0);
    }
    hang_up();
    for (uint8_t n = 0; n < 50; n++) expect(s, n);
    expect_end(s, SOURCE_END, NULL);
}

static void write_bytes(const char *text, size_t frame_bytes) {
    uint8_t *zeros = calloc(1, frame_bytes + 1);
    assert_non_null(zeros);
    put(text, strlen(text));
    put(zeros, frame_bytes);
    free(zeros);
    hang_up();
}

static const struct {
    const char *text;
    size_t bytes; /* zeros behind it */
    int frames, status;
    const char *words;
} broken[] = {
    {"", 0, 0, OCELLI_ERR_FILE, "y4m:-: ended before a y4m header came"},
    {"YUV4MPEG2 W320 H2", 0, 0, OCELLI_ERR_FILE, "ended inside the y4m header"},
    {"GIF89a", 0, 0, OCELLI_ERR_FILE, "no y4m"},
    {"YUV4MPEG2 W2 H2\nFRAME\n", 5, 0, OCELLI_ERR_FILE, "ended inside a frame, 5 of its 6 bytes"},
    {"YUV4MPEG2 W2 H2\nFRAME\n", 7, 1, OCELLI_ERR_FILE, "out of step after 1 frames"},
    {"YUV4MPEG2 W99999 H2\n", 0, 0, OCELLI_ERR_LIMIT, "99999x2 pixels"},
    {"YUV4MPEG2 W2 H2 C422p12\nFRAME\n", 5, 0, OCELLI_ERR_LIMIT, "422p12 is not read"},
    {"YUV4MPEG2 W16384 H16384 C444\nFRAME\n", 9, 0, OCELLI_ERR_FILE, "ended inside a frame, 9 of its 805306368 bytes"},
    {"YUV4MPEG2 W2 H2\n", 0, 0, SOURCE_END, NULL},
};

static void broken_streams(void **state) {
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        if (i) setup(state);
        struct source *s = opened("y4m:-", true);
        struct frame f;
        write_bytes(broken[i].text, broken[i].bytes);
        for (int n = 0; n < broken[i].frames; n++) {
            assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
            source_release(s, &f);
        }
        expect_end(s, broken[i].status, broken[i].words);
    }
}

/* As `cat a.y4m b.y4m` gives it. */
static void another_size(void **state) {
    (void)state;
    struct source *s = opened("y4m:-", true);
    struct frame f;
    static const char both[] = "YUV4MPEG2 W2 H2\nFRAME\n123456YUV4MPEG2 W3 H1 C444\nFRAME\n123456789";
    put(both, sizeof both - 1);
    hang_up();
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_int_equal(f.width, 2);
    source_release(s, &f);
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_int_equal(f.width, 3);
    assert_int_equal(f.format, FRAME_YUV444);
    assert_memory_equal(f.planes[2].data, "789", 3);
    assert_int_equal(f.sequence, 1);
    source_release(s, &f);
    expect_end(s, SOURCE_END, NULL);
}

/* Bytes that come one by one, across the ends of frames. */
static void raw(void **state) {
    (void)state;
    struct source *s = opened("raw:2x1:rgb@30:-", true);
    struct frame f;
    for (int i = 0; i < 6; i++) put((char[]){(char)('a' + i)}, 1);
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_memory_equal(f.planes[0].data, "abcdef", 6);
    source_release(s, &f);
    put("ghijklmno", 9);
    hang_up();
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_memory_equal(f.planes[0].data, "ghijkl", 6);
    source_release(s, &f);
    expect_end(s, OCELLI_ERR_FILE, "raw:2x1:rgb@30:-: ended inside a frame, 3 of its 6 bytes");
}

/* A file is played at its rate: 10 frames at 50 a second take 9/50 s and more. */
static void file(void **state) {
    (void)state;
    char path[] = "/tmp/ocelli-stream-XXXXXX", uri[100];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    hang_up();
    input = fd;
    put("YUV4MPEG2 W320 H240 F50:1\n", 26);
    for (uint8_t n = 0; n < 10; n++) put_frame(n);
    hang_up();
    snprintf(uri, sizeof uri, "y4m:%s", path);
    double start = clock_ms();
    struct source *s = opened(uri, false);
    int answer, last = -1;
    for (struct frame f; !(answer = source_next(s, 5000, &f)); source_release(s, &f)) {
        assert_true((int)f.sequence > last);
        last = (int)f.sequence;
    }
    assert_int_equal(answer, SOURCE_END);
    assert_int_equal(last, 9);
    assert_true(clock_ms() - start >= 179);
    source_close(&s);
    s = opened(uri, true);
    for (uint8_t n = 0; n < 10; n++) expect(s, n);
    expect_end(s, SOURCE_END, NULL);
    unlink(path);
}

/* A recording has its own time, whatever the wall's; nothing is dropped, and nothing waits. */
static void recording(void **state) {
    (void)state;
    struct source_options options = {.recording = true};
    for (options.rate = 0; options.rate < 5; options.rate += 4) {
        struct source *s;
        struct frame f;
        char name[] = "/tmp/ocelli-recording-XXXXXX", uri[64];
        input = mkstemp(name);
        put("YUV4MPEG2 W320 H240 F1:20 C420jpeg\n", 35); /* 20 s a frame: 100 s */
        for (uint8_t n = 0; n < 5; n++) put_frame(n);
        hang_up();
        snprintf(uri, sizeof uri, "y4m:%s", name);
        assert_int_equal(source_open(&s, uri, &options), OCELLI_OK);
        int64_t start = 0;
        for (int n = 0; n < 5; n++) {
            assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
            if (!n) start = f.captured_ns;
            assert_true(f.recording.on && f.sequence == (uint64_t)n && !f.file);
            assert_int_equal(f.recording.position_ns, n * (options.rate ? INT64_C(250000000) : INT64_C(20000000000)));
            assert_int_equal(frame_time_ns(&f), start + f.recording.position_ns);
            source_release(s, &f);
        }
        assert_int_equal(source_next(s, 5000, &f), SOURCE_END);
        source_close(&s);
        unlink(name);
    }
    struct source *s;
    assert_int_equal(source_open(&s, "test:", &options), OCELLI_ERR_USAGE);
    assert_true(source_can_play("raw:1x1:rgb:-") && !source_can_play("camera:") && !source_can_play("nothing"));
}

/* 31 years a frame: time goes on for a century, and then stands still. */
static void longest_recording(void **state) {
    (void)state;
    struct source_options options = {.recording = true};
    struct source *s;
    struct frame f;
    const char *const rate = "YUV4MPEG2 W320 H240 F1:999999999 C420jpeg\n";
    char name[] = "/tmp/ocelli-recording-XXXXXX", uri[64];
    int64_t before = -1, since = 0;
    input = mkstemp(name);
    put(rate, strlen(rate));
    for (uint8_t n = 0; n < 24; n++) put_frame(n);
    hang_up();
    snprintf(uri, sizeof uri, "y4m:%s", name);
    assert_int_equal(source_open(&s, uri, &options), OCELLI_OK);
    for (int n = 0; n < 24; n++) {
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        assert_true(f.recording.position_ns >= before && frame_time_ns(&f) > 0);
        before = f.recording.position_ns, since = before / INT64_C(31557600000000000);
        source_release(s, &f);
    }
    assert_int_equal(since, 100);
    source_close(&s);
    unlink(name);
}

/* A source is closed though its writer never says a word, or stops inside a frame. */
static void closed_early(void **state) {
    (void)state;
    struct source *s = opened("y4m:-", false);
    source_close(&s);
    s = opened("y4m:-", false);
    put(header, strlen(header));
    put("FRAME\n123", 9);
    usleep(20000);
    source_close(&s);
    assert_int_equal(heard.lines, 0);
}

static void not_there(void **state) {
    (void)state;
    static const struct {
        const char *uri;
        int status;
        const char *words;
    } cases[] = {
        {"y4m:", OCELLI_ERR_USAGE, "no path"},
        {"y4m:/nowhere/x.y4m", OCELLI_ERR_FILE, "No such file"},
        {"y4m:/tmp", OCELLI_ERR_FILE, "a folder"},
        {"raw:2x2:rgb:/nowhere", OCELLI_ERR_FILE, "No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct source *s;
        listen();
        assert_int_equal(source_open(&s, cases[i].uri, NULL), cases[i].status);
        assert_null(s);
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text, cases[i].words));
        assert_int_equal(source_check(cases[i].uri, NULL), cases[i].status);
        assert_int_equal(heard.lines, 2);
    }
    assert_int_equal(source_check("y4m:-", NULL), OCELLI_OK); /* a terminal there is no fault of the URI */
}

/* To look at a FIFO waits for no writer. */
static void fifo_unopened(void **state) {
    (void)state;
    char path[] = "/tmp/ocelli-stream-XXXXXX", uri[100];
    assert_non_null(mkdtemp(path));
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", path);
    snprintf(uri, sizeof uri, "y4m:%s", fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(source_check(uri, NULL), OCELLI_OK);
    unlink(fifo);
    rmdir(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_by_one),        TEST(slow_consumer), TEST(every_frame), TEST(broken_streams),
        TEST(another_size),      TEST(raw),           TEST(file),        TEST(recording),
        TEST(longest_recording), TEST(closed_early),  TEST(not_there),   cmocka_unit_test(fifo_unopened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
