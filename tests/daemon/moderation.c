/* SPDX-License-Identifier: Apache-2.0
 * Policies in the daemon's inference thread, and their states over time: the demo model, a folder of pictures. */
#include "run_daemon.h"
#include "daemon/moderation.h"
#include "support/gpu.h"

static char *folder;

static const char policy_text[] = "template = a photo of a {}.\n"
                                  "[policy no cats]\nprompt = cat\naction = drop\nthreshold = 0.05\n"
                                  "[policy pizza]\nprompt = pizza\naction = blur\nthreshold = 0.05\n"
                                  "[policy sea]\nprompt = sailboat\nthreshold = 0.05\n";

static int with_policies(void **state) {
    folder = checkpoint_folder();
    checkpoint_put(folder, "policies.ini", policy_text, sizeof policy_text - 1);
    policies = checkpoint_path(folder, "policies.ini");
    int failed = setup(state);
    policies = NULL;
    return failed;
}

static int without(void **state) {
    int failed = teardown(state);
    checkpoint_remove(folder);
    return failed;
}

static struct daemon_event *expect_policy(bool found, const char *policy, const char *action, const char *verdict) {
    struct daemon_event *e = next();
    while (*e->tag) e = next();
    assert_string_equal(e->policy, policy);
    assert_string_equal(e->tag, "");
    assert_int_equal(e->state, found ? TAGGER_ON : TAGGER_OFF);
    assert_string_equal(e->action, action);
    assert_string_equal(e->verdict, verdict);
    return e;
}

static bool frame(bool *blurred) {
    struct frame f;
    uint8_t *bytes;
    bool there = inference_frame(&inference, &f, &bytes, blurred);
    free(bytes);
    return there;
}

/* The picture of the frame is kept when its events are out; it may take a moment more. */
static bool frame_settled(bool *blurred) {
    double until = clock_ms() + 20000;
    while (!inference_idle(&inference) && clock_ms() < until) usleep(1000);
    return frame(blurred);
}

/* Policies first, then the tags of the picture with its verdict; what must not be shown is not. */
static void judges(void **state) {
    bool blurred = true;
    (void)state;
    assert_false(frame(&blurred));
    show("sailboat");
    struct daemon_event *e = expect_policy(true, "sea", "flag", "flag");
    assert_non_null(strstr(e->json, "{\"event\":\"moderation\",\"policy\":\"sea\",\"found\":true,\"action\":\"flag\""));
    assert_non_null(strstr(e->json, "\"verdict\":\"flag\""));
    assert_true(e->why.margin >= 0.05f && e->why.score > 0.5f && e->frame == 0);
    assert_true(frame_settled(&blurred) && !blurred);
    e = next(); /* of the two tags it is rather this one */
    assert_string_equal(e->tag, "pizza");
    assert_string_equal(e->verdict, "flag");
    show("pizza");
    expect_policy(true, "pizza", "blur", "blur");
    assert_true(frame_settled(&blurred) && blurred);
    show("cat");
    expect_policy(true, "no cats", "drop", "drop");
    assert_false(frame_settled(&blurred));
    struct daemon_moderation m = status().moderation;
    assert_true(m.policies == 3 && m.policies_on >= 1 && m.found == 3 && m.dropped == 1 && m.abstained == 0);
    assert_string_equal(m.verdict, "drop");
}

static void no_moderation(void **state) {
    (void)state;
    show("cat");
    struct daemon_event *e = next();
    assert_null(e->verdict);
    assert_null(strstr(e->json, "verdict"));
    assert_int_equal(status().moderation.policies, 0);
}

/* ---- over time ---- */

static void embed(struct ocelli *model, const char *name, float *vector) {
    struct ocelli_image image;
    assert_int_equal(ocelli_image_load(&image, demo_picture(name)), OCELLI_OK);
    assert_int_equal(ocelli_embed_images(model, &image, 1, vector), OCELLI_OK);
    ocelli_image_free(&image);
}

static size_t step(struct moderation *m, const float *vector, int64_t ms, const struct moderation_change **changes) {
    size_t count;
    moderation_step(m, vector, ms, changes, &count);
    return count;
}

/* A policy begins with the first picture, and is over when it was not found for a while. */
static void hold(void **state) {
    struct moderation *m;
    struct ocelli *model = NULL;
    const struct moderation_change *c;
    (void)state;
    folder = checkpoint_folder();
    checkpoint_put(folder, "policies.ini", policy_text, sizeof policy_text - 1);
    assert_int_equal(moderation_open(&m, checkpoint_path(folder, "policies.ini")), OCELLI_OK);
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = demo_blob}), OCELLI_OK);
    assert_int_equal(moderation_prepare(m, model), OCELLI_OK);
    struct ocelli_info info;
    ocelli_get_info(model, &info);
    float *cat = calloc(2 * info.embedding_size, sizeof *cat), *other = cat + info.embedding_size;
    assert_non_null(cat);
    embed(model, "cat", cat);
    embed(model, "umbrella-and-duck", other);
    assert_int_equal(step(m, other, 0, &c), 0);
    assert_int_equal(step(m, cat, 1000, &c), 1);
    assert_true(c[0].on && !strcmp(c[0].policy->name, "no cats"));
    assert_int_equal(step(m, other, 1500, &c), 0);
    assert_int_equal(step(m, cat, 2000, &c), 0);
    assert_int_equal(step(m, other, 2000 + MODERATION_HOLD_MS - 1, &c), 0);
    assert_int_equal(step(m, other, 2000 + MODERATION_HOLD_MS, &c), 1);
    assert_true(!c[0].on && !strcmp(c[0].policy->name, "no cats"));
    free(cat);
    ocelli_close(&model);
    moderation_close(&m);
    checkpoint_remove(folder);
}

/* It does not start with thresholds that are missing, or no file. */
static void refuses(void **state) {
    static const char text[] = "[policy a]\nprompt = x\nfalse_alarms = 1%\n";
    struct moderation *m;
    (void)state;
    listen();
    folder = checkpoint_folder();
    checkpoint_put(folder, "policies.ini", text, sizeof text - 1);
    assert_int_equal(moderation_open(&m, checkpoint_path(folder, "policies.ini")), OCELLI_ERR_FILE);
    assert_true(!m && heard.lines == 1 && heard_has("has learnt no threshold yet"));
    assert_int_equal(moderation_open(&m, "none.ini"), OCELLI_ERR_FILE);
    assert_null(m);
    assert_int_equal(moderation_open(&m, NULL), OCELLI_OK);
    assert_null(m);
    checkpoint_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(judges, with_policies, without),
                                       TEST(no_moderation), cmocka_unit_test(hold), cmocka_unit_test(refuses),
                                       cmocka_unit_test(gpu_test_silent)};
    return cmocka_run_group_tests(tests, demo_setup, demo_teardown);
}
