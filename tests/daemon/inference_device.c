/* SPDX-License-Identifier: Apache-2.0
 * A model file that changes under the daemon, and a device that is lost meanwhile: what was opened goes on or nothing
 * does, and one line tells. The device is the real one behind the layer of e2e/tools/lost_layer.c. */
#include "daemon/inference.h"
#include "base/sha256.h"
#include "blob/blob.h"
#include "run_daemon.h"
#include "support/heard.h"
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

static char lose[1024], *kept, *other; /* the layer's file; the demo model; a model that is narrower */

static void put_model(const char *bytes, size_t size, const char *name) {
    checkpoint_put(demo_folder, name, bytes, size);
}

/* The bytes of a file, `size` of them. */
static char *get(const char *path, size_t *size) {
    return checkpoint_get(path, size);
}

static void over(const char *bytes, size_t size) {
    FILE *f = fopen(demo_blob, "wb"); /* the same inode, as `cp` and `>` write it */
    assert_true(f && fwrite(bytes, 1, size, f) == size && !fclose(f));
}

/* The device is lost at the next picture, whose number is `shown`. */
static void lose_with(const char *picture) {
    close(creat(lose, 0666));
    show(picture);
}

static void edit(const char *tags) {
    struct daemon_config next;
    parse(&next, tags);
    struct vectors *v = vectors_of(&next);
    inference_tags(&inference, &v);
    config_finish(&next);
    double until = clock_ms() + 20000;
    while (!inference_idle(&inference) && clock_ms() < until) usleep(1000);
    assert_true(inference_idle(&inference));
}

static void wait_line(const char *words) {
    double until = clock_ms() + 20000;
    while (!heard_has(words) && clock_ms() < until) usleep(1000);
    if (!heard_has(words)) fail_msg("'%s' does not say '%s'", heard.text, words);
}

/* A file that came in the place of the model's: who has the old one open keeps it. */
static void test_replaced(void **state) {
    (void)state;
    size_t size;
    char *good = get(demo_blob, &size), *bad = get(other, &size), aside[1024];
    uint32_t width = inference.size;
    put_model(bad, size, "aside.gguf");
    snprintf(aside, sizeof aside, "%s", checkpoint_path(demo_folder, "aside.gguf"));
    show("cat");
    expect(TAGGER_ON, "cat", false);
    assert_int_equal(rename(aside, demo_blob), 0);
    lose_with("pizza");
    expect(TAGGER_OFF, "cat", false);
    expect(TAGGER_ON, "pizza", false);
    struct daemon_status s = status();
    assert_true(s.counts[METER_LOST] == 1 && s.device_open && inference.size == width &&
                !strcmp(s.model, "checkpoint"));
    assert_non_null(strstr(heard.text, "another file has its name now"));
    edit("[tag sailboat]\ngroup = things\n");
    assert_int_equal(status().counts[METER_EDITS], 1);
    expect(TAGGER_OFF, "pizza", true);
    free(good), free(bad);
}

/* Written over: nothing of it is used, and with the old bytes back it goes on. */
static void test_written_over(void **state) {
    (void)state;
    size_t size, bad_size;
    char *good = get(demo_blob, &size), *bad = get(other, &bad_size);
    show("cat");
    expect(TAGGER_ON, "cat", false);
    over(bad, bad_size);
    heard.lines = 0;
    lose_with("pizza");
    wait_line("changed while in use");
    assert_false(status().device_open);
    assert_int_equal(meter_get(&meter, METER_PICTURES), 1);
    over(good, size);
    expect(TAGGER_OFF, "cat", false);
    expect(TAGGER_ON, "pizza", false);
    assert_true(status().device_open);
    free(good), free(bad);
}

/* An edit needs the text tower, whose weights are read again: shorter, or others, they are refused; the old prompts
 * stay. */
static void refuses_edit(const char *bytes, size_t size) {
    size_t good_size;
    char *good = get(demo_blob, &good_size);
    over(bytes, size);
    heard.lines = 0;
    edit("[tag sailboat]\ngroup = things\n");
    struct daemon_status s = status();
    assert_int_equal(s.counts[METER_REFUSED], 1);
    assert_int_equal(s.counts[METER_EDITS], 0);
    assert_true(s.tags == 2 && heard.lines == 1);
    wait_line("changed while in use");
    show("cat");
    expect(TAGGER_ON, "cat", false);
    over(good, good_size);
    edit("[tag sailboat]\ngroup = things\n[tag cat]\ngroup = things\n");
    assert_int_equal(status().counts[METER_EDITS], 1);
    free(good);
}

static void test_shorter(void **state) {
    (void)state;
    refuses_edit("short", 5);
}

static void test_other_bytes(void **state) {
    (void)state;
    size_t size;
    char *bytes = get(demo_blob, &size);
    for (size_t i = size / 2; i < size - 65536; i++) bytes[i] ^= 1;
    refuses_edit(bytes, size);
    free(bytes);
}

/* A model that is wider comes in the place of a narrow one, renamed: no room is kept that is too small for it. */
static void test_wider(void **state) {
    (void)state;
    uint32_t width = inference.size;
    show("cat");
    wait_pictures(1);
    size_t size;
    char *wide = get(kept, &size), aside[1024];
    put_model(wide, size, "aside.gguf");
    snprintf(aside, sizeof aside, "%s", checkpoint_path(demo_folder, "aside.gguf"));
    assert_int_equal(rename(aside, demo_blob), 0);
    lose_with("pizza");
    wait_pictures(2);
    assert_true(width == inference.size && status().device_open);
    wait_line("another file has its name now");
    free(wide);
}

/* What a device that computes wrongly looks like: the vectors that it is judged by are others. */
static void test_misses(void **state) {
    (void)state;
    size_t size;
    struct inference b;
    struct blob *blob;
    uint8_t *bytes = (uint8_t *)get(kept, &size);
    assert_int_equal(blob_open(&blob, kept, true), OCELLI_OK);
    const struct gguf *g = blob_gguf(blob);
    const struct gguf_tensor *t = gguf_tensor(g, "selftest.image_embd"), *last = &g->tensors[g->tensor_count - 1];
    uint8_t *data = bytes + g->header_size, *rows = data + last->offset;
    for (uint64_t i = 3; i < t->size; i += sizeof(float)) data[t->offset + i] ^= 0x80; /* the signs */
    sha256(data + t->offset, t[1].offset - t->offset, rows + (size_t)(1 + (t - g->tensors)) * SHA256_SIZE);
    blob_close(&blob);
    over((char *)bytes, size);
    listen();
    assert_int_equal(
        inference_open(&b, &(struct ocelli_params){.model = demo_blob, .kind = OCELLI_KIND_F16W}, &meter, &events),
        OCELLI_OK);
    struct daemon_config c;
    seen = demo_folder;
    parse(&c, "[tag cat]\n");
    struct vectors *v = vectors_of(&c);
    assert_int_equal(inference_prepare(&b, &v), OCELLI_ERR_WRONG);
    assert_false(b.prepared);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, "self-test cosine -0.9")) fail_msg("%s", heard.text);
    inference_finish(&b);
    config_finish(&c);
    free(bytes);
}

/* By the converter: its parts and the daemon's are not to be linked into one program. */
static int make_other(void **state) {
    char *folder, command[4096];
    if (demo_setup(state)) return 1;
    folder = checkpoint_folder();
    checkpoint_write("minimal", folder, &(struct checkpoint_form){0});
    other = strdup(checkpoint_path(demo_folder, "other.gguf"));
    snprintf(lose, sizeof lose, "%s/lose", demo_folder);
    setenv("LOST_FILE", lose, 1);
    snprintf(command, sizeof command, "'%s/ocelli-convert' '%s' -o '%s' >/dev/null", getenv("OCELLI_BUILD"), folder,
             other);
    int status = system(command);
    checkpoint_remove(folder);
    kept = strdup(checkpoint_path(demo_folder, "kept.gguf"));
    return status || rename(demo_blob, kept);
}

static int remove_other(void **state) {
    free(other), free(kept);
    return demo_teardown(state);
}

/* Each test has a model file of its own. */
static int fresh(const char *from) {
    size_t size;
    char *bytes = get(from, &size);
    unlink(demo_blob);
    put_model(bytes, size, "demo.gguf");
    free(bytes);
    return 0;
}

static int begin(void **state) {
    return fresh(kept) || setup(state);
}

static int begin_narrow(void **state) {
    return fresh(other) || setup(state);
}

static int begin_alone(void **state) {
    (void)state;
    return fresh(kept);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, teardown)

int main(void) {
    char layers[1024];
    snprintf(layers, sizeof layers, "%s/tests", getenv("OCELLI_BUILD"));
    setenv("VK_LAYER_PATH", layers, 1); /* hides the validation layer */
    setenv("VK_INSTANCE_LAYERS", "VK_LAYER_OCELLI_lost", 1);
    unsetenv("OCELLI_VALIDATE");
    const struct CMUnitTest tests[] = {TEST(test_replaced),
                                       TEST(test_written_over),
                                       TEST(test_shorter),
                                       TEST(test_other_bytes),
                                       cmocka_unit_test_setup_teardown(test_wider, begin_narrow, teardown),
                                       cmocka_unit_test_setup(test_misses, begin_alone)};
    return cmocka_run_group_tests(tests, make_other, remove_other);
}
