/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sentencepiece_inner.h"
#include "base/log.h"
#include "text/table.h"
#include "text/unicode.h"
#include "text/vocab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN "convert the checkpoint again"

static int broken(const struct sentencepiece_params *p, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: %s: " AGAIN, p->name, what);
}

static int no_memory(const struct sentencepiece_params *p) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: tokenizer: out of memory", p->name);
}

static uint32_t u32(const uint8_t *b) {
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static int check(const struct sentencepiece_params *p) {
    if (p->token_count > TABLE_LARGEST || p->merge_count > TABLE_LARGEST || p->token_count == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: %zu tokens and %zu merges, at most %d of each are taken",
                        p->name, p->token_count, p->merge_count, TABLE_LARGEST);
    if (p->end_id >= p->token_count) return broken(p, "the end mark is no token");
    if (p->context < 2) return broken(p, "a context without room for a text");
    for (size_t i = 0; i < p->token_count; i++)
        if (p->tokens[i].length == 0 || unicode_check(p->tokens[i].text, p->tokens[i].length) != p->tokens[i].length)
            return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: token %zu is empty or not UTF-8: " AGAIN, p->name, i);
    return OCELLI_OK;
}

/* <0x00> to <0xFF> */
static void find_byte(struct sentencepiece *sp, struct bpe_text token, uint32_t id) {
    char copy[7] = "";
    char *end;
    if (token.length != 6 || memcmp(token.text, "<0x", 3) != 0) return;
    memcpy(copy, token.text, 6);
    unsigned long byte = strtoul(copy + 3, &end, 16);
    if (end == copy + 5 && *end == '>' && byte < 256) sp->bytes[byte] = id;
}

static bool is_single(struct bpe_text token) {
    size_t at = 0;
    unicode_next(token.text, token.length, &at);
    return at == token.length;
}

/* A unigram takes its pieces; a byte-pair vocabulary its single characters, and the others through merges. */
static bool is_taken(const struct sentencepiece *sp, struct bpe_text token, uint8_t type) {
    if (sp->merges_pairs) return type != SENTENCEPIECE_UNKNOWN && is_single(token);
    return type == SENTENCEPIECE_NORMAL || type == SENTENCEPIECE_USER;
}

static int sort(struct sentencepiece *sp, const struct sentencepiece_params *p) {
    uint8_t *taken = calloc(p->token_count, 1), *added = calloc(p->token_count, 1);
    bool good = taken && added;
    memset(sp->bytes, 0xff, sizeof sp->bytes);
    sp->unknown_id = UINT32_MAX;
    for (size_t i = 0; i < p->token_count && good; i++) {
        uint8_t type = p->types[i];
        taken[i] = is_taken(sp, p->tokens[i], type);
        added[i] = type == SENTENCEPIECE_USER ||
                   (sp->merges_pairs && (type == SENTENCEPIECE_CONTROL || type == SENTENCEPIECE_UNKNOWN));
        if (type == SENTENCEPIECE_UNKNOWN && sp->unknown_id == UINT32_MAX) sp->unknown_id = (uint32_t)i;
        if (type == SENTENCEPIECE_BYTE) find_byte(sp, p->tokens[i], (uint32_t)i);
    }
    good = good && pieces_init(&sp->pieces, p->tokens, taken, p->token_count) &&
           pieces_init(&sp->added, p->tokens, added, p->token_count);
    free(taken), free(added);
    if (!good) return no_memory(p);
    return sp->unknown_id == UINT32_MAX ? broken(p, "no token for what is unknown") : OCELLI_OK;
}

/* An unknown character costs 10 more than the rarest piece. */
static int read_scores(struct sentencepiece *sp, const struct sentencepiece_params *p) {
    const float penalty = 10;
    float least = INFINITY;
    sp->scores = malloc(p->token_count * sizeof *sp->scores);
    if (!sp->scores) return no_memory(p);
    memcpy(sp->scores, p->scores, p->token_count * sizeof *sp->scores);
    for (size_t i = 0; i < p->token_count; i++) {
        if (!isfinite(sp->scores[i])) return broken(p, "a score that is not finite");
        if (p->types[i] == SENTENCEPIECE_NORMAL && sp->scores[i] < least) least = sp->scores[i];
    }
    sp->unknown_score = (isfinite(least) ? least : 0) - penalty;
    return OCELLI_OK;
}

static int read_merges(struct sentencepiece *sp, const struct sentencepiece_params *p) {
    struct vocab vocab;
    int status = vocab_init(&vocab, p->tokens, (uint32_t)p->token_count, p->name);
    if (!status && !merge_table_init(&sp->merges, (uint32_t)p->merge_count)) status = no_memory(p);
    for (size_t i = 0; i < p->merge_count && !status; i++) {
        uint32_t left = u32(p->merges + 8 * i), right = u32(p->merges + 8 * i + 4);
        if (left >= p->token_count || right >= p->token_count) {
            status = broken(p, "a merge of what is no token");
            break;
        }
        uint32_t result = vocab_find(&vocab, p->tokens[left], p->tokens[right]);
        if (result == VOCAB_NONE || !merge_table_add(&sp->merges, (struct merge_rule){left, right, result}))
            status = broken(p, "a merge whose result is no token, or that is there twice");
    }
    vocab_finish(&vocab);
    return status;
}

int sentencepiece_create(struct sentencepiece **out, const struct sentencepiece_params *params) {
    *out = NULL;
    int status = check(params);
    if (status) return status;
    struct sentencepiece *sp = calloc(1, sizeof *sp);
    if (!sp) return no_memory(params);
    sp->merges_pairs = params->merges_pairs;
    sp->space_before = params->space_before, sp->single_spaces = params->single_spaces;
    sp->clean = params->clean, sp->end_id = params->end_id, sp->context = params->context;
    if (!charsmap_init(&sp->charsmap, params->charsmap, params->charsmap_size))
        status = broken(params, "a character map that is cut short");
    if (!status) status = sort(sp, params);
    if (!status) status = params->merges_pairs ? read_merges(sp, params) : read_scores(sp, params);
    if (status) sentencepiece_destroy(&sp);
    *out = sp;
    return status;
}

void sentencepiece_destroy(struct sentencepiece **sp) {
    if (!sp || !*sp) return;
    merge_table_finish(&(*sp)->merges);
    pieces_finish(&(*sp)->added);
    pieces_finish(&(*sp)->pieces);
    free((*sp)->scores);
    free(*sp);
    *sp = NULL;
}

static bool cut(const struct sentencepiece *sp, const char *text, size_t length, struct sentencepiece_text *space,
                struct sentencepiece_ids *to) {
    if (!sentencepiece_normalize(sp, text, length, space)) return false;
    return sp->merges_pairs ? sentencepiece_pairs(sp, space->text, space->length, to)
                            : sentencepiece_unigram(sp, space->text, space->length, to);
}

/* The text between two added tokens, which are found before it is in lower case. */
static bool encode_part(const struct sentencepiece *sp, const char *text, size_t length,
                        struct sentencepiece_text *space, struct sentencepiece_ids *to) {
    char *lower;
    size_t n;
    to->unknown = false;
    if (sp->clean != CANONICAL_LOWER) return cut(sp, text, length, space, to);
    if (canonical_text(CANONICAL_LOWER, text, length, &lower, &n)) return false;
    bool good = cut(sp, lower, n, space, to);
    free(lower);
    return good;
}

static bool encode_all(const struct sentencepiece *sp, const char *text, size_t length, struct sentencepiece_ids *to) {
    struct sentencepiece_text space = {0};
    size_t from = 0;
    bool good = true;
    for (size_t at = 0; at < length && good && to->count < to->most;) {
        uint32_t id;
        size_t found = pieces_longest(&sp->added, text, length, at, &id);
        if (!found) {
            unicode_next(text, length, &at);
            continue;
        }
        good = encode_part(sp, text + from, at - from, &space, to);
        to->unknown = false;
        sentencepiece_put(sp, to, id);
        from = at += found;
    }
    if (good && to->count < to->most) good = encode_part(sp, text + from, length - from, &space, to);
    free(space.text);
    return good;
}

int sentencepiece_encode(const struct sentencepiece *sp, const char *text, size_t length, int32_t *ids, size_t *count) {
    char *cleaned;
    size_t n;
    *count = 0;
    int status = clean_check(text, length);
    if (status) return status;
    if (length > SENTENCEPIECE_LONGEST)
        for (length = SENTENCEPIECE_LONGEST; length && ((unsigned char)text[length] & 0xc0) == 0x80;) length--;
    status = canonical_text(sp->clean == CANONICAL_LOWER ? CANONICAL_NONE : sp->clean, text, length, &cleaned, &n);
    if (status) return status;
    struct sentencepiece_ids to = {.ids = ids, .most = sp->context - 1};
    if (!encode_all(sp, cleaned, n, &to))
        status = log_fail(OCELLI_ERR_MEMORY, "text of %zu bytes: out of memory", length);
    free(cleaned);
    *count = to.count;
    ids[(*count)++] = (int32_t)sp->end_id;
    return status;
}
