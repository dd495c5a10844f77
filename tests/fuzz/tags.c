/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as tags.ini: tags that can be written back, or a refusal. The same bytes as an array of tags. */
#include "fuzz.h"
#include "tag/tags_edit.h"
#include "text/unicode.h"

#include <math.h>

static const char good[] =
    "template = a photo of {}.\n[templates]\ntemplate = {}\n[defaults]\nmin_on = 5\non = 0.1\noff=0.05\n"
    "; comment\n[tag a]\nprompt = x\nagainst: y\nexample = z.png\ngroup = g\n[tag b]\nfalse_alarms = 0.5\n"
    "smooth = 0\nmin_off = 1\ntemplate = {}\n[run]\nport = 1\n";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "seed", good, sizeof good - 1);
    return 0;
}

static int ignore(void *user, const struct ini_place *at, const char *key, const char *value) {
    (void)user, (void)at, (void)key, (void)value;
    return OCELLI_OK;
}

static void check(const struct tags_file *f) {
    char key[SHA256_HEX_SIZE];
    for (size_t i = 0; i < f->count; i++) {
        const struct tags_file_tag *tag = &f->tags[i];
        if (!tag->prompts.count || !tag->name[0] || tag->rules.value[RULE_OFF] > tag->rules.value[RULE_ON]) abort();
        if (isnan(tag->rules.value[RULE_SMOOTH])) abort();
        tags_file_key(f, tag, key);
    }
}

/* A tag that comes and goes leaves no byte but the line end that the last line lacked. */
static void come_and_go(const struct tags_file *f, struct tags_text *t, const uint8_t *data, size_t size) {
    static const char *const prompt = "x";
    if (f->count == TAGS_FILE_TAGS || tags_file_find(f, "a new tag")) return;
    const struct ini_lines lines = {"prompt", &prompt, 1};
    if (tags_edit_set(t, "a new tag", &lines, 1) || tags_edit_remove(t, "a new tag")) abort();
    if (t->size < size || (size && memcmp(t->bytes, data, size))) abort();
    if (t->size > size && (!size || data[size - 1] == '\n')) abort();
}

/* Its own values again change no byte; then the tag goes, with no other. */
static void edit(const struct tags_file *f, struct tags_text *t, const uint8_t *data, size_t size) {
    const struct tags_file_tag *tag = &f->tags[0];
    struct tags_file left;
    const struct ini_lines lines = {"prompt", tag->prompts.texts, tag->named_only ? 0 : tag->prompts.count};
    if (tags_edit_set(t, tag->name, &lines, 1)) abort();
    if (t->size != size || memcmp(t->bytes, data, size)) abort();
    if (tags_edit_remove(t, tag->name) || tags_file_parse(&left, t->bytes, t->size, "fuzz", t->options)) abort();
    if (left.count != f->count - 1) abort();
    tags_file_finish(&left);
}

/* The bytes as two tags of an array, split at their lines: refused by one line, or tags whose texts can be checked. */
static void as_array(const uint8_t *data, size_t size) {
    char *bytes = calloc(1, size + 4), *text[4] = {bytes, bytes, bytes, bytes};
    if (size) memcpy(bytes, data, size);
    for (int i = 1; i < 4; i++) {
        char *end = strchr(text[i - 1], '\n');
        text[i] = end ? end + 1 : text[i - 1] + strlen(text[i - 1]);
        if (end) *end = 0;
    }
    const struct ocelli_tag tags[] = {{text[0], (const char *const *)&text[1], 1},
                                      {text[2], (const char *const *)&text[3], 1}};
    struct tags_file f;
    int status = tags_file_from_array(&f, tags, 2, "fuzz");
    if (fuzz_lines != (status ? 1 : 0) || (status && (status != OCELLI_ERR_USAGE || f.arena.last))) abort();
    fuzz_lines = 0;
    if (!status) fuzz_judge(tags_file_check_texts(&f, "fuzz", unicode_fault, NULL));
    if (!status) check(&f);
    tags_file_finish(&f);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct ini_section run = {.name = "run", .value = ignore};
    const struct ini_table table = {&run, 1, NULL};
    const struct tags_file_options options = {.others = &table, .may_be_empty = true};
    struct tags_text t = {fuzz_copy(data, size), size, "fuzz", &options};
    struct tags_file f;
    int status = fuzz_judge(tags_file_parse(&f, t.bytes, size, "fuzz", &options));
    if (status && f.arena.last) abort();
    if (!status) check(&f);
    if (!status) fuzz_judge(tags_file_check_texts(&f, "fuzz", unicode_fault, NULL));
    if (!status && f.count) edit(&f, &t, data, size);
    free(t.bytes);
    t.bytes = fuzz_copy(data, size), t.size = size;
    if (!status) come_and_go(&f, &t, data, size);
    tags_file_finish(&f);
    free(t.bytes);
    as_array(data, size);
    return 0;
}
