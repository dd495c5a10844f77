/* SPDX-License-Identifier: Apache-2.0
 * Pairs of words: the file, and the words in each other's place. */
#include "ocelli/audit/audit_pairs.h"
#include "base/log.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static void swaps(void **state) {
    (void)state;
    static const char *const cases[][4] = {
        {"he", "she", "he is a nurse", "she is a nurse"},
        {"he", "she", "She and he, there", "He and she, there"},
        {"he", "she", "the shed of Hector", NULL},
        {"he", "she", "he's tall; (he)", "she's tall; (she)"},
        {"young", "old", "a photo of a young man", "a photo of an old man"},
        {"young", "old", "An old man and an old house", "A young man and a young house"},
        {"old", "one-eyed", "an old cat", "a one-eyed cat"},
        {"young man", "old woman", "a young man at a desk", "an old woman at a desk"},
        {"man", "man of age", "a man of age", "a man"},
        {"man", "woman", "a man\xC3\xA9 and a man", "a man\xC3\xA9 and a woman"},
        {"C++", "C", "code in C++", "code in C"},
        {"he", "she", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        const struct audit_pair pair = {cases[i][0], cases[i][1]};
        const char *out;
        assert_int_equal(audit_pairs_swap(&out, &arena, &pair, cases[i][2]), 0);
        if (cases[i][3])
            assert_string_equal(out ? out : "", cases[i][3]);
        else
            assert_null(out);
        arena_finish(&arena);
    }
}

static int parse(struct audit_pairs *pairs, const char *text) {
    char *copy = strdup(text);
    int status = audit_pairs_parse(pairs, copy, "p.csv");
    free(copy);
    return status;
}

static void file(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"", "p.csv: no pair in it"},
        {"# he,she\n\n", "p.csv: no pair in it"},
        {"he,she\nhe\n", "p.csv:2: is no pair"},
        {"he,she,it\n", "p.csv:1: is no pair"},
        {"he, \n", "p.csv:1: a word of the pair is empty"},
        {"he,HE\n", "p.csv:1: both words are \"he\""},
        {"he,\xFF\n", "p.csv:1: is not UTF-8"},
    };
    struct audit_pairs pairs;
    char why[LOG_LINE];
    assert_int_equal(parse(&pairs, "\xEF\xBB\xBF# pairs\r\n he , she\r\n\r\nyoung\told\nman,woman"), 0);
    assert_int_equal(pairs.count, 3);
    assert_string_equal(pairs.pairs[0].first, "he");
    assert_string_equal(pairs.pairs[1].second, "old");
    assert_string_equal(pairs.pairs[2].second, "woman");
    audit_pairs_finish(&pairs);
    assert_int_equal(parse(&pairs, "he,she\nShe,he\nhe,her\n"), 0); /* one of them twice */
    assert_int_equal(pairs.count, 2);
    audit_pairs_finish(&pairs);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        log_hold(why, sizeof why);
        int status = parse(&pairs, bad[i][0]);
        log_release();
        assert_int_equal(status, OCELLI_ERR_FILE);
        assert_int_equal(pairs.count, 0);
        assert_memory_equal(why, bad[i][1], strlen(bad[i][1]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(swaps), cmocka_unit_test(file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
