/* SPDX-License-Identifier: Apache-2.0
 * docs/clients/ocelli.h against the service, over a line that may be bad. */
#include "support/test.h"
#include "support/heard.h"
#include "../../docs/clients/ocelli.h"
#include "service_fixture.h"
#include "serve/line.h"
#include "serve/framing.h"

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\n[tag an open door: wide]\n";
static struct service_fixture b;
static struct serve_callbacks table;
static struct serve_context c;
static struct serve_client client;
static struct framing framing;
static struct ocelli_reader reader;
static unsigned seed, faults; /* one byte of so many is spoilt; 0: none */

static int setup(void **state) {
    (void)state;
    listen();
    c = (struct serve_context){.callbacks = &table};
    client = (struct serve_client){.may_change = true, .proved = true, .may_watch = true};
    framing = (struct framing){.size = 0};
    reader = (struct ocelli_reader){.used = 0};
    seed = 1, faults = 0;
    if (fixture_open(&b, ini, NULL)) return 1;
    table = fixture_table(&b);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_close(&b);
    return 0;
}

/* Bytes that nobody sent, before each line in either direction. */
static const char *junk = "";

/* What becomes of a byte on the wire: gives how often it arrives. */
static int spoil(char *byte) {
    unsigned fate = faults ? (unsigned)rand_r(&seed) % (3 * faults) : 3;
    if (fate == 0) *byte ^= (char)(1 << rand_r(&seed) % 8);
    return fate == 1 ? 0 : fate == 2 ? 2 : 1;
}

static const char *receive(const char *bytes, size_t size) {
    const char *line = NULL;
    for (const char *j = junk; size && *j; j++) assert_null(ocelli_read(&reader, (unsigned char)*j));
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        for (int times = spoil(&byte); times && !line; times--) line = ocelli_read(&reader, (unsigned char)byte);
    }
    return line;
}

/* The last good line that came back; NULL: none. */
static const char *ask(const char *id, const char *request) {
    char line[64], answer[SERVE_LINE];
    const char *got = NULL;
    size_t size = ocelli_request(line, sizeof line, id, request);
    assert_true(size > 0);
    for (const char *j = junk; *j; j++) assert_int_equal(framing_take(&framing, (uint8_t)*j), FRAMING_NOTHING);
    for (size_t i = 0; i < size; i++) {
        char byte = line[i];
        for (int times = spoil(&byte); times; times--)
            if (framing_take(&framing, (uint8_t)byte) == FRAMING_LINE) {
                size_t back = serve_line(&c, &client, clock_ms(), (const char *)framing.bytes, framing.size, answer);
                const char *one = receive(answer, back);
                got = one ? one : got;
            }
    }
    return got;
}

static void see(const char *what) {
    const struct tagger_event *events;
    size_t count = fixture_see(&b, (const char *[]){what, NULL}, &events);
    for (size_t i = 0; i < count; i++) serve_events_add(&c.events, &events[i]);
}

static void tags(void **state) {
    (void)state;
    struct ocelli_tags t;
    assert_true(ocelli_tags_begin(&t, ask("1", "tags terse"), "1"));
    assert_true(t.seq == 0 && t.age_ms == -1 && !ocelli_tags_next(&t));
    see("an open door: wide");
    assert_true(ocelli_tags_begin(&t, ask("id.2", "tags terse"), "id.2"));
    assert_true(t.seq == 1 && t.age_ms >= 0 && t.age_ms < 1000);
    assert_true(ocelli_tags_next(&t));
    assert_string_equal(t.name, "an_open_door:_wide");
    assert_int_equal(t.score, 100);
    assert_true(ocelli_tags_next(&t));
    assert_string_equal(t.name, "cat");
    assert_int_equal(t.score, 0);
    assert_false(ocelli_tags_next(&t));
    assert_false(ocelli_tags_begin(&t, "#1 TAGS 1 2 -", "2") || ocelli_tags_begin(&t, "#1 ERR usage", "1"));
    assert_true(ocelli_tags_begin(&t, "#1 TAGS 1 2 cat:0.83 dog:0.10", "1") && ocelli_tags_next(&t) && t.score == 83);
    assert_true(ocelli_tags_next(&t) && t.score == 10);
}

/* A line that turns round gives bytes that nobody sent, on either side. */
static void half_duplex(void **state) {
    (void)state;
    static const char *const all[] = {"\xff", "\x80", "\xc0", "\xf8\xff", "\x01\x7f\xc0", "\xff\xff\xff\xff\xff\xff"};
    struct ocelli_tags t;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        junk = all[i];
        assert_true(ocelli_tags_begin(&t, ask("1", "tags terse"), "1"));
    }
    junk = "";
    for (int i = 0; i < 3; i++) {
        assert_null(ocelli_read(&reader, 0));
        assert_int_equal(framing_take(&framing, 0), FRAMING_NOTHING);
        assert_true(ocelli_tags_begin(&t, ask("1", "tags terse"), "1"));
    }
}

static void pushes(void **state) {
    (void)state;
    struct ocelli_push p = {0};
    char bytes[SERVE_LINE];
    assert_non_null(strstr(ask("w", "watch terse"), "#w WATCH 0 10"));
    see("cat");
    size_t size = serve_line_push(&c, &client, clock_ms(), bytes);
    assert_true(ocelli_push_begin(&p, receive(bytes, size), "w"));
    assert_true(p.kind == 'O' && p.on && p.n == 1 && p.seq == 1);
    assert_string_equal(p.name, "cat:1.00");
    size = serve_line_push(&c, &client, clock_ms() + 11000, bytes);
    assert_true(ocelli_push_begin(&p, receive(bytes, size), "w") && p.kind == 'A' && p.n == 1);
}

static void lines(void **state) {
    (void)state;
    char line[16], big[2 * OCELLI_LINE];
    assert_int_equal(ocelli_request(line, sizeof line, "1", "123"), 0);
    assert_int_equal(ocelli_request(line, sizeof line, "1", "12"), 15);
    assert_null(receive("ping\n", 5));           /* no checksum */
    assert_null(receive("ping*00000000\n", 14)); /* a wrong one */
    assert_null(receive("ping*1DF9\n", 10));     /* a short one */
    memset(big, 'x', sizeof big);
    assert_null(receive(big, sizeof big));
    assert_null(receive("\n", 1));
    assert_non_null(ask("1", "ping"));
    assert_null(ocelli_read(&reader, -1));
}

/* As from a daemon that runs for years, where long has 32 bits, and from one whose clock is wrong. */
static void numbers(void **state) {
    (void)state;
    struct ocelli_tags t;
    struct ocelli_push p;
    assert_true(
        ocelli_tags_begin(&t, "#1 TAGS 2147483647 21474837 cat:0.07 dog:0.5 cow:1.00 ox:-0.5 yak:12 emu:0", "1"));
    assert_true(t.seq == 2147483647 && t.age_ms == 21474837);
    for (const int *score = (const int[]){7, 50, 100, 0, 100, 0, -1}; *score >= 0; score++)
        assert_true(ocelli_tags_next(&t) && t.score == *score);
    assert_true(ocelli_tags_begin(&t, "#1 TAGS 99999999999999999999 -99999999999999999999 -", "1"));
    assert_true(t.seq == LONG_MAX && t.age_ms == -LONG_MAX);
    assert_true(ocelli_push_begin(&p, "#1 ON 922337203685477580 92233720368547758 18446744073709551615 cat:0.71", "1"));
    assert_true(p.n == (LONG_MAX > 2147483647 ? 922337203685477580 : LONG_MAX) && p.age_ms == LONG_MAX);
    assert_string_equal(p.name, "cat:0.71");
}

static void errors(void **state) {
    (void)state;
    char line[64];
    assert_string_equal(ocelli_error(ask("1", "tags terse x"), "1"), "usage");
    assert_null(ocelli_error("#1 TAGS 1 2 -", "1"));
    assert_null(ocelli_error("#2 ERR busy", "1"));
    assert_string_equal(ocelli_error("#1 ERR prove 1a2b3c4d", "1"), "prove 1a2b3c4d");
    assert_int_equal(ocelli_prove(line, sizeof line, "1", "#1 ERR prove 1a2b3c4d"), 26);
    assert_memory_equal(line, "#1 ping 1a2b3c4d*", 17);
    assert_int_equal(ocelli_prove(line, sizeof line, "1", "#1 ERR prove"), 0);
    assert_int_equal(ocelli_prove(line, sizeof line, "1", "#1 ERR busy 1a2b3c4d"), 0);
    assert_int_equal(ocelli_prove(line, sizeof line, "1", "#1 ERR prove 123456789012345678901234567890123"), 0);
    assert_int_equal(ocelli_prove(line, 25, "1", "#1 ERR prove 1a2b3c4d"), 0);
}

/* 1 % of bytes flipped, dropped or doubled, both ways: no wrong answer is taken (of about 5000 damaged ones here 32
 * bits let one in 4 billion through), nothing is changed that was not asked for, and after each fault it goes on.
 * EXCHANGES: more of them. */
static void noise(void **state) {
    (void)state;
    int right = 0, wrong = 0, exchanges = getenv("EXCHANGES") ? atoi(getenv("EXCHANGES")) : 20000;
    see("cat");
    assert_non_null(ask("0", "ping"));
    faults = 100;
    for (int n = 0; n < exchanges; n++) {
        char id[16], request[64];
        struct ocelli_tags t;
        snprintf(id, sizeof id, "%d", n);
        snprintf(request, sizeof request, n % 4 ? "tags terse" : "set note \"on number %07d\"", n);
        const char *line = ask(id, request);
        const char *text = line ? ocelli_answer(line, id) : NULL;
        if (n % 4 || !text) {
            if (!text || strncmp(text, "TAGS", 4)) continue;
            bool good = ocelli_tags_begin(&t, line, id) && t.seq == 1;
            good = good && ocelli_tags_next(&t) && !strcmp(t.name, "cat") && t.score == 100;
            good ? right++ : wrong++;
        }
    }
    faults = 0;
    print_message("%d of %d answers arrived, %d wrong; %d changes in force\n", right, exchanges / 4 * 3, wrong,
                  (int)b.version - 1);
    assert_true(right > exchanges / 20 * 3 && wrong == 0);
    assert_true(b.file.count == 2 ||
                (b.file.count == 3 && !strncmp(b.file.tags[2].prompts.texts[0], "on number ", 10) &&
                 strlen(b.file.tags[2].prompts.texts[0]) == 17));
    assert_non_null(ask("x", "ping"));
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(tags, setup, teardown),
        cmocka_unit_test_setup_teardown(pushes, setup, teardown),
        cmocka_unit_test_setup_teardown(half_duplex, setup, teardown),
        cmocka_unit_test_setup_teardown(lines, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(noise, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
