/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as requests, a line each: one good answer a request, no change but by what may change. The first byte says
 * who asks.
 */
#include "fuzz.h"
#include "../serve/service_fixture.h"
#include "serve/crc.h"
#include "serve/line.h"
#include "serve/arguments.h"

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\n[tag cat]\n[tag an open door]\ngroup = door\nagainst = a wall\n";
static const char good[] = "\x0f#1 ping\ntags terse\n#2 watch\nset cat \"a cat\" \"against=a dog\" group=x on=0.2\nadd "
                           "cat two\nprompts cat from 1\n"
                           "remove cat two\nremove cat\nsearch a b\nstatus\nhelp set\nunwatch\n#1 ping*1DF9\n#1 "
                           "ping*694FE592\nwatch terse\nAT\nping "
                           "1a2b3c4d\n";

static unsigned long requests; /* an input has many */

static void say_requests(void) {
    fprintf(stderr, "%lu requests\n", requests);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    atexit(say_requests);
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "seed", good, sizeof good - 1);
    return 0;
}

/* A line, all of it UTF-8 without control characters; with a checksum a right one, as asked. */
static void check(const char *answer, size_t size) {
    if (size < 2 || size > SERVE_LINE || answer[size - 1] != '\n') abort();
    if (serve_arguments_check(answer, size - 1)) abort();
    if (answer[0] != '{') return; /* terse */
    const char *end = memrchr(answer, '}', size);
    if (!end) abort();
    size_t body = (size_t)(end - answer) + 1;
    unsigned long sum = size - body > 6 ? serve_crc32(answer, body) : serve_crc(answer, body);
    if (answer[body] == '*' && strtoul(answer + body + 1, NULL, 16) != sum) abort();
}

static struct service_fixture b;

/* As new for each input that needs it; opening is most of the time that an input takes. */
static int fresh(void) {
    if (b.tagger && b.version == 1 && b.seq == 0) return 0;
    if (b.tagger) fixture_close(&b);
    return fixture_open(&b, ini, NULL);
}

static void see(struct serve_events *to, const char *what) {
    const struct tagger_event *events;
    size_t count = fixture_see(&b, (const char *[]){what, NULL}, &events);
    for (size_t i = 0; i < count; i++) serve_events_add(to, &events[i]);
}

/* data[0]: 1 may change, 2 proved, 4 may watch, 8 there are frames */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char answer[SERVE_LINE];
    if (size < 1 || fresh()) return 0;
    struct serve_callbacks table = fixture_table(&b);
    struct serve_context c = {.callbacks = &table};
    struct serve_client client = {
        .may_change = data[0] & 1, .proved = data[0] & 2, .may_watch = data[0] & 4, .proof = "1a2b3c4d"};
    double now = 1e6;
    for (const uint8_t *line = data + 1, *end = data + size, *next; line < end; line = next + 1, now += 3000) {
        next = memchr(line, '\n', (size_t)(end - line));
        if (!next) next = end;
        size_t length = (size_t)(next - line), got;
        char *copy = fuzz_copy(line, length);
        if (data[0] & 8) see(&c.events, length & 1 ? "cat" : "an open door");
        if ((got = serve_line(&c, &client, now, copy, length, answer))) check(answer, got);
        if ((got = serve_line_error(&client, SERVE_BUSY, copy, length, answer))) check(answer, got);
        while ((got = serve_line_push(&c, &client, now, answer))) check(answer, got);
        free(copy);
        requests++;
    }
    serve_pages_finish(&c.pages);
    if (!(data[0] & 1) && b.version != 1) abort();
    fuzz_lines = 0;
    return 0;
}
