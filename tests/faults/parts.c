/* SPDX-License-Identifier: Apache-2.0
 * The n-th allocation fails, for every n, in what runs without a device: tags, requests and changes, what was learnt,
 * the daemon's file, the history. Nothing crashes and nothing leaks (AddressSanitizer), and what stands afterwards
 * answers as before.
 */
#include "faults/each.h"
#include "base/ini_edit.h"
#include "daemon/config.h"
#include "policy/policy_judge.h"
#include "serve/line.h"
#include "serve/serve.h"
#include "serve/service_fixture.h"

/* ---- tags, requests, changes, what was learnt ---- */

static const char tags[] =
    "template = a photo of a {}.\n[tag cat]\nprompt = a cat\nprompt = a kitten\ngroup = pets\n[tag dog]\n"
    "prompt = a dog\ngroup = pets\n[tag car]\nprompt = a car\nagainst = a bus\nagainst = a van\non = 0.2\n";

static void use_service(struct service_fixture *fixture) {
    static const char *const asked[] = {"ping",
                                        "tags",
                                        "tags terse",
                                        "prompts",
                                        "prompts from=1",
                                        "watch",
                                        "status",
                                        "help",
                                        "add bird \"a bird\" \"a small bird\"",
                                        "set cat on=0.3 off=0.1",
                                        "set dog \"a big dog\"",
                                        "remove bird",
                                        "tags",
                                        "prompts"};
    struct serve_callbacks table = fixture_table(fixture);
    struct serve_context c = {.callbacks = &table};
    struct serve_client client = {.may_change = true, .proved = true, .capacity = SERVE_LINE};
    char answer[SERVE_LINE];
    uint8_t *bytes = NULL;
    size_t size = 0, taken;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const struct tagger_event *events;
        size_t count = fixture_see(fixture, (const char *[]){i % 2 ? "a cat" : "a car", NULL}, &events);
        for (size_t k = 0; k < count; k++) serve_events_add(&c.events, &events[k]);
        size_t got = serve_line(&c, &client, clock_ms(), asked[i], strlen(asked[i]), answer);
        assert_true(got > 0 && got <= SERVE_LINE && answer[got - 1] == '\n');
    }
    if (!tagger_save(fixture->tagger, &bytes, &size)) tagger_restore(fixture->tagger, bytes, size, "learnt", &taken);
    free(bytes);
    calls_left = 0; /* memory is there again: all is as it should be */
    size_t got = serve_line(&c, &client, clock_ms(), "tags", 4, answer);
    assert_true(got > 12 && !memcmp(answer, "{\"ok\":true,", 11));
    serve_pages_finish(&c.pages);
}

static void run_service(void) {
    static struct service_fixture b;
    if (!fixture_open(&b, tags, NULL)) use_service(&b);
    fixture_close(&b);
}

/* ---- the daemon's file ---- */

static void run_config(void) {
    static const char ini[] =
        "[run]\nmodel = m.gguf\nstate = s\non_change = true\n[source]\nuri = files:seen\n[serve]\nudp = 5690\n"
        "psk = keys\n[memory]\nfile = h.db\n[templates]\ntemplate = {}\n[defaults]\non = 0.1\n[tag cafe\xcc\x81]\n"
        "prompt = a cafe\xcc\x81\nexample = a.png\n[tag b]\nagainst = c\n";
    struct daemon_config c;
    if (!config_parse(&c, ini, sizeof ini - 1, "folder/ocelli.ini")) config_finish(&c);
}

/* ---- policies ---- */

static const char policies[] =
    "template = {}\n[policy cafe\xcc\x81]\nprompt = a\nprompt = b\nagainst = c\nfalse_alarms = 1%\n"
    "[policy d]\nprompt = e\ntemplate = a {}\nthreshold = 0.1\n[abstain]\nthreshold = 0\n";

/* Each text along the first axis. */
static int along(void *user, const char *const *texts, size_t count, float *out) {
    (void)user, (void)texts;
    memset(out, 0, 4 * count * sizeof *out);
    for (size_t i = 0; i < count; i++) out[4 * i] = 1;
    return OCELLI_OK;
}

static void judge(const struct policy_file *file) {
    const struct policy_model model = {.texts = along, .size = 4, .logit_scale = 1, .key = "m"};
    struct policy_judge *j;
    struct policy_finding findings[2];
    struct policy_verdict verdict;
    if (policy_judge_create(&j, file, &model)) return;
    policy_judge_see(j, (const float[]){1, 0, 0, 0}, findings, &verdict);
    assert_true(!findings[0].found && findings[0].margin == 0 && verdict.outcome == POLICY_UNLIKE);
    policy_judge_destroy(&j);
}

static void run_policies(void) {
    static const char *const value = "0.5";
    const struct ini_text text = {(char *)policies, sizeof policies - 1, "policies.ini"};
    struct ini_text edited;
    struct policy_file file;
    if (policy_file_parse(&file, policies, sizeof policies - 1, "policies.ini", NULL)) return;
    judge(&file);
    policy_file_finish(&file);
    if (!ini_edit_set(&text, (struct ini_name){"policy", "d"}, &(struct ini_lines){"threshold", &value, 1}, 1, &edited))
        free(edited.bytes);
}

static void test_policies(void **state) {
    (void)state;
    each("policies", run_policies);
}

static void test_service(void **state) {
    (void)state;
    each("service", run_service);
}

static void test_config(void **state) {
    (void)state;
    each("config", run_config);
}

static void quiet(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level, (void)message;
}

static int begin(void **state) {
    (void)state;
    ocelli_set_log(quiet, NULL);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_service, begin),
        cmocka_unit_test_setup(test_config, begin),
        cmocka_unit_test_setup(test_policies, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
