/* SPDX-License-Identifier: Apache-2.0
 * Thousands of texts against OpenAI's simple_tokenizer, with CLIP's own vocabulary, which is not kept
 * here: OCELLI_CLIP_VOCAB names bpe_simple_vocab_16e6.txt.gz, else shared/data/ beside the source has it. */
#include "support/test.h"
#include "base/clock.h"
#include "text/bpe.h"
#include "text/vocabulary.h"

#include <cjson/cJSON.h>
#include <unistd.h>

enum { MERGES = 49152 - 256 - 2, CONTEXT = 77 };

static const char *source;
static struct vocabulary vocabulary;
static struct bpe *bpe;

/* What gzip makes of the file; NULL: not there or not gzip. */
static char *unpacked(const char *path) {
    enum { MOST = 1 << 23 };
    setenv("GOLDEN_VOCAB", path, 1);
    FILE *gzip = access(path, R_OK) == 0 ? popen("exec gzip -dc \"$GOLDEN_VOCAB\"", "r") : NULL;
    if (!gzip) return NULL;
    char *text = malloc(MOST);
    size_t n = fread(text, 1, MOST - 1, gzip);
    text[n] = 0;
    if (pclose(gzip) == 0) return text;
    free(text);
    return NULL;
}

static int setup(void **state) {
    (void)state;
    char beside[4096];
    snprintf(beside, sizeof beside, "%s/../shared/data/bpe_simple_vocab_16e6.txt.gz", source);
    const char *named = getenv("OCELLI_CLIP_VOCAB"), *path = named ? named : beside;
    char *text = unpacked(path), *merges = text ? strchr(text, '\n') : NULL; /* the first line is a header */
    if (!merges) {
        printf("SKIP: no CLIP vocabulary at %s: name bpe_simple_vocab_16e6.txt.gz in OCELLI_CLIP_VOCAB\n", path);
        exit(77);
    }
    vocabulary_init(&vocabulary, merges + 1, MERGES, CONTEXT);
    free(text);
    assert_int_equal(vocabulary.params.end_id, 49407);
    double start = clock_ms();
    assert_int_equal(bpe_create(&bpe, &vocabulary.params), OCELLI_OK);
    print_message("bpe_create: %.1f ms\n", clock_ms() - start);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    bpe_destroy(&bpe);
    vocabulary_finish(&vocabulary);
    return 0;
}

/* The text of a line: "text", or "hex" where it holds NUL. free(). */
static char *text_of(const cJSON *row, size_t *length) {
    const cJSON *text = cJSON_GetObjectItem(row, "text");
    if (text) {
        *length = strlen(text->valuestring);
        return strdup(text->valuestring);
    }
    const char *hex = cJSON_GetObjectItem(row, "hex")->valuestring;
    *length = strlen(hex) / 2;
    char *bytes = calloc(*length + 1, 1);
    for (size_t i = 0; i < *length; i++) sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&bytes[i]);
    return bytes;
}

static int same(const cJSON *want, const int32_t *ids, size_t count) {
    int equal = (size_t)cJSON_GetArraySize(want) == count;
    for (size_t i = 0; equal && i < count; i++) equal = cJSON_GetArrayItem(want, (int)i)->valueint == ids[i];
    return equal;
}

static int check_line(const char *line) {
    cJSON *row = cJSON_Parse(line);
    assert_non_null(row);
    int32_t ids[CONTEXT];
    size_t length, count;
    char *text = text_of(row, &length);
    assert_int_equal(bpe_encode(bpe, text, length, ids, &count), OCELLI_OK);
    int equal = same(cJSON_GetObjectItem(row, "ids"), ids, count);
    if (!equal) {
        print_error("differs: %s\n    got", line);
        for (size_t i = 0; i < count; i++) print_error(" %d", ids[i]);
        print_error("\n");
    }
    free(text);
    cJSON_Delete(row);
    return equal;
}

static void check_file(const char *name, int want) {
    char path[4096], *line = NULL;
    size_t capacity = 0;
    int lines = 0, equal = 0;
    snprintf(path, sizeof path, "%s/tests/golden/tokenizer/%s.jsonl", source, name);
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("%s: missing", path);
    for (; getline(&line, &capacity, f) > 0; lines++) equal += check_line(line);
    free(line);
    fclose(f);
    print_message("%s: %d of %d the same\n", name, equal, lines);
    assert_int_equal(equal, lines);
    assert_int_equal(lines, want);
}

static void every_golden(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int lines;
    } files[] = {{"accents", 388}, {"ascii", 431},       {"contractions", 165}, {"controls", 228},
                 {"emoji", 132},   {"entities", 434},    {"long", 59},          {"nul", 7},
                 {"numbers", 246}, {"punctuation", 359}, {"spaces", 263},       {"specials", 46},
                 {"unicode", 833}, {"upper", 302},       {"composed", 82}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) check_file(files[i].name, files[i].lines);
}

static void a_caption(void **state) {
    (void)state;
    static const int32_t want[] = {49406, 320, 1125, 539, 320, 2368, 49407};
    int32_t ids[CONTEXT];
    size_t count;
    double start = clock_ms();
    for (int i = 0; i < 1000; i++) assert_int_equal(bpe_encode(bpe, "a photo of a cat", 16, ids, &count), OCELLI_OK);
    print_message("bpe_encode: %.1f us for a caption\n", clock_ms() - start);
    assert_int_equal(count, 7);
    assert_memory_equal(ids, want, sizeof want);
}

/* One word without end: every length of symbol comes and goes. */
static void long_word(void **state) {
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    uint32_t noise = 1;
    for (int i = 0; i < SIZE; i++) text[i] = (char)('a' + ((noise = noise * 1664525 + 1013904223) >> 24) % 26);
    int32_t ids[CONTEXT], again[CONTEXT];
    size_t count;
    int64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    assert_int_equal(bpe_encode(bpe, text, SIZE, ids, &count), OCELLI_OK);
    double took = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e6;
    print_message("1 MiB of random letters: %.0f ms\n", took);
    assert_true(took < 20000); /* of the processor: the sanitizers make it slow; quadratic takes hours */
    assert_int_equal(count, CONTEXT);
    /* here what stands far behind does not reach the front */
    assert_int_equal(bpe_encode(bpe, text, 5000, again, &count), OCELLI_OK);
    assert_memory_equal(ids, again, sizeof ids);
    free(text);
}

int main(void) {
    source = getenv("OCELLI_SOURCE");
    if (!source) source = ".";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden),
        cmocka_unit_test(a_caption),
        cmocka_unit_test(long_word),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
