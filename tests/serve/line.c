/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "service_fixture.h"
#include "serve/crc.h"
#include "serve/line.h"

#include <ctype.h>

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n"
    "[tag cat]\n[tag an open door]\ngroup = door\n[tag a shut door]\nprompt = a door\ngroup = door\n";
static struct service_fixture b;
static struct serve_callbacks table;
static struct serve_context c;
static struct serve_client client;
static char answer[SERVE_LINE + 1];
static double now;

static int setup(void **state) {
    (void)state;
    listen();
    now = clock_ms();
    c = (struct serve_context){.callbacks = &table};
    client = (struct serve_client){.may_change = true, .proved = true, .may_watch = true, .proof = "1a2b3c4d"};
    if (fixture_open(&b, ini, NULL)) return 1;
    table = fixture_table(&b);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    serve_pages_finish(&c.pages);
    fixture_close(&b);
    return 0;
}

static void see(const char *a, const char *second) {
    const struct tagger_event *events;
    size_t count = fixture_see(&b, (const char *[]){a, second, NULL}, &events);
    for (size_t i = 0; i < count; i++) serve_events_add(&c.events, &events[i]);
    now = clock_ms();
}

static const char *ask_bytes(const char *line, size_t size) {
    size_t got = serve_line(&c, &client, now, line, size, answer);
    assert_true(got <= SERVE_LINE);
    if (got) assert_int_equal(answer[got - 1], '\n');
    answer[got ? got - 1 : 0] = 0;
    assert_null(strchr(answer, '\n'));
    return answer;
}

static const char *ask(const char *line) {
    return ask_bytes(line, strlen(line));
}

static void assert_begins(const char *text, const char *with) {
    if (strncmp(text, with, strlen(with))) print_error("%s\n does not begin with %s\n", text, with);
    assert_memory_equal(text, with, strlen(with));
}

static void assert_has(const char *text, const char *part) {
    if (!strstr(text, part)) print_error("%s\n has no %s\n", text, part);
    assert_non_null(strstr(text, part));
}

static const char *push(void) {
    size_t got = serve_line_push(&c, &client, now, answer);
    answer[got ? got - 1 : 0] = 0;
    return answer;
}

static void ping(void **state) {
    (void)state;
    assert_string_equal(ask("ping"), "{\"ok\":true,\"seq\":0,\"age_ms\":null,\"pong\":\"ocelli\",\"protocol\":1}");
    assert_string_equal(ask("AT"), "{\"ok\":true,\"seq\":0,\"age_ms\":null,\"pong\":\"ocelli\",\"protocol\":1}");
    assert_string_equal(ask("#7 at"),
                        "{\"id\":\"7\",\"ok\":true,\"seq\":0,\"age_ms\":null,\"pong\":\"ocelli\",\"protocol\":1}");
    see("cat", NULL);
    assert_begins(ask("  #a.b:c-d_9\t ping \t"),
                  "{\"id\":\"a.b:c-d_9\",\"ok\":true,\"seq\":1,\"age_ms\":"); /* of a busy machine not 0 */
    assert_string_equal(ask(""), "");
    assert_string_equal(ask(" \t"), "");
}

/* An address that has not proved itself gets three times what it sent, headers and all: with no digits too many for
 * ping. */
static void ping_always_fits(void **state) {
    (void)state;
    static const char *const requests[] = {"ping", "AT", "#1 ping", "#a-long-id-of-all-the-32-letters ping",
                                           "ping*83FC"};
    static const uint64_t seqs[] = {1, 9999999999, UINT64_MAX};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        for (size_t k = 0; k < 3; k++) {
            char line[64];
            snprintf(line, sizeof line, "%s", requests[i]);
            char *sum = strchr(line, '*');
            if (sum) snprintf(sum, 6, "*%04X", serve_crc(line, (size_t)(sum - line)));
            b.seq = seqs[k], b.taken_ms = clock_ms() - 1e13;
            client.capacity = 3 * (28 + strlen(line)) - 28;
            ask(line);
            assert_true(strlen(answer) + 1 <= client.capacity);
            assert_has(answer, "\"ok\":true,");
            assert_has(answer, "\"pong\":\"ocelli\",\"protocol\":1}");
        }
    client.capacity = 0;
    assert_has(ask("ping"), "\"seq\":18446744073709551615,\"age_ms\":1000000");
    client.capacity = 70; /* only ping is cut: others are answered by who counts the bytes */
    assert_has(ask("status"), "\"seq\":");
}

static void tags(void **state) {
    (void)state;
    assert_string_equal(ask("tags terse"), "TAGS 0 -1 -");
    see("an open door", NULL);
    b.taken_ms -= 87;
    assert_has(ask("tags"), "\"version\":1,\"count\":3,\"tags\":[{\"tag\":\"an open "
                            "door\",\"group\":\"door\",\"state\":\"on\",\"score\":1,");
    assert_has(answer, "{\"tag\":\"cat\",\"state\":\"off\",");
    assert_null(strstr(answer, "next"));
    assert_begins(ask("tags terse"), "TAGS 1 8");
    assert_has(answer, " an_open_door:1.00 ");
    assert_has(ask("tags from 2"), "\"tags\":[{\"tag\":\"");
    assert_null(strstr(answer, "an open door"));
    assert_has(ask("tags from 3"), "\"tags\":[]}");
    assert_has(ask("tags from 4"), "\"tags\":[]}"); /* and no `next`, with which who asks would go on for ever */
    assert_begins(ask("#q tags terse from 3"), "#q TAGS 1 ");
    assert_has(answer, " -");
    assert_has(ask("tags from x"), "\"error\":\"usage\"");
    assert_has(ask("tags cat"), "\"error\":\"usage\"");
    ask("remove cat"), ask("remove \"an open door\"");
    assert_has(ask("remove \"a shut door\""), "\"version\":4}");
    assert_has(ask("tags"), "\"count\":0,\"tags\":[]}");
    assert_string_equal(ask("tags terse") + strlen(answer) - 2, " -");
}

/* What does not fit is asked for with from, and every tag comes once. */
static void pages(void **state) {
    (void)state;
    char line[256], name[140];
    size_t seen = 0, from = 0;
    memset(name, 'n', sizeof name);
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line, "add \"%.*s\\\"%02d\" \"group=x\"", 20 + 2 * i, name, i);
        assert_has(ask(line), "\"error\":\"usage\"");
        snprintf(line, sizeof line, "add \"%.*s\\\"%02d\"", 20 + 2 * i, name, i);
        assert_has(ask(line), "\"ok\":true");
    }
    see("cat", NULL);
    do {
        snprintf(line, sizeof line, "tags from %zu*0000", from);
        snprintf(line + strlen(line) - 4, 5, "%04X", serve_crc(line, strlen(line) - 5));
        ask(line);
        for (const char *at = answer; (at = strstr(at, "{\"tag\":")); at++) seen++;
        const char *next = strstr(answer, "\"next\":");
        from = next ? strtoul(next + 7, NULL, 10) : 0;
    } while (from);
    assert_int_equal(seen, 43);
    assert_has(ask("tags terse"), "TAGS 1 ");
    assert_true(strlen(answer) > 900);
}

enum { MANY = 90 };

static void add_many(void) {
    char line[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(line, sizeof line, "add \"thing %02d\" against=sky%d", i, i);
        assert_has(ask(line), "\"ok\":true");
    }
}

/* How often each of the many is in the answer. */
static void count_tags(unsigned seen[MANY]) {
    for (const char *at = answer; (at = strstr(at, "{\"tag\":\"thing ")); at++) seen[atoi(at + 14)]++;
    for (const char *at = answer; (at = strstr(at, " thing_")); at++) seen[atoi(at + 7)]++;
}

static uint64_t number_of(const char *key) {
    const char *at = strstr(answer, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* All pages of a request; between any two a frame turns the order round, or an edit takes one tag away. */
static void every_tag_once(const char *request, bool edit) {
    static const char *const things[] = {"thing 59", "thing 00"};
    unsigned seen[MANY] = {0};
    char line[64];
    size_t turn = 0;
    see("thing 30", NULL);
    uint64_t seq = b.seq;
    ask(request);
    count_tags(seen);
    for (uint64_t from; (from = number_of("\"next\":")) && turn < 99; turn++) {
        see(things[turn % 2], NULL);
        if (edit && turn == 1) assert_has(ask("remove \"thing 40\""), "\"ok\":true");
        snprintf(line, sizeof line, "%s from %llu", request, (unsigned long long)from);
        ask(line);
        assert_int_equal(number_of("\"seq\":"), seq);
        count_tags(seen);
    }
    assert_true(turn > 1);
    for (int i = 0; i < MANY; i++) assert_int_equal(seen[i], 1);
}

static void pages_of_one_frame(void **state) {
    (void)state;
    add_many();
    every_tag_once("tags", false);
    every_tag_once("tags", true);
    assert_has(ask("add \"thing 40\""), "\"ok\":true");
    every_tag_once("prompts", true);
}

/* Terse answers do not say which comes next: who asks counts. */
static void terse_pages_of_one_frame(void **state) {
    (void)state;
    unsigned seen[MANY] = {0};
    char line[64];
    size_t from = 0, turns = 0;
    add_many();
    see("thing 07", NULL);
    for (ask("tags terse"); !strstr(answer, " -") && turns < 99; turns++) {
        assert_begins(answer, "TAGS 1 ");
        count_tags(seen);
        for (const char *at = answer; (at = strchr(at, ':')); at++) from++;
        see(turns % 2 ? "thing 59" : "thing 00", NULL);
        snprintf(line, sizeof line, "tags terse from %zu", from);
        ask(line);
    }
    assert_true(turns > 1);
    for (int i = 0; i < MANY; i++) assert_int_equal(seen[i], 1);
}

/* Kept for half a minute behind the last page, for who was given the first. */
static void pages_end(void **state) {
    (void)state;
    struct serve_client other = client;
    add_many();
    see("cat", NULL);
    ask("tags");
    see("thing 00", NULL);
    now += SERVE_PAGED_MS - 1000;
    assert_has(ask("tags from 20"), "\"seq\":1,");
    now += SERVE_PAGED_MS - 1000;
    assert_has(ask("tags from 30"), "\"seq\":1,");
    assert_begins(ask("tags terse from 30"), "TAGS 2 ");
    client = other;
    assert_has(ask("tags from 30"), "\"seq\":2,"); /* it asked for no first page */
    client.proved = false;
    ask("tags"); /* what it got was `prove`: nothing is kept for who may be forged */
    assert_int_equal(client.paged, 0);
    client.proved = true;
    ask("tags");
    see("thing 01", NULL); /* by which `now` is the clock's again */
    now += 4 * SERVE_PAGED_MS;
    assert_has(ask("tags from 30"), "\"seq\":3,");
    for (int i = 0; i < SERVE_PAGED; i++) assert_null(c.pages.kept[i]);
}

static size_t kept(void) {
    size_t count = 0;
    for (int i = 0; i < SERVE_PAGED; i++) count += c.pages.kept[i] != NULL;
    return count;
}

/* Memory is bounded, and a host that asks from many ports does not take that of others. */
static void pages_are_bounded(void **state) {
    (void)state;
    static const uint8_t hosts[2][16] = {{10, 1}, {10, 2}};
    add_many();
    see("cat", NULL);
    client.host = hosts[0], client.may_change = false;
    ask("tags");
    struct serve_client first = client;
    ask("prompts");
    assert_int_equal(kept(), 2);
    for (int i = 0; i < 50; i++) {
        client = (struct serve_client){.proved = true, .host = hosts[1]};
        see("cat", NULL);
        now += i;
        ask("tags");
    }
    assert_int_equal(kept(), 2 + SERVE_PAGED_EACH);
    client = first;
    assert_has(ask("tags from 9"), "\"seq\":1,");
    for (int i = 0; i < 50; i++) { /* loopback may fill it, and no more */
        client = (struct serve_client){.proved = true, .may_change = true, .host = hosts[1]};
        see("cat", NULL);
        ask("tags");
    }
    assert_int_equal(kept(), SERVE_PAGED);
}

/* The denial fits, and tells how a change is made. */
static void denied(void **state) {
    (void)state;
    client.may_change = false;
    assert_has(ask("#1 add \"a red car\""), "{\"id\":\"1\",\"ok\":false,\"error\":\"denied\",\"message\":\"");
    assert_has(answer, "coaps://HOST with --psk FILE");
    assert_has(answer, " loopback\"}");
}

static void checksums(void **state) {
    (void)state;
    char line[64];
    assert_int_equal(serve_crc("123456789", 9), 0x906e);
    snprintf(line, sizeof line, "#1 ping*%04x", serve_crc("#1 ping", 7));
    ask(line);
    char *sum = strrchr(answer, '*');
    assert_non_null(sum);
    assert_int_equal(strtoul(sum + 1, NULL, 16), serve_crc(answer, (size_t)(sum - answer)));
    assert_has(ask("#1 ping*0000"), "{\"ok\":false,\"error\":\"crc\"");
    assert_non_null(strrchr(answer, '*'));
    assert_has(ask("remove cat"), "\"error\":\"crc\""); /* this wire uses checksums */
    assert_has(ask("tags"), "\"ok\":true");
    now += 60001;
    assert_has(ask("remove cat"), "\"ok\":true");
    assert_has(ask("ping *00G0"), "\"pong\""); /* a word */
    assert_int_equal(serve_crc32("123456789", 9), 0xcbf43926);
    snprintf(line, sizeof line, "#1 ping*%08x", serve_crc32("#1 ping", 7));
    ask(line);
    sum = strrchr(answer, '*');
    assert_int_equal(strlen(sum), 9);
    assert_int_equal(strtoul(sum + 1, NULL, 16), serve_crc32(answer, (size_t)(sum - answer)));
    assert_has(ask("#1 ping*00000000"), "\"error\":\"crc\"");
    snprintf(line, sizeof line, "add bird*%04x", serve_crc("add bird", 8));
    assert_has(ask(line), "\"error\":\"crc\"");                                  /* a shorter one than was used */
    snprintf(line, sizeof line, "add bird*%08x \t", serve_crc32("add bird", 8)); /* blanks may stand behind it */
    assert_has(ask(line), "\"ok\":true");
    assert_has(ask("prompts bird"), "\"values\":[\"bird\"]");
}

/* A proved address need not prove itself again. */
static void proof(void **state) {
    (void)state;
    client.proved = false;
    assert_string_equal(ask("#1 watch"), "{\"id\":\"1\",\"ok\":false,\"error\":\"prove\",\"proof\":\"1a2b3c4d\","
                                         "\"message\":\"pushes go to proved addresses only\"}");
    assert_string_equal(ask("#1 watch terse"), "#1 ERR prove 1a2b3c4d");
    assert_has(ask("ping 1a2b3c4e"), "\"error\":\"prove\"");
    assert_has(ask("ping 1a2b3c4d"), "\"pong\"");
    assert_true(client.proved);
    assert_has(ask("ping x"), "\"pong\"");
    client.may_watch = false;
    assert_has(ask("watch"), "\"error\":\"limit\"");
    client.may_change = false;
    assert_has(ask("set cat x"), "\"error\":\"denied\"");
    assert_has(ask("prompts cat"), "\"values\":[\"cat\"]");
}

static void prompts(void **state) {
    (void)state;
    assert_has(
        ask("prompts"),
        "\"count\":3,\"tags\":[{\"tag\":\"cat\",\"values\":[\"cat\"]},{\"tag\":\"an open door\",\"values\":[\"an open "
        "door\",\"group=door\"]}");
    assert_has(ask("set garage \"an open \\\"garage\\\"\" \"against=a shut one\" group=door on=0.25 off=0.2"),
               "\"version\":2}");
    assert_has(ask("prompts garage"),
               "\"tag\":\"garage\",\"count\":5,\"values\":[\"an open \\\"garage\\\"\",\"against=a shut "
               "one\",\"group=door\",\"on=0.25\",\"off=0.2\"]}");
    assert_has(ask("prompts garage from 4"), "\"values\":[\"off=0.2\"]}");
    assert_has(ask("add garage second \"against=a wall\" second"), "\"version\":3}");
    assert_has(ask("prompts garage"),
               "[\"an open \\\"garage\\\"\",\"second\",\"against=a shut one\",\"against=a wall\",");
    assert_has(ask("remove garage second against=nothing"),
               "\"error\":\"none\",\"message\":\"no against \\\"nothing\\\"\"");
    assert_has(ask("remove garage second \"against=a wall\" group= on= off="), "\"version\":4}");
    assert_has(ask("prompts garage"), "\"values\":[\"an open \\\"garage\\\"\",\"against=a shut one\"]}");
    assert_has(ask("set garage prompt=on=1"), "\"version\":5}");
    assert_has(ask("prompts garage"), "\"values\":[\"prompt=on=1\",\"against=a shut one\"]}");
    assert_has(ask("add garage prompt=on=1"), "\"ok\":true"); /* again: the same */
    assert_has(ask("prompts nobody"), "\"error\":\"none\"");
    assert_has(ask("remove nobody"), "\"error\":\"none\"");
    assert_has(ask("set garage"), "\"error\":\"usage\",\"message\":\"usage: set NAME VALUE...\"");
    assert_has(ask("add cat \"a kitten\""), "\"ok\":true"); /* its name is its prompt, told and kept */
    assert_has(ask("prompts cat"), "\"values\":[\"cat\",\"a kitten\"]}");
    char line[200] = "prompts ";
    memset(line + 8, 'n', 129);
    assert_has(ask_bytes(line, 8 + 128), "\"error\":\"none\"");
    assert_has(ask_bytes(line, 8 + 129), "\"error\":\"long\",\"message\":\"a name is at most 128 bytes\"");
}

/* One tag, one prompt and one group, however who asks writes "é". */
static void composed(void **state) {
    (void)state;
    assert_has(ask("set cafe\u0301 \"a cafe\u0301\" against=the\u0301 group=e\u0301"), "\"version\":2}");
    assert_has(ask("add caf\u00e9 \"a caf\u00e9\""), "\"ok\":true"); /* is there */
    assert_has(ask("prompts cafe\u0301"),
               "\"tag\":\"caf\u00e9\",\"count\":3,\"values\":[\"a caf\u00e9\",\"against=th\u00e9\",\"group=\u00e9\"]}");
    assert_has(ask("remove caf\u00e9 against=the\u0301"), "\"ok\":true");
    assert_has(ask("prompts caf\u00e9"), "\"values\":[\"a caf\u00e9\",\"group=\u00e9\"]}");
    assert_has(ask("remove cafe\u0301"), "\"ok\":true");
    assert_has(ask("prompts caf\u00e9"), "\"error\":\"none\"");
}

/* Two thresholds at once, wherever the old ones are. */
static void thresholds(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"0.3", "0.25"}, {"0.2", "0.1"}, {"0.9", "0.8"}, {"-0.5", "-0.5"}};
    char line[64], want[64];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        snprintf(line, sizeof line, "set cat off=%s on=%s", pairs[i][1], pairs[i][0]);
        assert_has(ask(line), "\"ok\":true");
        snprintf(want, sizeof want, "\"values\":[\"cat\",\"on=%s\",\"off=%s\"]", pairs[i][0], pairs[i][1]);
        assert_has(ask("prompts cat"), want);
    }
    assert_has(ask("remove cat on="), "\"message\":\"off without on: give both, or neither and they are learnt\"");
    assert_has(ask("remove cat on= off="), "\"ok\":true");
    assert_has(ask("set cat false_alarms=2"), "\"ok\":true");
}

/* An example is a file's name, which the file alone gives: a prompt that reads so stays a prompt. */
static void examples(void **state) {
    (void)state;
    fixture_close(&b);
    assert_int_equal(fixture_open(&b, "[tag cat]\nprompt = example=tom.jpg\nprompt = x\nexample = tom.jpg\n", NULL),
                     OCELLI_OK);
    assert_has(ask("prompts cat"), "\"values\":[\"prompt=example=tom.jpg\",\"x\",\"example=tom.jpg\"]}");
    static const char *const bad[] = {"add cat example=2.png", "set cat x example=2.png", "remove cat example=tom.jpg",
                                      "set bird example="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_has(ask(bad[i]), "\"error\":\"usage\",\"message\":\"examples are set in the board's file only: write "
                                "prompt=example=... for a prompt that reads so\"}");
    assert_has(ask("remove cat x"), "\"ok\":true");
    assert_has(ask("add cat smoth=0"),
               "\"message\":\"no key \\\"smoth\\\": write prompt=smoth=... for a prompt that reads so\"}");
    assert_has(ask("set cat x Smooth=\xc3\xbc"), "no key \\\"Smooth\\\"");
    assert_has(ask("add kite prompt=smoth=0 \"a = b\" =c \"a b=c\""), "\"ok\":true"); /* that is no slip */
    assert_has(ask("prompts kite"), "\"values\":[\"prompt=smoth=0\",\"a = b\",\"=c\",\"a b=c\"]}");
    assert_has(ask("remove kite smoth=0 =c"), "\"ok\":true"); /* as it was written, or as it is told */
    assert_has(ask("remove kite"), "\"ok\":true");
    assert_has(ask("set cat prompt=example=tom.jpg"), "\"ok\":true");
    assert_has(ask("prompts cat"), "\"values\":[\"prompt=example=tom.jpg\",\"example=tom.jpg\"]}");
    assert_has(ask("remove cat prompt=example=tom.jpg"), "\"ok\":true");
    assert_has(ask("prompts cat"), "\"values\":[\"example=tom.jpg\"]}"); /* which alone is meant */
    assert_has(ask("add cat \"a kitten\""), "\"ok\":true");
    assert_has(ask("prompts cat"), "\"values\":[\"a kitten\",\"example=tom.jpg\"]}");
}

/* At the limit what is there may be said again, and may go; more than that in the file is the file's own. */
static void most_texts(void **state) {
    (void)state;
    char line[64];
    for (int i = 0; i < SERVE_TEXTS_MOST; i++) {
        snprintf(line, sizeof line, "add bird \"number %d\"", i);
        assert_has(ask(line), "\"ok\":true");
    }
    uint64_t version = b.version;
    assert_has(ask("add bird more"), "\"error\":\"limit\",\"message\":\"a tag has at most 1024 texts of prompt\"}");
    assert_int_equal(b.version, version);
    assert_has(ask("add bird \"number 7\""), "\"ok\":true");
    assert_has(ask("add bird against=more"), "\"ok\":true");
    assert_has(ask("remove bird \"number 7\""), "\"ok\":true");
    assert_has(ask("add bird more"), "\"ok\":true");
    char *text = malloc(40 * (SERVE_TEXTS_MOST + 1)), *end = text + sprintf(text, "[tag bird]\n");
    for (int i = 0; i <= SERVE_TEXTS_MOST; i++) end += sprintf(end, "prompt = number %d\n", i);
    fixture_close(&b);
    assert_int_equal(fixture_open(&b, text, NULL), OCELLI_OK);
    free(text);
    assert_has(ask("add bird \"number 7\""), "\"ok\":true");
    assert_has(ask("add bird more"), "\"error\":\"limit\"");
    assert_has(ask("remove bird \"number 7\" \"number 8\""), "\"ok\":true");
    assert_has(ask("add bird more"), "\"ok\":true");
    assert_has(ask("set bird x"), "\"ok\":true");
    assert_has(ask("prompts bird"), "\"values\":[\"x\"]");
}

/* A client with a wrong request learns why. The daemon's log is not for that, and its paths are not for clients. */
static void reasons(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"set cat on=99", "on = \\\"99\\\": expected a number from -2 to 2"},
        {"set cat on=abc", "on = \\\"abc\\\": expected a number from -2 to 2"},
        {"set cat on=0.1 false_alarms=1", "false_alarms beside on in line 8: on is fixed or learnt, keep one"},
        {"set cat off=0.1", "off without on: give both, or neither and they are learnt"},
        {"set cat group=a group=b", "group again, it is \\\"a\\\" already: a tag is in one group"},
        {"add cat \"x #y\"", "';' or '#' after a blank: a comment needs a line of its own"},
        {"add ;c", "';' or '#' after a blank: a comment needs a line of its own"},
        {"set cat smooth=000000000000000000000000000000000", "a number is at most 32 bytes"},
    };
    char want[200];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(want, sizeof want, "\"message\":\"%s\"}", rows[i][1]);
        assert_has(ask(rows[i][0]), want);
    }
    assert_int_equal(heard.lines, 0);
}

/* Of a change that is refused nothing stays. */
static void refused_changes(void **state) {
    (void)state;
    char line[1100], before[sizeof ini], *text = line + 9;
    memcpy(before, b.text.bytes, b.text.size);
    static const char *const bad[] = {"set cat x on=2.5",   "set cat x on=y", "set cat x on=0.1 off=0.2",
                                      "set cat \"\"",       "set \"\" x",     "set cat \" x\"",
                                      "set cat group=",     "add cat on=1",   "set cat \"a ;b\"",
                                      "remove cat group=x", "set cat \"x",    "set cat x \"y\"z",
                                      "set cat x off=0.1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ask(bad[i]);
        if (!strstr(answer, "\"ok\":false")) print_error("%s: %s\n", bad[i], answer);
        assert_has(answer, "\"ok\":false");
    }
    assert_int_equal(b.version, 1);
    assert_int_equal(b.text.size, sizeof before - 1);
    assert_memory_equal(b.text.bytes, before, b.text.size);
    memset(line, 'p', sizeof line);
    memcpy(line, "set cat \"", 9);
    text[161] = '"', text[162] = 0;
    assert_has(ask(line), "\"error\":\"long\"");
    text[160] = '"', text[161] = 0;
    assert_has(ask(line), "\"ok\":true");
}

static void broken(void **state) {
    (void)state;
    char line[2000];
    assert_has(ask("nonsense"), "\"error\":\"verb\"");
    assert_has(ask("Tags"), "\"error\":\"verb\"");
    assert_has(ask("#1"), "{\"id\":\"1\",\"ok\":false,\"error\":\"verb\"");
    static const char *const ids[] = {"#",
                                      "# ping",
                                      "#a/b ping",
                                      "#\" ping",
                                      "##1 ping",
                                      "#\xc3\xa4 ping",
                                      "#012345678901234567890123456789012 ping"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_begins(ask(ids[i]), "{\"ok\":false,\"error\":\"id\"");
    assert_begins(ask("#01234567890123456789012345678901 ping"),
                  "{\"id\":\"01234567890123456789012345678901\",\"ok\":true");
    static const char *const torn[] = {
        "set cat \xc3", "\xff",      "set cat \xed\xa0\x80", "set \xc0\x80 x", "set cat \xf4\x90\x80\x80",
        "ping \x01",    "ping \x7f", "add a\xc2\x85",        "add \xc2\x80"};
    for (size_t i = 0; i < sizeof torn / sizeof torn[0]; i++) assert_has(ask(torn[i]), "\"error\":\"utf8\"");
    assert_has(ask_bytes("ping\0x", 6), "\"error\":\"utf8\"");
    memset(line, 'a', sizeof line);
    assert_has(ask_bytes(line, 1023), "\"error\":\"verb\"");
    assert_has(ask_bytes(line, 1024), "\"error\":\"long\"");
    for (size_t i = 1; i < sizeof line; i += 2) line[i] = ' ';
    assert_has(ask_bytes(line, 64), "\"error\":\"verb\"");
    assert_has(ask_bytes(line, 65), "\"error\":\"long\"");
    assert_has(ask("search a cat"), "\"error\":\"absent\"");
    assert_string_equal(ask("#2 tags terse x"), "#2 ERR usage");
}

/* As many hits as there can be, with names of all lengths, the newest picture first. */
static enum serve_code found_many(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                                  char message[SERVE_MESSAGE]) {
    static struct serve_hit hits[SERVE_HITS];
    static char names[SERVE_HITS][512];
    (void)user, (void)others, (void)message;
    assert_null(query->picture);
    if (strcmp(query->text, "a red truck")) {
        *found = (struct serve_found){hits, 0, (double)NAN};
        return SERVE_OK;
    }
    for (int i = 0; i < SERVE_HITS; i++) {
        memset(names[i], i == 3 ? '"' : 'x', i == 3 ? 511 : (size_t)(7 * i));
        hits[i] = (struct serve_hit){1795521600.7 - 60 * i, 0.3 - 0.01 * i, names[i]};
    }
    *found = (struct serve_found){hits, SERVE_HITS, 1795435200.2};
    return SERVE_OK;
}

static enum serve_code found_fault(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                                   char message[SERVE_MESSAGE]) {
    (void)user, (void)query, (void)others, (void)found;
    strcpy(message, "its log tells why");
    return SERVE_FAILED;
}

static void searching(void **state) {
    (void)state;
    table.search = found_many;
    assert_has(ask("search a red truck"),
               "\"since\":1795435200,\"hits\":[{\"time\":1795521600,\"score\":0.3,\"tags\":\"\"},"
               "{\"time\":1795521540,\"score\":0.29,\"tags\":\"xxxxxxx\"},");
    assert_has(answer, "{\"time\":1795521480,"); /* the one that fits no line is cut, not the answer */
    assert_has(answer, "],\"next\":");
    assert_has(ask("search \"a red truck\""), "\"time\":1795521600,");
    assert_has(ask("search nothing"), "\"since\":null,\"hits\":[]}");
    assert_has(ask("search"), "\"error\":\"usage\"");
    assert_has(ask("search \"\""), "\"error\":\"usage\"");
    assert_has(ask("search \" a\""), "\"error\":\"usage\"");
    assert_has(ask("search --like cat.jpg"), "\"error\":\"usage\",\"message\":\"a picture does not fit a line");
    char line[200] = "search ";
    memset(line + 7, 'a', 161);
    assert_has(ask_bytes(line, 7 + 161), "\"error\":\"long\"");
    assert_has(ask_bytes(line, 7 + 160), "\"hits\":[]}");
    client.proved = false;
    assert_has(ask("search a"), "\"error\":\"prove\"");
    assert_has(answer, "\"proof\":\"1a2b3c4d\"");
    client.proved = true;
    table.search = found_fault;
    assert_has(ask("search a"), "\"error\":\"failed\",\"message\":\"its log tells why\"");
}

/* A line that a serial line echoes, or that another daemon sent: an answer to it would be answered again. */
static void answers(void **state) {
    (void)state;
    char said[SERVE_LINE + 1];
    static const char *const requests[] = {"?", "tags terse x", "#1 ping", "#1 tags terse", "#x*0000", "watch terse"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int rounds = 0;
        ask(requests[i]);
        for (; *answer && rounds < 5; rounds++) {
            snprintf(said, sizeof said, "%s", answer);
            said[strcspn(said, "\n")] = 0;
            ask(said);
        }
        assert_true(rounds <= 2);
    }
    assert_has(ask("*0000"), "a checksum without a request");                   /* it is that of nothing */
    snprintf(said, sizeof said, "  #1 ping*%08x", serve_crc32("  #1 ping", 9)); /* over the blanks too */
    assert_has(ask(said), "\"id\":\"1\",\"ok\":true");
    char error[SERVE_LINE];
    snprintf(said, sizeof said, "#9 ping*%08x  ", serve_crc32("#9 ping", 7));
    size_t size = serve_line_error(&client, SERVE_BUSY, said, strlen(said), error);
    assert_int_equal(error[size - 10], '*'); /* with a checksum, as asked */
    assert_int_equal(serve_line_error(&client, SERVE_BUSY, "{\"ok\":false}", 12, error), 0);
    assert_int_equal(serve_line_error(&client, SERVE_BUSY, " \t", 2, error), 0);
    assert_has(ask("#1"), "an id without a request");
    assert_has(ask("*0000ffff"), "\"error\":\"crc\"");
    assert_has(ask("{ping"), "\"error\":\"verb\"");
}

static void help_and_status(void **state) {
    (void)state;
    assert_has(ask("help"),
               "\"help\":\"ping tags watch unwatch prompts add set remove replay pause search status help\"}");
    assert_has(ask("help set"), "\"help\":\"set NAME VALUE...: replaces");
    assert_has(ask("help x"), "\"error\":\"verb\"");
    assert_has(ask("status"),
               "\"model\":\"a test\",\"frames\":0,\"prompts_version\":1,\"camera\":\"none\",\"faults\":[]}");
}

/* Each line is whole JSON with as many faults as fit; the next pages have the others, whatever happens meanwhile. */
static void status_tells_faults(void **state) {
    (void)state;
    static char texts[12][300];
    static const char *all[12];
    static const char *const none[] = {"short", "a \"quoted\" é"};
    b.faults = none, b.fault_count = 2;
    assert_has(ask("status"), ",\"camera\":\"none\",\"faults\":[\"short\",\"a \\\"quoted\\\" é\"]}");
    for (int i = 0; i < 12; i++) {
        snprintf(texts[i], sizeof texts[i], "%02d ", i);
        while (strlen(texts[i]) < 298) strcat(texts[i], "é"); /* cut between characters, wherever that is */
        all[i] = texts[i];
    }
    b.faults = all, b.fault_count = 12;
    size_t next = 0, seen = 0;
    for (int pages = 0; pages < 12; pages++) {
        char request[32], from[16];
        snprintf(request, sizeof request, "status from %zu", next);
        ask(next ? request : "status");
        assert_has(answer, "\"model\":\"a test\",\"frames\":0,");
        assert_true(strlen(answer) < SERVE_LINE && answer[strlen(answer) - 1] == '}');
        for (const char *at = answer; (at = strstr(at, "éé...\"")); at++) seen++;
        snprintf(from, sizeof from, "\"%02zu ", next);
        assert_has(answer, from);
        b.fault_count = 1; /* what was told first stays */
        const char *more = strstr(answer, "],\"next\":");
        if (!more) break;
        next = strtoul(more + 9, NULL, 10);
    }
    assert_int_equal(seen, 12);
    b.faults = NULL, b.fault_count = 0;
}

static void watching(void **state) {
    (void)state;
    client.leased = true;
    assert_string_equal(push(), "");
    assert_has(ask("#9 watch"), "\"watch\":true,\"n\":0,\"heartbeat_s\":10,\"lease_s\":60}");
    see("cat", NULL);
    const char *pushed = push();
    assert_begins(pushed, "{\"id\":\"9\",\"push\":\"change\",\"n\":1,\"seq\":1,\"age_ms\":");
    assert_has(pushed, ",\"tag\":\"cat\",\"state\":\"on\",\"score\":1,");
    assert_string_equal(push(), "");
    now += 10001;
    assert_begins(push(), "{\"id\":\"9\",\"push\":\"alive\",\"n\":1,\"seq\":1,");
    assert_string_equal(push(), "");
    assert_has(ask("#9 watch"), "\"n\":1,");
    assert_has(ask("#t watch terse"), "#t WATCH 1 10");
    double deferred = now;
    see("an open door", NULL);
    now = deferred;
    assert_begins(push(), "#t OFF 2 2 ");
    assert_begins(push(), "#t ON 3 2 ");
    assert_has(answer, " an_open_door:1.00");
    for (int i = 0; i < 12; i++) see(i % 2 ? "cat" : "a dog", NULL);
    now = deferred;
    uint64_t pushes = 0;
    while (*push()) pushes++;
    assert_true(pushes == SERVE_EVENTS && client.watch.seen == c.events.count); /* the older ones are a gap of n */
    now += 60001;
    assert_string_equal(push(), ""); /* the lease is over */
    assert_false(client.watch.on);
    ask("watch");
    assert_has(ask("unwatch"), "\"watch\":false}");
    assert_string_equal(push(), "");
}

/* Of a policy, whose names are as long as a line of its file lets them be; then short, terse. */
static void policies_pushed(void **state) {
    char name[SERVE_NAME_CAPACITY];
    struct tagger_event event = {
        .policy = name,
        .action = "blur",
        .verdict = "drop",
        .state = TAGGER_ON,
        .why = {.score = 0.75f, .margin = 0.25f, .on = 0.125f, .runner_up = name, .threshold = TAGGER_FIXED},
        .sequence = 7,
        .time_ms = (int64_t)now};
    (void)state;
    client.leased = true;
    memset(name, '"', sizeof name - 1), name[sizeof name - 1] = '\0';
    ask("#9 watch");
    serve_events_add(&c.events, &event);
    assert_has(push(), "\"action\":\"blur\",\"state\":\"on\",\"score\":0.75,\"margin\":0.25,");
    assert_has(answer, "\"verdict\":\"drop\",\"version\":0}");
    assert_null(strstr(answer, "\"tag\""));
    strcpy(name, "a gun");
    ask("#t watch terse");
    serve_events_add(&c.events, &event);
    event.state = TAGGER_OFF;
    serve_events_add(&c.events, &event);
    assert_begins(push(), "#t FOUND 2 7 ");
    assert_has(answer, " a_gun:0.75");
    assert_begins(push(), "#t OVER 3 7 ");
}

/* Each byte in an id, each length of one: echoed, or said to be none. */
static void ids(void **state) {
    (void)state;
    char line[80], want[80];
    for (int byte = 1; byte < 256; byte++) {
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') continue;
        bool good = byte < 128 && (isalnum(byte) || strchr("._:-", byte));
        snprintf(line, sizeof line, "#a%cz ping", byte);
        snprintf(want, sizeof want, "{\"id\":\"a%cz\",\"ok\":true", byte);
        assert_begins(ask(line), good ? want : "{\"ok\":false,\"error\":\"");
    }
    for (int length = 0; length < 60; length++) {
        snprintf(line, sizeof line, "#%.*s ping", length,
                 "0123456789012345678901234567890123456789012345678901234567890");
        assert_has(ask(line), length >= 1 && length <= 32 ? "\"ok\":true" : "\"error\":\"id\"");
    }
}

/* Letters of 2, 3 and 4 bytes, cut at each byte from either end, and with any byte in place of each. */
static void torn_letters(void **state) {
    (void)state;
    static const char *const letters[] = {"\xc3\xa4", "\xe6\xbc\xa2", "\xf0\x9f\x90\x88"};
    char line[80];
    for (int i = 0; i < 3; i++) {
        size_t size = strlen(letters[i]);
        snprintf(line, sizeof line, "prompts %s", letters[i]);
        assert_has(ask(line), "\"error\":\"none\"");
        for (size_t cut = 1; cut < size; cut++) {
            snprintf(line, sizeof line, "prompts %.*s", (int)cut, letters[i]);
            assert_has(ask(line), "\"error\":\"utf8\"");
            snprintf(line, sizeof line, "set cat x%sx", letters[i] + cut);
            assert_has(ask(line), "\"error\":\"utf8\"");
        }
        for (size_t at = 0; at < size; at++)
            for (int byte = 1; byte < 256; byte++) {
                snprintf(line, sizeof line, "prompts x%sx", letters[i]);
                line[9 + at] = (char)byte;
                if (byte != '\n' && byte != '\r') assert_has(ask(line), "\"ok\":false");
            }
    }
    assert_int_equal(b.version, 1);
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(ping, setup, teardown),
        cmocka_unit_test_setup_teardown(ping_always_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(tags, setup, teardown),
        cmocka_unit_test_setup_teardown(pages, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_of_one_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(terse_pages_of_one_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_end, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(denied, setup, teardown),
        cmocka_unit_test_setup_teardown(checksums, setup, teardown),
        cmocka_unit_test_setup_teardown(ids, setup, teardown),
        cmocka_unit_test_setup_teardown(torn_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(proof, setup, teardown),
        cmocka_unit_test_setup_teardown(prompts, setup, teardown),
        cmocka_unit_test_setup_teardown(composed, setup, teardown),
        cmocka_unit_test_setup_teardown(thresholds, setup, teardown),
        cmocka_unit_test_setup_teardown(examples, setup, teardown),
        cmocka_unit_test_setup_teardown(most_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(reasons, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(broken, setup, teardown),
        cmocka_unit_test_setup_teardown(searching, setup, teardown),
        cmocka_unit_test_setup_teardown(answers, setup, teardown),
        cmocka_unit_test_setup_teardown(help_and_status, setup, teardown),
        cmocka_unit_test_setup_teardown(status_tells_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(watching, setup, teardown),
        cmocka_unit_test_setup_teardown(policies_pushed, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
