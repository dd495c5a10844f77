/* SPDX-License-Identifier: Apache-2.0
 * Changes of an ini in a thread of their own, beside people who edit it. */
#include "support/test.h"
#include "daemon/service_change.h"
#include "support/checkpoint.h"
#include "support/heard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char ini[] = "[run]\nmodel = m\n[source]\nuri = test:\n[tag cat]\n[tag dog]\n";
static char *folder, path[256];
static struct service_change *c;
static struct own_tags own_tags; /* empty, but in the last two tests */

static const char *const texts[] = {"cat", "dog", "a cat", "something else"};
static const struct ocelli_info info = {
    .own_tags = "[tag dog]\non=0\n", .own_texts = texts, .own_text_count = sizeof texts / sizeof *texts};
static sem_t ended;
static atomic_int sync_ms;

/* In place of libc's, for all of the program: a disk that takes its time. */
__attribute__((visibility("default"))) int fsync(int fd) {
    usleep((useconds_t)sync_ms * 1000);
    return (int)syscall(SYS_fsync, fd);
}

static void tell(void *user) {
    (void)user;
    sem_post(&ended);
}

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    snprintf(path, sizeof path, "%s/ocelli.ini", folder);
    checkpoint_put(folder, "ocelli.ini", ini, sizeof ini - 1);
    sem_init(&ended, 0, 0);
    sync_ms = 0;
    listen();
    return service_change_open(&c, path, &own_tags, tell, NULL);
}

static int teardown(void **state) {
    (void)state;
    sync_ms = 0;
    service_change_close(&c, 5000);
    own_tags_finish(&own_tags);
    checkpoint_remove(folder);
    return 0;
}

static struct serve_origin origin;
static char message[SERVE_MESSAGE];

/* set TAG PROMPT, as a line of a peer. */
static enum serve_code set(const char *tag, const char *prompt) {
    char tag_copy[64], prompt_copy[64];
    snprintf(tag_copy, sizeof tag_copy, "%s", tag);
    snprintf(prompt_copy, sizeof prompt_copy, "%s", prompt);
    struct serve_value value = {"prompt", prompt_copy};
    struct serve_change change = {SERVE_SET, tag_copy, &value, 1, &origin};
    enum serve_code code = service_change(c, &change, message);
    memset(tag_copy, 'x', sizeof tag_copy - 1),
        memset(prompt_copy, 'x', sizeof prompt_copy - 1); /* they need not stay */
    return code;
}

static void come(uint64_t client, uint64_t request, bool named) {
    origin = (struct serve_origin){client, request, named, true, 0};
}

/* Asks once more with the ticket, as transports do. */
static enum serve_code end_of(uint64_t ticket) {
    while (service_change_pending(c, ticket)) {
        while (sem_wait(&ended) && errno == EINTR) continue;
    }
    origin = (struct serve_origin){.ticket = ticket};
    return set("?", "?");
}

static enum serve_code made(const char *tag, const char *prompt) {
    static uint64_t request = 1000;
    come(1, request++, false);
    assert_int_equal(set(tag, prompt), SERVE_DEFERRED);
    return end_of(origin.ticket);
}

static bool has(const char *text) {
    size_t size;
    char *bytes = checkpoint_get(path, &size);
    bool found = strstr(bytes, text);
    free(bytes);
    return found;
}

static int names(void) {
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static void changed(void **state) {
    (void)state;
    uint64_t before, after;
    assert_non_null(service_change_config(c, &before));
    assert_int_equal(made("cat", "a red cat"), SERVE_OK);
    assert_true(has("[tag cat]\nprompt = a red cat\n[tag dog]"));
    const struct daemon_config *config = service_change_config(c, &after);
    assert_true(before != after);
    assert_string_equal(config->tags.tags[0].prompts.texts[0], "a red cat");
    assert_int_equal(made("cat", "on=fast"), SERVE_OK); /* a prompt */
    struct serve_value value = {"on", "fast"};
    struct serve_change change = {SERVE_SET, "cat", &value, 1, &origin};
    come(1, 1, false);
    assert_int_equal(service_change(c, &change, message), SERVE_DEFERRED);
    assert_int_equal(end_of(origin.ticket), SERVE_USAGE);
    assert_non_null(strstr(message, "expected a number"));
    assert_int_equal(heard.lines, 0);
    assert_int_equal(names(), 1);
}

/* One request is one change, however often it comes. */
static void repeated(void **state) {
    (void)state;
    sync_ms = 100;
    come(1, 7, true);
    assert_int_equal(set("cat", "one"), SERVE_DEFERRED);
    uint64_t first = origin.ticket;
    come(1, 7, true);
    assert_int_equal(set("cat", "one"), SERVE_DEFERRED); /* while it is under way */
    assert_int_equal(origin.ticket, first);
    come(2, 7, true);
    assert_int_equal(set("cat", "two"), SERVE_DEFERRED); /* another peer's */
    assert_true(origin.ticket != first);
    assert_int_equal(end_of(origin.ticket), SERVE_OK);
    sync_ms = 0;
    come(1, 7, true);
    assert_int_equal(set("cat", "one"), SERVE_OK); /* its answer was lost: it is told again, not made again */
    assert_true(has("prompt = two"));
    come(1, 8, true);
    assert_int_equal(set("cat", "three"), SERVE_DEFERRED);
    assert_int_equal(end_of(origin.ticket), SERVE_OK);
    come(1, 7, true);
    assert_int_equal(set("cat", "one"), SERVE_DEFERRED); /* not the last that it said: meant anew */
    assert_int_equal(end_of(origin.ticket), SERVE_OK);
    assert_true(has("prompt = one"));
    for (int i = 0; i < 2; i++) { /* without an id each is a request of its own */
        come(3, 9, false);
        assert_int_equal(set("cat", "four"), SERVE_DEFERRED);
        assert_int_equal(end_of(origin.ticket), SERVE_OK);
    }
    origin.may_wait = false;
    come(4, 9, false);
    origin.may_wait = false;
    assert_int_equal(set("cat", "five"), SERVE_BUSY); /* nobody could be told */
    assert_false(has("five"));
}

/* The disk is slow: who asks does not wait, and too many are told so. Each that was taken is made, in its order. */
static void many(void **state) {
    (void)state;
    char prompt[32];
    uint64_t tickets[SERVICE_CHANGES];
    sync_ms = 20;
    for (int i = 0; i < SERVICE_CHANGES; i++) {
        snprintf(prompt, sizeof prompt, "number %d", i);
        come(5, (uint64_t)i, true);
        assert_int_equal(set(i % 2 ? "cat" : "dog", prompt), SERVE_DEFERRED);
        tickets[i] = origin.ticket;
    }
    int taken = 0;
    for (int i = 0; i < 10; i++) { /* some may have ended by now */
        come(6, (uint64_t)i, true);
        taken += set("cat", "one too many") == SERVE_DEFERRED;
    }
    assert_true(taken < 10);
    sync_ms = 0;
    for (int i = 0; i < SERVICE_CHANGES; i++) assert_int_equal(end_of(tickets[i]), SERVE_OK);
    assert_true(has("[tag dog]\nprompt = number 30\n"));
}

/* On top of what is saved by hand, in each way; a file that is no good is left alone. */
static void beside_people(void **state) {
    (void)state;
    char edited[256], aside[300];
    snprintf(edited, sizeof edited, "; by hand\n%s", ini);
    checkpoint_put(folder, "ocelli.ini", edited, strlen(edited));
    assert_int_equal(made("cat", "one"), SERVE_OK);
    assert_true(has("; by hand\n[run]") && has("prompt = one"));
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "; half", 6), 6);
    assert_int_equal(made("cat", "two"), SERVE_BUSY); /* it is being written */
    assert_non_null(strstr(message, "somebody else saves the file"));
    assert_int_equal(write(fd, " a line\n", 8), 8);
    close(fd);
    assert_true(has("prompt = one") && has("; half a line\n"));
    assert_int_equal(made("cat", "two"), SERVE_OK);
    assert_true(has("prompt = two") && has("; half a line\n"));
    checkpoint_put(folder, "ocelli.ini", "nonsense\n", 9);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(made("cat", "three"), SERVE_FAILED);
    assert_non_null(strstr(message, "no good as it was edited"));
    assert_int_equal(heard.lines, 1); /* however often it was tried */
    assert_true(has("nonsense\n"));
    snprintf(aside, sizeof aside, "%s/.aside", folder);
    checkpoint_put(folder, ".aside", ini, sizeof ini - 1);
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(made("cat", "three"), SERVE_OK);
    assert_int_equal(names(), 1);
}

/* prompts tell what was edited once the daemon has seen it. */
static void looked_at(void **state) {
    (void)state;
    uint64_t before, after;
    service_change_config(c, &before);
    checkpoint_put(folder, "ocelli.ini", ini, sizeof ini - 1 - strlen("[tag dog]\n"));
    service_change_check(c);
    for (int i = 0; i < 2000 && (service_change_config(c, &after), after == before); i++) usleep(1000);
    assert_int_equal(service_change_config(c, &after)->tags.count, 1);
    assert_true(after != before);
    checkpoint_put(folder, "ocelli.ini", "nonsense\n", 9);
    service_change_check(c);
    usleep(20000);
    assert_int_equal(service_change_config(c, &after)->tags.count, 1);
}

static void read_only(void **state) {
    (void)state;
    if (mount(folder, folder, NULL, MS_BIND, NULL) || mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
        skip();
    enum serve_code code = made("cat", "one");
    umount2(folder, MNT_DETACH);
    assert_int_equal(code, SERVE_FAILED);
    assert_non_null(strstr(message, "cannot be written"));
    assert_non_null(strstr(heard.text, "cannot write in the folder"));
    assert_non_null(strstr(heard.text, "Read-only file system"));
    assert_int_equal(heard.lines, 1);
}

/* The end while the disk is busy: the file stays as it was, and nothing beside it. */
static void closed(void **state) {
    (void)state;
    sync_ms = 1500;
    come(1, 1, true);
    assert_int_equal(set("cat", "late"), SERVE_DEFERRED);
    come(2, 1, true);
    assert_int_equal(set("dog", "never"), SERVE_DEFERRED);
    usleep(100000); /* it is at it */
    assert_false(service_change_close(&c, 10));
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    assert_int_equal(names(), fd >= 0 ? 1 : 2); /* a file system that has no files without a name */
    sync_ms = 0;
    assert_true(service_change_close(&c, 10000));
    assert_null(c);
    assert_true(service_change_close(&c, 0));
    assert_false(has("late"));
    assert_int_equal(names(), 1);
}

/* ---- a model without a text tower ---- */

static int begin_with_own(const char *text, size_t size) {
    folder = checkpoint_folder();
    snprintf(path, sizeof path, "%s/ocelli.ini", folder);
    checkpoint_put(folder, "ocelli.ini", text, size);
    sem_init(&ended, 0, 0);
    listen();
    own_tags_init(&own_tags, &info);
    return service_change_open(&c, path, &own_tags, tell, NULL);
}

static int setup_known(void **state) {
    (void)state;
    static const char fixed[] = "[run]\nmodel = m\n[source]\nuri = test:\n[tag cat]\non = 0\n";
    return begin_with_own(fixed, sizeof fixed - 1);
}

static int setup_own(void **state) {
    (void)state;
    static const char none[] = "[run]\nmodel = m\n[source]\nuri = test:\n";
    return begin_with_own(none, sizeof none - 1);
}

static void known(void **state) {
    (void)state;
    uint64_t version;
    assert_int_equal(service_change_config(c, &version)->tags.count, 1);
    assert_int_equal(made("cat", "a yak"), SERVE_LIMIT);
    assert_non_null(strstr(message, "no text tower"));
    assert_non_null(strstr(message, "a yak"));
    assert_false(has("a yak"));
    assert_int_equal(made("cat", "a cat"), SERVE_OK);
    assert_true(has("a cat"));
    /* With a threshold to be learnt, everyday things are needed, and of these is one. */
    assert_int_equal(made("dog", "dog"), SERVE_LIMIT);
    assert_non_null(strstr(message, "\"nothing\""));
}

static void own(void **state) {
    (void)state;
    uint64_t version;
    const struct daemon_config *config = service_change_config(c, &version);
    assert_int_equal(config->tags.count, 1);
    assert_string_equal(config->tags.tags[0].name, "dog");
    assert_int_equal(made("dog", "a cat"), SERVE_LIMIT);
    assert_non_null(strstr(message, "the model's own"));
    assert_false(has("dog"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(changed),
                                       TEST(repeated),
                                       TEST(many),
                                       TEST(beside_people),
                                       TEST(looked_at),
                                       TEST(read_only),
                                       TEST(closed),
                                       cmocka_unit_test_setup_teardown(known, setup_known, teardown),
                                       cmocka_unit_test_setup_teardown(own, setup_own, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
