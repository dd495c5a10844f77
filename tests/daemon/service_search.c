/* SPDX-License-Identifier: Apache-2.0
 * Searches one at a time in a thread of their own, over a history that answers when it is told to. */
#include "support/test.h"
#include "daemon/service_search.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct service_search s;
static sem_t may_end, ended;
static int searches, status;
static char templates_seen[64];

/* In place of the daemon's. */
int daemon_search(struct daemon *daemon, const struct daemon_question *question, struct history_found *found) {
    (void)daemon;
    while (sem_wait(&may_end) && errno == EINTR) {
    }
    searches++;
    snprintf(templates_seen, sizeof templates_seen, "%s",
             question->templates->count ? question->templates->texts[0] : "");
    found->hits[0] = (struct history_hit){.time = 1000, .score = (double)strlen(question->text)};
    snprintf(found->hits[0].tags, sizeof found->hits[0].tags, "%s", question->text);
    found->count = 1, found->since = 900;
    return status;
}

static void tell(void *user) {
    (void)user;
    sem_post(&ended);
}

static int setup(void **state) {
    (void)state;
    memset(&s, 0, sizeof s);
    searches = 0, status = OCELLI_OK;
    sem_init(&may_end, 0, 0), sem_init(&ended, 0, 0);
    service_search_init(&s, NULL, tell, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    assert_true(service_search_finish(&s, 20000));
    return 0;
}

static struct serve_found found;
static char message[SERVE_MESSAGE];

static bool others;

static enum serve_code ask(const char *text) {
    char template[] = "a photo of a {}.";
    const char *texts[] = {template};
    struct prompts_list templates = {.texts = texts, .count = 1};
    enum serve_code code = service_search(&s, &templates, &(struct serve_query){.text = text}, others, &found, message);
    memset(template, 'x', sizeof template - 1); /* it need not stay */
    return code;
}

static void end_search(void) {
    sem_post(&may_end);
    while (sem_wait(&ended) && errno == EINTR) {
    }
    assert_false(service_searching(&s));
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void one_at_a_time(void **state) {
    (void)state;
    assert_int_equal(ask("cat"), SERVE_DEFERRED);
    assert_true(service_searching(&s));
    assert_int_equal(ask("cat"), SERVE_DEFERRED);
    assert_int_equal(ask("dog"), SERVE_BUSY);
    assert_non_null(strstr(message, "another text"));
    end_search();
    assert_string_equal(templates_seen, "a photo of a {}.");
    others = true;
    assert_int_equal(ask("dog"), SERVE_BUSY); /* somebody waits for what was found */
    for (int i = 0; i < 3; i++) {             /* and who asks once more gets the same */
        assert_int_equal(ask("cat"), SERVE_OK);
        assert_true(found.count == 1 && found.since == 900 && found.hits[0].score == 3);
        assert_string_equal(found.hits[0].tags, "cat");
    }
    others = false;
    assert_int_equal(searches, 1);
    assert_int_equal(ask("dog"), SERVE_DEFERRED);
    end_search();
    assert_int_equal(ask("dog"), SERVE_OK);
    assert_string_equal(found.hits[0].tags, "dog");
}

/* A fault is told to who waits, and the next one begins anew. */
static void faults(void **state) {
    (void)state;
    status = OCELLI_ERR_LOST;
    assert_int_equal(ask("cat"), SERVE_DEFERRED);
    end_search();
    assert_int_equal(ask("cat"), SERVE_LIMIT);
    assert_non_null(strstr(message, "ask again"));
    status = OCELLI_OK;
    sleep_ms(1010);
    assert_int_equal(ask("cat"), SERVE_DEFERRED);
    end_search();
    assert_int_equal(ask("cat"), SERVE_OK);
}

/* Closed while it searches. */
static void finished(void **state) {
    (void)state;
    assert_int_equal(ask("cat"), SERVE_DEFERRED);
    sem_post(&may_end);
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(faults, setup, teardown),
        cmocka_unit_test_setup_teardown(finished, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
