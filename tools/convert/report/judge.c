/* SPDX-License-Identifier: Apache-2.0
 * D the embedding. */
#include "convert/report/judge.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void compare_tower(struct judge_tower *j, const struct walk_tower *t, uint32_t d) {
    for (int kind = 0; kind < REFERENCE_KINDS; kind++) {
        j->worst[kind] = 1, j->mean[kind] = 0;
        for (size_t i = 0; i < t->count; i++) {
            double cosine = reference_cosine(t->embeddings[REFERENCE_FLOAT] + i * d, t->embeddings[kind] + i * d, d);
            j->mean[kind] += cosine / (double)t->count;
            if (cosine >= j->worst[kind]) continue;
            j->worst[kind] = cosine;
            j->worst_input = i;
        }
    }
}

/* ---- ranks ---- */

struct score {
    double cosine;
    size_t text;
};

static int best_first(const void *a, const void *b) {
    const struct score *x = a, *y = b;
    if (x->cosine != y->cosine) return x->cosine > y->cosine ? -1 : 1;
    return x->text < y->text ? -1 : x->text > y->text;
}

/* ranks[text] = its place for the picture; gives the best text. */
static size_t rank_texts(const struct judge_of *of, enum reference_weights kind, size_t picture, struct score *scores,
                         size_t *ranks) {
    uint32_t d = of->embedding;
    size_t count = of->texts->count;
    for (size_t i = 0; i < count; i++)
        scores[i] = (struct score){
            reference_cosine(of->images->embeddings[kind] + picture * d, of->texts->embeddings[kind] + i * d, d), i};
    qsort(scores, count, sizeof *scores, best_first);
    for (size_t i = 0; i < count; i++) ranks[scores[i].text] = i;
    return scores[0].text;
}

static int compare_ranks(struct judge *j, const struct judge_of *of) {
    size_t texts = of->texts->count, pictures = of->images->count;
    struct score *scores = calloc(texts, sizeof *scores);
    size_t *exact = calloc(texts, sizeof *exact), *rounded = calloc(texts, sizeof *rounded);
    bool good = scores && exact && rounded;
    for (size_t p = 0; p < pictures && good; p++) {
        size_t best = rank_texts(of, REFERENCE_FLOAT, p, scores, exact);
        j->first += (double)(best == rank_texts(of, REFERENCE_DOT, p, scores, rounded)) / (double)pictures;
        double squares = 0, n = (double)texts;
        for (size_t i = 0; i < texts; i++) {
            double apart = (double)exact[i] - (double)rounded[i];
            squares += apart * apart;
        }
        j->rank += (n > 1 ? 1 - 6 * squares / (n * (n * n - 1)) : 1) / (double)pictures;
    }
    free(scores), free(exact), free(rounded);
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
}

/* ---- products ---- */

static void count_product(struct judge *j, const struct calibrate_choice *c) {
    if (!c->how) return; /* nobody looked, or there is none */
    j->products++;
    j->floats += c->float_inputs;
    j->balanced += strcmp(c->how, "none") != 0;
}

static void count_products(struct judge *j, const struct walk_tower *t) {
    for (uint32_t i = 0; i < t->blocks; i++)
        for (int p = 0; p < REFERENCE_PRODUCTS; p++) {
            j->products += !t->layers[i].products[p].how; /* not calibrated */
            count_product(j, &t->layers[i].products[p]);
        }
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) count_product(j, &t->head[p]);
    count_product(j, &t->projection);
    j->floats += t->float_pixels;
}

static void mean_shares(struct judge *j, const struct judge_of *of) {
    uint32_t blocks = of->images->blocks + of->texts->blocks;
    const struct walk_tower *const towers[] = {of->images, of->texts};
    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; i < towers[k]->blocks; i++) {
            j->ends += towers[k]->layers[i].ends / blocks;
            j->zeros += towers[k]->layers[i].zeros / blocks;
        }
}

/* ---- words ---- */

static void advise(struct judge *j, const struct judge_of *of) {
    double dot = fmin(j->image.worst[REFERENCE_DOT], j->text.worst[REFERENCE_DOT]);
    double weights = fmin(j->image.worst[REFERENCE_INT8], j->text.worst[REFERENCE_INT8]);
    const char *first =
        dot >= 0.999   ? "Use it with any kind of products."
        : dot >= 0.995 ? "Use it with any kind of products; f16w is a little nearer to float."
        : weights >= 0.995
            ? "Use --kind f16w where it is fast enough: int8 activations cost this model much."
            : "Compare its tags with the float model's before you rely on it: int8 weights alone cost much.";
    const char *second = !of->calibrated    ? " Convert without --no-calibrate: it costs nothing at run time."
                         : j->drawn         ? " Give --calibrate DIR with a few dozen pictures like those it will see."
                         : j->pictures < 16 ? " Give more pictures to --calibrate: 32 to 64 are better than a few."
                                            : "";
    bool enough = of->calibrated && dot >= 0.999;
    snprintf(j->advice, sizeof j->advice, "%s%s", first, enough ? "" : second);
}

int judge(struct judge *judge, const struct judge_of *of) {
    compare_tower(&judge->image, of->images, of->embedding);
    compare_tower(&judge->text, of->texts, of->embedding);
    judge->pictures = of->images->count, judge->texts = of->texts->count;
    judge->drawn = of->inputs->drawn, judge->unusable = of->inputs->unusable;
    count_products(judge, of->images);
    count_products(judge, of->texts);
    mean_shares(judge, of);
    bool picture = judge->image.worst[REFERENCE_DOT] <= judge->text.worst[REFERENCE_DOT];
    const struct judge_tower *worst = picture ? &judge->image : &judge->text;
    snprintf(judge->worst_input, sizeof judge->worst_input, "%s",
             picture ? of->inputs->picture_names[worst->worst_input] : of->inputs->texts[worst->worst_input]);
    judge->worst_cosine = worst->worst[REFERENCE_DOT];
    advise(judge, of);
    return compare_ranks(judge, of);
}

/* ---- for people ---- */

static void print_tower(const char *name, const struct judge_tower *t) {
    printf("  %-15s int8 weights %.6f (worst %.6f), int8 activations too %.6f (worst %.6f)\n", name,
           t->mean[REFERENCE_INT8], t->worst[REFERENCE_INT8], t->mean[REFERENCE_DOT], t->worst[REFERENCE_DOT]);
}

void judge_print(const struct judge *judge) {
    printf("  seen            %zu picture%s, %s; %zu texts\n", judge->pictures, judge->pictures == 1 ? "" : "s",
           judge->drawn ? "all built-in (drawn)" : "yours and the self-test's", judge->texts);
    print_tower("image cosine", &judge->image);
    if (judge->no_text)
        printf("  text tower      left out: the vectors of %zu texts are in the blob, as floats\n", judge->texts);
    else
        print_tower("text cosine", &judge->text);
    printf("  best text       the same as in float for %.1f %% of the pictures; rank correlation %.4f\n",
           100 * judge->first, judge->rank);
    printf("  worst input     %s: %.6f\n", judge->worst_input, judge->worst_cosine);
    printf("  products        %u of %u balanced, %u keep float inputs\n", judge->balanced, judge->products,
           judge->floats);
    printf("  time            %.1f s, %.0f MB/s\n", judge->seconds,
           (double)judge->input_bytes / 1e6 / fmax(judge->seconds, 1e-3));
    printf("  advice          %s\n", judge->advice);
}
