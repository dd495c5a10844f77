/* SPDX-License-Identifier: Apache-2.0
 * A server for tests: runtime/serve over the tagger, without a camera. Prints its ports on a line, then serves until
 * its standard input ends. Usage: server [--serial DEVICE] [--psk FILE] [--change MS] [--jpeg FILE] [--tags FILE]
 * [--reach WORD] [--coap PORT]
 * [--search MS] [--web PORT [--password FILE] [--certificate FILE --key FILE | --https FOLDER] [--host NAMES]]
 * [--verdicts 1]: as a daemon that moderates; its policy comes and goes with what is seen */
#include "../serve/service_fixture.h"
#include "daemon/service_search.h"
#include "prep/decode.h"
#include "serve/serve.h"

#include <poll.h>
#include <unistd.h>

static const char ini[] = "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n"
                          "[tag cat]\n[tag dog]\n[tag an open door]\ngroup = door\n[tag a shut door]\ngroup = door\n";

static struct service_fixture fixture;

static bool verdicts;

/* Tags' events with a verdict, and one of a policy, as daemon/inference.c makes them. */
static void push_judged(struct serve *serve, const struct tagger_event *events, size_t count, bool found) {
    for (size_t i = 0; i < count; i++) {
        struct tagger_event event = events[i];
        event.verdict = found ? "blur" : "clean";
        serve_push(serve, &event, 1);
        if (i) continue;
        event.tag = event.group = NULL, event.edited = false;
        event.policy = "no dogs", event.action = "blur", event.state = found ? TAGGER_ON : TAGGER_OFF;
        serve_push(serve, &event, 1);
    }
}

/* A frame every 100 ms, and what is in it changes every `change_ms` (0: never). */
static void look(struct serve *serve, double now_ms, double change_ms) {
    static double last_ms;
    const struct tagger_event *events;
    if (now_ms - last_ms < 100 && (change_ms <= 0 || now_ms - last_ms < change_ms)) return;
    last_ms = now_ms;
    bool other = change_ms > 0 && (uint64_t)(now_ms / change_ms) % 2;
    size_t count = fixture_see(&fixture, (const char *[]){other ? "dog" : "cat", "an open door", NULL}, &events);
    if (verdicts)
        push_judged(serve, events, count, other);
    else
        serve_push(serve, events, count);
}

/* The daemon's search, over a history that takes the time that a small board takes for a text. A picture is read. */
static struct service_search searched;
static unsigned search_ms = 200;

int daemon_search(struct daemon *daemon, const struct daemon_question *question, struct history_found *found) {
    struct ocelli_image image = {0};
    (void)daemon;
    usleep(search_ms * 1000);
    if (question->picture) {
        log_hold(question->fault, LOG_LINE);
        int status = decode_memory(&image, question->picture, question->picture_size, "the picture", NULL);
        log_release();
        decode_free(&image);
        if (status) return status;
    }
    found->hits[0] = (struct history_hit){.time = 1795521600, .score = 0.3, .tags = "cat"};
    found->count = 1, found->since = 1795435200;
    return OCELLI_OK;
}

static void wake(void *serve) {
    serve_wake(*(struct serve **)serve);
}

static bool searching(void *user) {
    (void)user;
    return service_searching(&searched);
}

static enum serve_code search(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                              char message[SERVE_MESSAGE]) {
    static const struct prompts_list none;
    (void)user;
    return service_search(&searched, &none, query, others, found, message);
}

/* As `ocelli run`, which also tells what is no fault. */
static void say(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    fprintf(stderr, "ocelli: %s\n", message);
}

static bool input_ended(void) {
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    char bytes[64];
    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, bytes, sizeof bytes) <= 0;
}

int main(int argc, char **argv) {
    struct serve_params params = {
        .udp_port = SERVE_ANY_PORT, .coap_port = SERVE_ANY_PORT, .coaps_port = SERVE_ANY_PORT};
    struct file_bytes jpeg = {NULL};
    double change_ms = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--serial")) params.serial[0] = argv[i + 1];
        if (!strcmp(argv[i], "--psk")) params.psk_file = argv[i + 1];
        if (!strcmp(argv[i], "--change")) change_ms = atof(argv[i + 1]);
        if (!strcmp(argv[i], "--reach") && !serve_reach_find(&params.reach, argv[i + 1])) return 2;
        if (!strcmp(argv[i], "--web")) params.web.port = atoi(argv[i + 1]) ? atoi(argv[i + 1]) : SERVE_ANY_PORT;
        if (!strcmp(argv[i], "--password")) params.web.password = argv[i + 1];
        if (!strcmp(argv[i], "--certificate")) params.web.certificate = argv[i + 1];
        if (!strcmp(argv[i], "--key")) params.web.key = argv[i + 1];
        if (!strcmp(argv[i], "--https")) params.web.https = true, params.web.state = argv[i + 1];
        if (!strcmp(argv[i], "--host")) params.web.host = argv[i + 1];
        if (!strcmp(argv[i], "--coap")) params.coap_port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--search")) search_ms = (unsigned)atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--verdicts")) verdicts = true;
        if (!strcmp(argv[i], "--tags")) fixture.path = argv[i + 1];
        if (!strcmp(argv[i], "--jpeg") && file_read(&jpeg, argv[i + 1])) return 1;
    }
    struct serve *serve;
    if (params.web.https) ocelli_set_log(say, NULL);
    if (fixture_open(&fixture, ini, fixture.path)) return 1;
    fixture.jpeg = jpeg.data, fixture.jpeg_size = jpeg.size;
    struct serve_callbacks table = fixture_table(&fixture);
    table.search = search, table.searching = searching;
    service_search_init(&searched, NULL, wake, &serve);
    params.callbacks = &table;
    if (serve_open(&serve, &params)) return 1;
    printf("udp %d coap %d coaps %d", serve_udp_port(serve), serve_coap_port(serve), serve_coaps_port(serve));
    if (params.web.port) printf(" web %d", serve_web_port(serve));
    putchar('\n');
    fflush(stdout);
    while (!input_ended()) {
        look(serve, clock_ms(), change_ms);
        serve_poll(serve, 20);
    }
    service_search_finish(&searched, 20000);
    serve_close(&serve);
    fixture_close(&fixture);
    file_free(&jpeg);
    return 0;
}
