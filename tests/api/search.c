/* SPDX-License-Identifier: Apache-2.0
 * The search of include/ocelli.h, with the demo model: the demo's pictures in a library, and in a history. */
#include "daemon/demo.h"
#include "memory/library.h"
#include "memory/pack.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>

enum { DAY_MS = 86400000, FIRST_DAY = 20000 };

static struct ocelli *model;
static struct memory_model key;
static const char *const names[] = {"cat", "pizza", "sailboat"};
static const char *const paths[] = {"/pictures/animals/cat.png", "/pictures/food/pizza.png",
                                    "/pictures/sea/sailboat.png"};
enum { COUNT = sizeof names / sizeof *names };
static float *vectors[COUNT];
static char *library, *history;

static float *embed(const char *name) {
    struct ocelli_image image;
    float *out = calloc(key.size, sizeof *out);
    assert_int_equal(ocelli_image_load(&image, demo_picture(name)), OCELLI_OK);
    assert_int_equal(ocelli_embed_images(model, &image, 1, out), OCELLI_OK);
    ocelli_image_free(&image);
    return out;
}

static int64_t time_of(size_t i) {
    return (FIRST_DAY + (int64_t)i) * DAY_MS;
}

static void make_library(void) {
    struct history *h;
    struct library_picture pictures[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        pictures[i] = (struct library_picture){.path = paths[i], .time_ms = time_of(i), .vector = vectors[i]};
    assert_int_equal(library_open(&h, library, &key), OCELLI_OK);
    assert_int_equal(library_put(h, pictures, COUNT), OCELLI_OK);
    history_close(&h);
}

static void make_history(void) {
    struct history *h;
    int8_t *packed = malloc(key.size);
    assert_int_equal(history_create(&h, history, &key, (uint64_t)HISTORY_LEAST_MB << 20), OCELLI_OK);
    for (size_t i = 0; i < COUNT; i++) {
        struct history_picture p = {.boot_ms = time_of(i), .vector = packed, .tags = names[i]};
        p.scale = pack_picture(vectors[i], key.size, packed);
        assert_int_equal(history_append(h, &p, 1, 0), OCELLI_OK);
    }
    history_close(&h);
    free(packed);
}

static int begin_all(void **state) {
    struct ocelli_info info;
    if (demo_setup(state) || ocelli_open(&model, &(struct ocelli_params){.model = demo_blob})) return 1;
    ocelli_get_info(model, &info);
    key = (struct memory_model){.name = info.model_name, .size = info.embedding_size};
    snprintf(key.key, sizeof key.key, "%s", info.model_key);
    for (size_t i = 0; i < COUNT; i++) vectors[i] = embed(names[i]);
    library = strdup(checkpoint_path(demo_folder, "pictures.db"));
    history = strdup(checkpoint_path(demo_folder, "history.db"));
    if (!history_built_in()) return 0;
    make_library();
    make_history();
    return 0;
}

static int end_all(void **state) {
    ocelli_close(&model);
    for (size_t i = 0; i < COUNT; i++) free(vectors[i]);
    free(library);
    free(history);
    return demo_teardown(state);
}

static int begin(void **state) {
    (void)state;
    listen();
    return 0;
}

static void need_sqlite(void) {
    if (!history_built_in()) skip();
}

static const struct ocelli_hit *hits;
static size_t count;

static int search(const char *file, const struct ocelli_query *query) {
    return ocelli_search(model, file, query, &hits, &count);
}

static void expect(const char *file, const struct ocelli_query *query, size_t expected, size_t best) {
    assert_int_equal(search(file, query), OCELLI_OK);
    assert_int_equal(count, expected);
    for (size_t i = 1; i < count; i++) assert_true(hits[i - 1].score >= hits[i].score);
    if (count && file == library) assert_string_equal(hits[0].path, paths[best]);
    if (count) assert_true(hits[0].time_ms == time_of(best));
    assert_int_equal(heard.lines, 0);
}

/* ---- what is looked for ---- */

static void test_words(void **state) {
    (void)state;
    need_sqlite();
    const char *const templates[] = {"a photo of a {}.", "{}"};
    for (size_t i = 0; i < COUNT; i++) {
        expect(library, &(struct ocelli_query){.texts = &names[i], .text_count = 1}, COUNT, i);
        assert_string_equal(hits[0].tags, "");
        struct ocelli_query with = {
            .texts = &names[i], .text_count = 1, .templates = templates, .template_count = 2, .wanted = 1};
        expect(library, &with, 1, i);
    }
}

/* A picture finds itself with a cosine of 1; the score of its text and of both is what the vectors tell. */
static void test_like(void **state) {
    (void)state;
    need_sqlite();
    float both[2048];
    double cosine = 0, squares = 0;
    assert_true(key.size <= sizeof both / sizeof *both);
    for (size_t i = 0; i < COUNT; i++) {
        expect(library, &(struct ocelli_query){.embeddings = vectors[i], .embedding_count = 1}, COUNT, i);
        assert_true(fabsf(hits[0].score - 1) < 0.01f);
    }
    assert_int_equal(ocelli_embed_texts(model, &names[0], 1, both), OCELLI_OK);
    for (size_t i = 0; i < key.size; i++) both[i] += vectors[2][i];
    for (size_t i = 0; i < key.size; i++)
        cosine += (double)both[i] * (double)vectors[2][i], squares += (double)both[i] * (double)both[i];
    struct ocelli_query mixed = {.texts = names, .text_count = 1, .embeddings = vectors[2], .embedding_count = 1};
    expect(library, &mixed, COUNT, 2);
    assert_true(fabs((double)hits[0].score - cosine / sqrt(squares)) < 0.01);
}

/* Of two pictures together, without the one the other is left. */
static void test_not(void **state) {
    (void)state;
    need_sqlite();
    float *two = calloc(2, key.size * sizeof *two);
    memcpy(two, vectors[0], key.size * sizeof *two);
    memcpy(two + key.size, vectors[1], key.size * sizeof *two);
    for (size_t i = 0; i < 2; i++) {
        const char *unwanted[] = {names[i], names[i]};
        struct ocelli_query q = {.embeddings = two, .embedding_count = 2, .nots = unwanted, .not_count = 2};
        expect(library, &q, COUNT, 1 - i);
    }
    free(two);
}

static void test_limits(void **state) {
    (void)state;
    need_sqlite();
    struct ocelli_query q = {.texts = names, .text_count = 1};
    q.since_ms = time_of(1);
    assert_int_equal(search(library, &q), OCELLI_OK);
    assert_true(count == 2 && hits[0].time_ms >= time_of(1) && hits[1].time_ms >= time_of(1));
    q.since_ms = time_of(2) + 1;
    expect(library, &q, 0, 0);
    q = (struct ocelli_query){.texts = names, .text_count = 1, .path = "/pictures/sea"};
    expect(library, &q, 1, 2);
    q.path = "/pictures/f";
    expect(library, &q, 1, 1);
    q.path = "/elsewhere";
    expect(library, &q, 0, 0);
    q = (struct ocelli_query){.texts = names, .text_count = 1, .apart_ms = 3 * (int64_t)DAY_MS};
    expect(library, &q, 1, 0);
}

static void test_history(void **state) {
    (void)state;
    need_sqlite();
    for (size_t i = 0; i < COUNT; i++) {
        expect(history, &(struct ocelli_query){.texts = &names[i], .text_count = 1}, COUNT, i);
        assert_true(!hits[0].path);
        assert_string_equal(hits[0].tags, names[i]);
    }
}

/* Others search with handles of their own, and one writes. */
static void *look(void *user) {
    struct ocelli *own = NULL;
    const struct ocelli_hit *found;
    size_t found_count, *good = user;
    if (ocelli_open(&own, &(struct ocelli_params){.model = demo_blob, .threads = 1})) return NULL;
    for (int i = 0; i < 20; i++) {
        struct ocelli_query q = {.embeddings = vectors[i % COUNT], .embedding_count = 1, .wanted = COUNT};
        *good += !ocelli_search(own, library, &q, &found, &found_count) && found_count == COUNT &&
                 !strcmp(found[0].path, paths[i % COUNT]);
    }
    ocelli_close(&own);
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    need_sqlite();
    pthread_t threads[2];
    size_t good[2] = {0};
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, look, &good[i]), 0);
    for (int i = 0; i < 5; i++) make_library(); /* the same pictures anew */
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_true(good[0] == 20 && good[1] == 20);
}

/* ---- what is wrong ---- */

static void refused(const char *file, const struct ocelli_query *query, int status, const char *says) {
    listen();
    hits = (const void *)names, count = 99;
    assert_int_equal(search(file, query), status);
    assert_true(!hits && !count);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, says)) print_error("'%s' does not say '%s'\n", heard.text, says);
    assert_non_null(strstr(heard.text, says));
}

static void test_query_refused(void **state) {
    (void)state;
    const struct ocelli_query cat = {.texts = names, .text_count = 1};
    const char *const not_utf8[] = {"\xff"}, *const two_slots[] = {"{} {}"}, *const null[] = {NULL};
    refused(library, &(struct ocelli_query){0}, OCELLI_ERR_USAGE, "nothing to look for");
    refused(library, &(struct ocelli_query){.texts = not_utf8, .text_count = 1}, OCELLI_ERR_USAGE, "UTF-8");
    refused(library, &(struct ocelli_query){.texts = null, .text_count = 1}, OCELLI_ERR_USAGE, "NULL");
    struct ocelli_query q = cat;
    q.templates = two_slots, q.template_count = 1;
    refused(library, &q, OCELLI_ERR_USAGE, "{}");
    q.templates = null;
    refused(library, &q, OCELLI_ERR_USAGE, "NULL");
    q = cat, q.nots = names, q.not_count = 1;
    refused(library, &q, OCELLI_ERR_USAGE, "are the same");
    refused(NULL, &cat, OCELLI_ERR_USAGE, "NULL");
    refused(library, NULL, OCELLI_ERR_USAGE, "NULL");
    assert_int_equal(ocelli_search(NULL, library, &cat, &hits, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_search(model, library, &cat, NULL, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_search(model, library, &cat, &hits, NULL), OCELLI_ERR_USAGE);
}

static void test_file_refused(void **state) {
    (void)state;
    need_sqlite();
    const struct ocelli_query cat = {.texts = names, .text_count = 1};
    struct memory_model foreign = key;
    foreign.name = "foreign", foreign.key[0] = foreign.key[0] == '0' ? '1' : '0';
    char *other = strdup(checkpoint_path(demo_folder, "other.db")),
         *broken = strdup(checkpoint_path(demo_folder, "b.db"));
    struct history *h;
    struct library_picture one = {.path = "/a/b.png", .vector = vectors[0]};
    assert_int_equal(library_open(&h, other, &foreign), OCELLI_OK);
    assert_int_equal(library_put(h, &one, 1), OCELLI_OK);
    history_close(&h);
    size_t bytes;
    char *content = checkpoint_get(library, &bytes);
    memset(content + bytes / 2, 0x5a, bytes / 2); /* the vectors too */
    checkpoint_put(demo_folder, "b.db", content, bytes);
    refused(checkpoint_path(demo_folder, "none.db"), &cat, OCELLI_ERR_FILE, "none.db: cannot open");
    refused(demo_folder, &cat, OCELLI_ERR_FILE, "not a regular file");
    refused(demo_blob, &cat, OCELLI_ERR_FILE, "demo.gguf");
    refused(other, &cat, OCELLI_ERR_FILE, "another model (foreign)");
    refused(broken, &cat, OCELLI_ERR_FILE, "b.db");
    listen();
    expect(library, &(struct ocelli_query){.texts = names, .text_count = 1}, COUNT, 0); /* none of them did harm */
    free(content);
    free(other);
    free(broken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_words, begin),         cmocka_unit_test_setup(test_like, begin),
        cmocka_unit_test_setup(test_not, begin),           cmocka_unit_test_setup(test_limits, begin),
        cmocka_unit_test_setup(test_history, begin),       cmocka_unit_test_setup(test_threads, begin),
        cmocka_unit_test_setup(test_query_refused, begin), cmocka_unit_test_setup(test_file_refused, begin),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
