/* SPDX-License-Identifier: Apache-2.0
 * A folder with a tokenizer in two forms: they may say the same; else it is refused. */
#include "convert/convert.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    checkpoint_remove(folder);
    return 0;
}

/* words NULL: it is taken. */
static void convert_to(const char *what, const char *words) {
    struct convert_params params = {
        .checkpoint = folder, .out = checkpoint_path(folder, "model.gguf"), .uncalibrated = true};
    struct convert_result result;
    listen();
    int status = convert(&params, &result);
    if (!words && status) fail_msg("%s: refused: %s", what, heard.text);
    if (words && (status != OCELLI_ERR_FILE || heard.lines != 1 || !heard_has(words)))
        fail_msg("%s: status %d, %d lines, not '%s': %s", what, status, heard.lines, words, heard.text);
}

static char *get(const char *name) {
    size_t size;
    return checkpoint_get(checkpoint_path(folder, name), &size);
}

static void put(const char *name, const cJSON *root) {
    char *text = cJSON_PrintUnformatted(root);
    checkpoint_put(folder, name, text, strlen(text));
    free(text);
}

/* tokenizer.json of vocab.json and merges.txt; `lists`: merges as newer files have them. */
static cJSON *clip_json(bool lists) {
    char *vocab = get("vocab.json"), *merges = get("merges.txt"), *rest = merges;
    cJSON *root = cJSON_CreateObject(), *model = cJSON_AddObjectToObject(root, "model");
    cJSON_AddStringToObject(model, "end_of_word_suffix", "</w>");
    cJSON_AddItemToObject(model, "vocab", cJSON_Parse(vocab));
    cJSON *array = cJSON_AddArrayToObject(model, "merges");
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (!*line || *line == '#') continue;
        char *right = strchr(line, ' ');
        if (!lists) {
            cJSON_AddItemToArray(array, cJSON_CreateString(line));
            continue;
        }
        *right++ = 0;
        cJSON_AddItemToArray(array, cJSON_CreateStringArray((const char *const[]){line, right}, 2));
    }
    free(vocab), free(merges);
    return root;
}

static void swap(cJSON *a, cJSON *b) {
    double number = a->valuedouble;
    cJSON_SetNumberValue(a, b->valuedouble);
    cJSON_SetNumberValue(b, number);
}

static void of_clip(void **state) {
    (void)state;
    checkpoint_write("minimal", folder, &(struct checkpoint_form){0});
    for (int lists = 0; lists < 2; lists++) {
        cJSON *root = clip_json(lists), *model = cJSON_GetObjectItem(root, "model");
        cJSON *vocab = cJSON_GetObjectItem(model, "vocab"), *merges = cJSON_GetObjectItem(model, "merges");
        put("tokenizer.json", root);
        convert_to("the same twice", NULL);
        swap(cJSON_GetArrayItem(vocab, 300), cJSON_GetArrayItem(vocab, 301));
        put("tokenizer.json", root);
        convert_to("two ids changed places", "another tokenizer than");
        swap(cJSON_GetArrayItem(vocab, 300), cJSON_GetArrayItem(vocab, 301));
        cJSON_InsertItemInArray(merges, 0, cJSON_DetachItemFromArray(merges, 5));
        put("tokenizer.json", root);
        convert_to("another order of merges", "another tokenizer than");
        cJSON_Delete(root);
    }
}

static void with_anothers(void **state) {
    (void)state;
    size_t size;
    checkpoint_write("siglip", folder, &(struct checkpoint_form){0});
    convert_to("SigLIP alone", NULL);
    char *piece = checkpoint_get(checkpoint_path(folder, "spiece.model"), &size);
    char *other = checkpoint_folder();
    checkpoint_write("siglip2", other, &(struct checkpoint_form){0});
    size_t json_size;
    char *json = checkpoint_get(checkpoint_path(other, "tokenizer.json"), &json_size);
    checkpoint_put(folder, "tokenizer.json", json, json_size);
    convert_to("SigLIP 2's tokenizer in SigLIP's folder", "another tokenizer than");
    char *swapped = folder;
    folder = other;
    checkpoint_put(folder, "tokenizer.model", piece, size);
    convert_to("SigLIP's in SigLIP 2's folder", "tokenizer.model: another tokenizer than");
    folder = swapped;
    checkpoint_remove(other);
    other = folder;
    folder = checkpoint_folder();
    checkpoint_write("minimal", folder, &(struct checkpoint_form){0});
    checkpoint_put(folder, "spiece.model", piece, size);
    convert_to("SigLIP's in CLIP's folder", "spiece.model: another tokenizer than");
    checkpoint_remove(other);
    free(piece), free(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(of_clip), TEST(with_anothers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
