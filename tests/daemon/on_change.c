/* SPDX-License-Identifier: Apache-2.0
 * Real commands, in a folder of the test's own. */
#include "daemon/on_change.h"
#include "base/clock.h"
#include "base/file.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static struct on_change p;
static struct daemon_event e;
static char file[EVENT_FILE]; /* the longest name that an event has */

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    memset(file, 'f', sizeof file - 1);
    listen();
    return chdir(folder);
}

static int teardown(void **state) {
    (void)state;
    unsetenv("OCELLI_TAG");
    unsetenv("OCELLI_FILE");
    on_change_finish(&p);
    checkpoint_remove(folder);
    return chdir("/");
}

static const struct daemon_event *event(int number) {
    char tag[20];
    snprintf(tag, sizeof tag, "tag %d", number);
    struct tagger_event from = {.tag = tag,
                                .group = "g",
                                .state = TAGGER_ON,
                                .why = {.score = 0.5f, .margin = NAN, .cosine = 0.25f, .threshold = TAGGER_STARTER},
                                .model = "m",
                                .sequence = 3};
    event_make(&e, &from, &(struct frame){.file = file}, 0);
    return &e;
}

/* Until the command ended and all that waited have run; false: not within 20 s. */
static bool finish(const char *command) {
    double until = clock_ms() + 20000;
    while (!on_change_idle(&p) && clock_ms() < until) {
        usleep(2000);
        on_change_step(&p, command);
    }
    return on_change_idle(&p);
}

static char *content(const char *name) {
    static char text[8192];
    char *bytes;
    size_t size;
    if (file_load(name, &bytes, &size)) return NULL;
    snprintf(text, sizeof text, "%.*s", (int)size, bytes);
    free(bytes);
    return text;
}

static void test_what_it_finds(void **state) {
    (void)state;
    const char *command =
        "cat >line; echo "
        "\"$OCELLI_EVENT|$OCELLI_TAG|$OCELLI_GROUP|$OCELLI_REASON|$OCELLI_SCORE|$OCELLI_MARGIN|$OCELLI_COSINE|"
        "$OCELLI_RUNNER_UP|$OCELLI_MODEL|$OCELLI_FRAME|$OCELLI_THRESHOLD|$HOME|$OCELLI_POSITION_MS\" >words; "
        "printf %s \"$OCELLI_FILE\" >file; exec grep SigBlk /proc/self/status >mask";
    setenv("HOME", "/here", 1);
    setenv("OCELLI_TAG", "of the parent", 1);
    setenv("OCELLI_FILE", "of the parent", 1);
    on_change_event(&p, command, event(1));
    assert_true(finish(command));
    assert_string_equal(content("line"), e.json);
    assert_string_equal(content("words"), "on|tag 1|g|picture|0.5||0.25||m|3|starter|/here|\n");
    assert_string_equal(content("file"), file);
    assert_string_equal(content("mask"), "SigBlk:\t0000000000000000\n");
    assert_true(p.ran == 1 && p.failed == 0 && heard.lines == 0);
}

/* In order, one at a time; nobody waits for them. */
static void test_one_at_a_time(void **state) {
    (void)state;
    const char *command = "n=0; until test -e go || test $n -gt 3000; do sleep 0.01; n=$((n + 1)); done; "
                          "mkdir busy || echo two at once >>order; echo $OCELLI_TAG >>order; sleep 0.05; rmdir busy";
    for (int i = 1; i <= 4; i++) on_change_event(&p, command, event(i));
    assert_int_not_equal(access("order", F_OK), 0); /* all are given, and the first still waits */
    FILE *go = fopen("go", "w");
    assert_true(go && !fclose(go));
    assert_true(finish(command));
    assert_string_equal(content("order"), "tag 1\ntag 2\ntag 3\ntag 4\n");
    assert_int_equal(p.ran, 4);
}

static void test_too_many(void **state) {
    (void)state;
    const char *command = "until test -e go; do sleep 0.01; done; echo $OCELLI_TAG >>order";
    for (int i = 0; i < ON_CHANGE_WAITING + 3; i++) on_change_event(&p, command, event(i)); /* the first runs */
    assert_int_equal(p.lost, 2);
    assert_string_equal(heard.text, "on_change: events come faster than the command takes them: the oldest are lost");
    fclose(fopen("go", "w"));
    assert_true(finish(command));
    assert_int_equal(p.ran, ON_CHANGE_WAITING + 1);
    assert_memory_equal(content("order"), "tag 0\ntag 3\n", 12);
}

static void test_fails(void **state) {
    (void)state;
    on_change_event(&p, "exit 3", event(1));
    assert_true(finish("exit 3"));
    assert_string_equal(heard.text, "on_change: the command ended with exit code 3");
    on_change_event(&p, "kill -9 $$", event(1));
    assert_true(finish("exit 3"));
    assert_string_equal(heard.text, "on_change: the command was ended by signal 9");
    assert_true(p.failed == 2 && heard.lines == 2);
    assert_string_equal(p.fault, ""); /* it ran */
    on_change_event(&p, "/nowhere/no-such-command", event(1));
    assert_true(finish("exit 3"));
    assert_non_null(strstr(p.fault, "does not find the command"));
    on_change_event(&p, "/etc/passwd", event(1));
    assert_true(finish("exit 3"));
    assert_non_null(strstr(p.fault, "is it executable?"));
    on_change_event(&p, "exit 0", event(1));
    assert_true(finish("exit 0"));
    assert_string_equal(p.fault, "");
    on_change_event(&p, NULL, event(1)); /* none is asked for */
    assert_true(on_change_idle(&p));
}

/* A zombie that nobody waits for does not. */
static bool lives(pid_t pid) {
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
    fclose(f);
    return state != 'Z';
}

/* With its children, once its minute is over; the next one runs. */
static void test_hangs(void **state) {
    (void)state;
    const char *command = "case $OCELLI_TAG in 'tag 2') exit;; esac; sleep 1000 & echo $! >child; wait";
    on_change_event(&p, command, event(1));
    on_change_event(&p, command, event(2));
    while (access("child", R_OK) || !*content("child")) usleep(1000);
    pid_t child = atoi(content("child"));
    assert_false(on_change_idle(&p));
    p.started -= (ON_CHANGE_SECONDS + 1) * INT64_C(1000000000);
    assert_true(finish(command));
    assert_int_equal(p.ran, 2);
    assert_string_equal(heard.text, "on_change: the command was ended by signal 9");
    double until = clock_ms() + 5000;
    while (lives(child) && clock_ms() < until) usleep(1000);
    assert_true(clock_ms() < until);
}

static pid_t child_of(const char *command) {
    on_change_event(&p, command, event(1));
    while (access("child", R_OK) || !*content("child")) usleep(1000);
    return atoi(content("child"));
}

static void wait_gone(pid_t child) {
    double until = clock_ms() + 5000;
    while (lives(child) && clock_ms() < until) usleep(1000);
    assert_true(clock_ms() < until);
}

/* At the daemon's end: one that ends when it is asked, one that does not, nor its child; both with their children. */
static void test_stops(void **state) {
    (void)state;
    pid_t child = child_of("trap 'echo asked >asked; exit 1' TERM; sleep 1000 & echo $! >child; wait");
    on_change_event(&p, "echo >more", event(2)); /* waits, and never runs */
    on_change_stop(&p, 0, clock_in(20000));
    assert_true(on_change_idle(&p));
    assert_string_equal(content("asked"), "asked\n");
    wait_gone(child);
    assert_int_equal(access("more", F_OK), -1);
    assert_int_equal(heard.lines, 0);
    unlink("child");
    child = child_of("trap '' TERM; sleep 1000 & echo $! >child; wait");
    on_change_stop(&p, 0, clock_in(100));
    assert_true(finish("")); /* killed, and gone once the system comes to it */
    assert_string_equal(heard.text, "on_change: the command does not end: killed");
    wait_gone(child);
    unlink("child");
    child = child_of("(trap '' TERM; exec sleep 1000) & echo $! >child; wait"); /* the shell ends, its child does not */
    on_change_stop(&p, 0, clock_in(20000));
    assert_true(on_change_idle(&p));
    wait_gone(child);
}

/* It has the time that it is given. */
static void test_ends_by_itself(void **state) {
    (void)state;
    on_change_event(&p, "sleep 0.1; echo done >done", event(1));
    on_change_stop(&p, clock_in(20000), clock_in(20000));
    assert_string_equal(content("done"), "done\n");
    assert_true(on_change_idle(&p) && heard.lines == 0 && p.failed == 0);
}

/* Nothing but standard input, output and error, whoever opened it and how. */
static void test_inherits_nothing(void **state) {
    (void)state;
    int high = fcntl(STDERR_FILENO, F_DUPFD, 100), low = dup(STDERR_FILENO);
    const char *command =
        "exec >open; ls /proc/$$/fd; :"; /* the shell keeps no ends of a pipe and no copies meanwhile */
    on_change_event(&p, command, event(1));
    assert_true(finish(command));
    assert_string_equal(content("open"), "0\n1\n2\n");
    close(high);
    close(low);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A script finds what lies beside the ini, however long the way there is, and not what a parent calls so. */
static void test_folder(void **state) {
    (void)state;
    char ini[700], expected[5000], deep[600] = "";
    for (int i = 0; i < 3; i++) {
        memset(deep + strlen(deep), 'a' + i, 150);
        assert_int_equal(mkdir(deep, 0700), 0);
        strcat(deep, "/");
    }
    snprintf(ini, sizeof ini, "%socelli.ini", deep);
    assert_int_equal(program_tell_folder(&p, ini), OCELLI_OK);
    setenv("OCELLI_FOLDER", "of the parent", 1);
    const char *command = "printf %s \"$OCELLI_FOLDER\" >where";
    on_change_event(&p, command, event(1));
    unsetenv("OCELLI_FOLDER");
    assert_true(finish(command));
    assert_non_null(realpath(deep, expected));
    assert_string_equal(content("where"), expected);
    assert_int_equal(chdir("/"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_what_it_finds), TEST(test_one_at_a_time), TEST(test_too_many),       TEST(test_fails),
        TEST(test_hangs),         TEST(test_stops),         TEST(test_ends_by_itself), TEST(test_inherits_nothing),
        TEST(test_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
