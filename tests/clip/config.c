/* SPDX-License-Identifier: Apache-2.0
 * The sizes a blob states: a real one, then one value wrong at a time. A blob's digest says that it is as
 * it was written, not that the writer meant well. */
#include "clip/config.h"
#include "convert/convert.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *bytes;
static size_t size;

static int setup(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    const char *path = checkpoint_path(folder, "x.gguf");
    struct convert_result result;
    checkpoint_write("quick", folder, &(struct checkpoint_form){0});
    assert_int_equal(convert(&(struct convert_params){.checkpoint = folder, .out = path, .name = "quick"}, &result),
                     OCELLI_OK);
    bytes = (uint8_t *)checkpoint_get(path, &size);
    checkpoint_remove(folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ocelli_set_log(NULL, NULL);
    free(bytes);
    return 0;
}

static int read_config(struct clip_config *config) {
    struct blob *blob;
    listen();
    assert_int_equal(blob_parse(&blob, bytes, size, "x.gguf", false), OCELLI_OK);
    int status = clip_config_read(config, blob);
    blob_close(&blob);
    return status;
}

static void good(void **state) {
    (void)state;
    struct clip_config c;
    assert_int_equal(read_config(&c), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(c.image_size, 32);
    assert_int_equal(c.image.tokens, 17);
    assert_int_equal(c.text.tokens, 77);
    assert_int_equal(c.embedding, 48);
    assert_int_equal(c.end_id, 537);
    assert_false(c.sigmoid);
}

/* The bytes of the file behind KEY: a type of 4 bytes, then a number; of a string a length of 8 bytes before its
 * letters; of an array its type and count, 12 bytes, before its numbers. */
enum { TYPE = 0, NUMBER = 4, LETTERS = 12, ELEMENTS = 16 };
#define NAN_BITS "\0\0\300\177"

static const struct fault {
    const char *key;
    int at; /* behind the key; negative: in it */
    const char *to;
    size_t length;
    int status;
    const char *says;
} faults[] = {
    {"general.architecture", LETTERS, "bert", 4, OCELLI_ERR_FILE, "architecture 'bert'"},
    {"ocelli.version", NUMBER, "\3", 1, OCELLI_ERR_FILE, "blob version 3"},
    {"ocelli.version", TYPE, "\5", 1, OCELLI_ERR_FILE, "ocelli.version is i32, expected u32"},
    {"ocelli.version", -1, "N", 1, OCELLI_ERR_FILE, "ocelli.version is missing"},
    {"clip.vision.embedding_length", NUMBER, "\0", 1, OCELLI_ERR_FILE, "clip.vision.embedding_length is 0"},
    {"clip.vision.embedding_length", NUMBER, "\1\20", 2, OCELLI_ERR_LIMIT, "clip.vision.embedding_length is 4097"},
    {"clip.vision.embedding_length", NUMBER, "\77", 1, OCELLI_ERR_FILE, "width 63 is not a multiple of 2 heads"},
    {"clip.vision.embedding_length", NUMBER, "\374\17", 2, OCELLI_ERR_LIMIT, "head width 2046"},
    {"clip.vision.embedding_length", NUMBER, "\102", 1, OCELLI_ERR_LIMIT, "head width 33"},
    {"clip.text.embedding_length", NUMBER, "\377\377\377\377", 4, OCELLI_ERR_LIMIT, "clip.text.embedding_length"},
    {"clip.text.feed_forward_length", NUMBER, "\1\100", 2, OCELLI_ERR_LIMIT, "clip.text.feed_forward_length is 16385"},
    {"clip.text.block_count", NUMBER, "\101", 1, OCELLI_ERR_LIMIT, "clip.text.block_count is 65"},
    {"clip.text.attention.head_count", NUMBER, "\0", 1, OCELLI_ERR_FILE, "clip.text.attention.head_count is 0"},
    {"clip.text.attention.layer_norm_epsilon", NUMBER, "\0\0\0\0", 4, OCELLI_ERR_FILE, "layer_norm_epsilon is 0"},
    {"clip.text.attention.layer_norm_epsilon", NUMBER, NAN_BITS, 4, OCELLI_ERR_FILE, "layer_norm_epsilon is nan"},
    {"clip.vision.image_size", NUMBER, "\1\4", 2, OCELLI_ERR_LIMIT, "clip.vision.image_size is 1025"},
    {"clip.vision.image_size", NUMBER, "\0\4", 2, OCELLI_ERR_LIMIT, "16385 tokens a picture"},
    {"clip.vision.patch_size", NUMBER, "\0", 1, OCELLI_ERR_FILE, "clip.vision.patch_size is 0"},
    {"clip.vision.patch_size", NUMBER, "\11", 1, OCELLI_ERR_FILE, "image size 32 is not a multiple of patch size 9"},
    {"clip.vision.projection_dim", NUMBER, "\57", 1, OCELLI_ERR_FILE, "the towers project to 47 and 48 numbers"},
    {"clip.vision.image_mean", ELEMENTS, NAN_BITS, 4, OCELLI_ERR_FILE, "image_mean or image_std is not usable"},
    {"clip.vision.image_std", ELEMENTS + 4, "\0\0\0\0", 4, OCELLI_ERR_FILE, "image_mean or image_std is not usable"},
    {"clip.vision.image_std", ELEMENTS + 8, NAN_BITS, 4, OCELLI_ERR_FILE, "image_mean or image_std is not usable"},
    {"clip.vision.image_std", NUMBER, "\4", 1, OCELLI_ERR_FILE, "clip.vision.image_std is not 3 f32"},
    {"clip.text.context_length", NUMBER, "\1", 1, OCELLI_ERR_FILE, "clip.text.context_length is 1"},
    {"clip.text.context_length", NUMBER, "\0\0\1", 3, OCELLI_ERR_LIMIT, "clip.text.context_length"},
    {"clip.text.vocab_size", NUMBER, "\0\0\0\1", 4, OCELLI_ERR_LIMIT, "clip.text.vocab_size"},
    {"ocelli.vision.activation", LETTERS, "slick", 5, OCELLI_ERR_FILE, "ocelli.vision.activation is 'slick_gelu'"},
    {"ocelli.vision.resize", LETTERS, "prop", 4, OCELLI_ERR_FILE, "ocelli.vision.resize is 'prop'"},
    {"ocelli.vision.filter", LETTERS, "bi", 2, OCELLI_OK, ""}, /* as it was: the table finds its places */
    {"ocelli.vision.filter", LETTERS, "tri", 3, OCELLI_ERR_FILE, "ocelli.vision.filter is 'tri"},
    {"ocelli.score", LETTERS, "hard", 4, OCELLI_ERR_FILE, "ocelli.score is 'hardmax'"},
    {"ocelli.logit_scale", NUMBER, NAN_BITS, 4, OCELLI_ERR_FILE, "logit_scale nan"},
    {"ocelli.logit_scale", NUMBER, "\0\0\200\277", 4, OCELLI_ERR_FILE, "logit_scale -1"},
    {"ocelli.vision.float_inputs.qkv", NUMBER, "\1", 1, OCELLI_ERR_FILE, "float_inputs.qkv is not a list of 2 bools"},
    {"ocelli.text.float_inputs.ends", NUMBER, "\1", 1, OCELLI_ERR_FILE, "float_inputs.ends is not a list of 2 bools"},
    {"ocelli.logit_bias", NUMBER, NAN_BITS, 4, OCELLI_ERR_FILE, "logit_bias nan"},
};

/* The key as the file has it: behind its length, so that no other key's end is taken for it. */
static uint8_t *find(const char *key) {
    size_t length = strlen(key);
    for (uint8_t *p = bytes; (p = memmem(p, size - (size_t)(p - bytes), key, length)); p++)
        if (p[-8] == length && p[-7] == 0) return p + length;
    fail_msg("%s is not in the blob", key);
    return NULL;
}

static void wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct fault *f = &faults[i];
        uint8_t *place = find(f->key) + f->at, kept[8];
        struct clip_config config;
        memcpy(kept, place, f->length);
        memcpy(place, f->to, f->length);
        int status = read_config(&config);
        memcpy(place, kept, f->length);
        if (status != f->status || heard.lines != (f->status ? 1 : 0) || !strstr(heard.text, f->says))
            fail_msg("%s: status %d, %d lines, expected '%s', said: %s", f->key, status, heard.lines, f->says,
                     heard.text);
        if (status) assert_int_equal(strncmp(heard.text, "x.gguf: ", 8), 0);
    }
    struct clip_config config;
    assert_int_equal(read_config(&config), OCELLI_OK);
}

/* Each mark alone is the one of its product. */
static void marks(void **state) {
    (void)state;
    struct clip_config c;
    uint8_t *vision = find("ocelli.vision.float_inputs.ends") + ELEMENTS;
    uint8_t *text = find("ocelli.text.float_inputs.ends") + ELEMENTS,
            *up = find("ocelli.text.float_inputs.ffn_up") + ELEMENTS;
    vision[0] = text[1] = up[1] = 1;
    assert_int_equal(read_config(&c), OCELLI_OK);
    assert_true(c.image.float_pixels && !c.image.float_projection && !c.text.float_pixels && c.text.float_projection);
    assert_int_equal(c.text.float_inputs[CLIP_UP], 2);
    assert_int_equal(c.text.float_inputs[CLIP_DOWN] | c.image.float_inputs[CLIP_UP], 0);
    vision[0] = text[1] = up[1] = 0;
    assert_int_equal(read_config(&c), OCELLI_OK);
    assert_false(c.image.float_pixels || c.text.float_projection || c.text.float_inputs[CLIP_UP]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(wrong), cmocka_unit_test(marks)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
