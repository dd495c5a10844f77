/* SPDX-License-Identifier: Apache-2.0
 * Any vocabulary and any text. Input: context, then how much to move the number of tokens, the start
 * mark and the end mark (a byte each), merges a line each, an empty line, the text. */
#include "fuzz.h"
#include "../text/vocabulary.h"

#include <stdbool.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    ocelli_set_log(fuzz_hear, NULL);
    return 0;
}

static void encode(const struct bpe *bpe, const struct bpe_params *p, const char *text, size_t length) {
    int32_t *ids = malloc(p->context * sizeof *ids);
    size_t count;
    int status = bpe_encode(bpe, text, length, ids, &count);
    if (status && status != OCELLI_ERR_USAGE) abort();
    if (status == OCELLI_OK) {
        if (count < 2 || count > p->context) abort();
        if (ids[0] != (int32_t)p->start_id || ids[count - 1] != (int32_t)p->end_id) abort();
        for (size_t i = 0; i < count; i++)
            if (ids[i] < 0 || (size_t)ids[i] >= p->token_count) abort();
    }
    free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4) return 0;
    char *list = malloc(size - 3);
    memcpy(list, data + 4, size - 4);
    list[size - 4] = 0;
    char *end = strstr(list, "\n\n"), *text = end ? end + 2 : list;
    size_t merges = 0;
    if (end) end[1] = 0;
    for (char *c = list; end && *c; c++) merges += *c == '\n';
    struct vocabulary v;
    struct bpe *bpe;
    vocabulary_init(&v, list, merges, data[0]);
    struct bpe_params p = v.params;
    p.token_count -= data[1] % 8;
    p.start_id -= data[2];
    p.end_id -= data[3];
    if (bpe_create(&bpe, &p) == OCELLI_OK) encode(bpe, &p, text, size - 4 - (size_t)(text - list));
    bpe_destroy(&bpe);
    vocabulary_finish(&v);
    free(list);
    return 0;
}
