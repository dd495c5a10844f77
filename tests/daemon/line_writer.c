/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/line_writer.h"
#include "base/clock.h"
#include "support/heard.h"
#include "support/test.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct line_writer *l;
static int ends[2]; /* read, write */
static char line[2000];

static void start(int kind) {
    listen();
    if (kind == 0) {
        assert_int_equal(pipe(ends), 0);
    } else if (kind == 1) {
        enum { UNIX = 1, STREAM = 1 }; /* as the journal's; <sys/socket.h> has another listen() */
        assert_int_equal(syscall(SYS_socketpair, UNIX, STREAM, 0, ends), 0);
    } else {
        ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
        assert_true(ends[0] >= 0 && !grantpt(ends[0]) && !unlockpt(ends[0]));
        ends[1] = open(ptsname(ends[0]), O_WRONLY | O_NOCTTY);
    }
    assert_true(ends[1] >= 0);
    assert_int_equal(line_writer_open(&l, ends[1], "standard output"), OCELLI_OK);
}

static void end(void) {
    assert_true(line_writer_close(&l, 20000));
    assert_null(l);
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
}

static const char *numbered(int number) {
    memset(line, '-', sizeof line);
    snprintf(line, sizeof line, "line %d", number);
    line[strlen(line)] = ' ';
    strcpy(line + 1900 - number % 7, "\n");
    return line;
}

/* Reads what is there; every line must be whole and in order. Gives the number of the last. */
static int read_lines(int *next) {
    static char text[1 << 20];
    size_t have = 0;
    bool waits;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    do {
        waits = line_writer_wait(l);
        ssize_t n = read(ends[0], text + have, sizeof text - have);
        if (n > 0) have += (size_t)n;
        if (n > 0) waits = true;
    } while (waits);
    int count = 0;
    for (char *at = text, *stop; at < text + have; at = stop + 1, count++) {
        stop = memchr(at, '\n', (size_t)(text + have - at));
        assert_non_null(stop);
        int number = atoi(at + 5);
        assert_true(number >= *next);
        *next = number + 1;
        size_t length = strlen(numbered(number)) - 1;
        size_t got = (size_t)(stop - at);
        if (got == length + 1 && at[length] == '\r') got--; /* a terminal's */
        assert_int_equal(got, length);
        assert_memory_equal(at, line, length);
    }
    return count;
}

/* Lines that pass leave half of the room to others, and none of them is called lost. */
static void test_passing(void **state) {
    (void)state;
    int next = 0;
    start(0);
    for (int i = 0; i < 1000; i++) line_writer_add_optional(l, numbered(i));
    assert_int_equal(line_writer_lost(l), 0);
    for (int i = 2000; i < 2010; i++) line_writer_add(l, numbered(i));
    assert_int_equal(line_writer_lost(l), 0);
    assert_int_equal(heard.lines, 0);
    int count = read_lines(&next);
    assert_true(count > 70 && count < 400);
    assert_int_equal(next, 2010);
    end();
}

/* A reader that stalls holds nobody up; what it finds later are whole lines, the first that there were. */
static void test_stalls(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        int next = 0;
        start(kind);
        double began = clock_ms();
        for (int i = 0; i < 1000; i++) {
            line_writer_add(l, numbered(i));
            assert_int_equal(line_writer_status(l), OCELLI_OK);
        }
        assert_true(clock_ms() - began < 20000);
        int lost = (int)line_writer_lost(l);
        assert_true(line_writer_wait(l) && lost > 500 && lost < 900);
        assert_false(line_writer_drain(l, 20));
        assert_string_equal(heard.text, "standard output: its reader stalls: events are lost there");
        int count = read_lines(&next);
        assert_int_equal(count, 1000 - lost);
        line_writer_add(l, numbered(2000));
        assert_int_equal(read_lines(&next), 1);
        assert_int_equal(next, 2001);
        end();
    }
}

static void test_reader_gone(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    start(0);
    close(ends[0]);
    line_writer_add(l, "a\n");
    assert_true(line_writer_drain(l, 20000));
    assert_int_equal(line_writer_status(l), OCELLI_ERR_FILE);
    assert_string_equal(heard.text, "standard output: its reader is gone");
    end();
}

static void test_full_disk(void **state) {
    (void)state;
    listen();
    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(line_writer_open(&l, full, "standard output"), OCELLI_OK);
    line_writer_add(l, "a\n");
    assert_true(line_writer_drain(l, 20000));
    assert_int_equal(line_writer_status(l), OCELLI_OK); /* the daemon goes on */
    assert_string_equal(heard.text, "standard output: No space left on device: make room; events are lost there");
    assert_true(line_writer_close(&l, 20000));
    assert_int_equal(close(full), 0); /* it stayed ours */
}

/* As long as a line may be, and whole where others write in between. */
static void test_longest(void **state) {
    (void)state;
    char longest[4097], got[5000];
    memset(longest, 'x', sizeof longest);
    strcpy(longest + 4095, "\n");
    start(0);
    line_writer_add(l, "short\n");
    line_writer_add(l, longest);
    assert_true(line_writer_drain(l, 20000));
    assert_int_equal(read(ends[0], got, sizeof got), 6 + 4096);
    assert_memory_equal(got + 6, longest, 4096);
    end();
}

/* Who does not read holds nobody up at the end either. The last test: what is left goes with the process. */
static void test_left(void **state) {
    (void)state;
    start(0);
    for (int i = 0; i < 60; i++) line_writer_add(l, numbered(i)); /* 113 KB: more than a pipe holds */
    assert_false(line_writer_close(&l, 50));
    assert_null(l);
    assert_int_equal(heard.lines, 0); /* its thread waits still, and all that it uses is its own */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stalls),      cmocka_unit_test(test_passing),
                                       cmocka_unit_test(test_reader_gone), cmocka_unit_test(test_full_disk),
                                       cmocka_unit_test(test_longest),     cmocka_unit_test(test_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
