/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/query.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 1e-4 /* of a length: below it only rounding is left */
#define SLACK 0.01 /* how far from 1 the length of an embedding may be */

static double length_of(const float *vector, size_t size) {
    double squares = 0;
    for (size_t i = 0; i < size; i++) squares += (double)vector[i] * (double)vector[i];
    return sqrt(squares);
}

static void add(float *sum, const float *vector, size_t size, float weight) {
    for (size_t i = 0; i < size; i++) sum[i] += weight * vector[i];
}

static int add_texts(const struct query_embedder *by, const char *const *texts, size_t count, size_t size, float weight,
                     float *one, float *sum) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i++) {
        status = by->text(by->user, texts[i], one);
        if (!status) add(sum, one, size, weight);
    }
    return status;
}

static int make_unit(float *sum, size_t size) {
    double length = length_of(sum, size);
    if (!(length > LEAST))
        return log_fail(OCELLI_ERR_USAGE, "what is looked for and what is left out are the same: change one of them");
    for (size_t i = 0; i < size; i++) sum[i] = (float)((double)sum[i] / length);
    return OCELLI_OK;
}

static int check(const struct ocelli_query *q, size_t size) {
    if ((q->text_count && !q->texts) || (q->embedding_count && !q->embeddings) || (q->not_count && !q->nots) ||
        (q->template_count && !q->templates))
        return log_fail(OCELLI_ERR_USAGE, "a query: a list is NULL, and its count is not 0");
    if (!q->text_count && !q->embedding_count)
        return log_fail(OCELLI_ERR_USAGE, "a query: nothing to look for: give a text or an embedding");
    for (size_t i = 0; i < q->embedding_count; i++) {
        double length = length_of(q->embeddings + i * size, size);
        if (!(fabs(length - 1) <= SLACK)) /* also NaN */
            return log_fail(OCELLI_ERR_USAGE, "a query: embedding %zu of length %g, not 1: pass it as it was computed",
                            i, length);
    }
    if (q->path && *q->path != '/')
        return log_fail(OCELLI_ERR_USAGE, "a query: path \"%s\" is not absolute: files are kept so", q->path);
    if (q->wanted > OCELLI_HITS_MOST)
        return log_fail(OCELLI_ERR_USAGE, "a query: %zu hits wanted, at most %d", q->wanted, OCELLI_HITS_MOST);
    if (q->apart_ms < 0)
        return log_fail(OCELLI_ERR_USAGE, "a query: %lld ms apart: give 0 or more", (long long)q->apart_ms);
    return OCELLI_OK;
}

int query_resolve(const struct ocelli_query *query, size_t size, const struct query_embedder *by, float *vector,
                  struct history_question *question) {
    int status = check(query, size);
    if (status) return status;
    float *one = calloc(size, sizeof *one);
    if (!one) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a search");
    memset(vector, 0, size * sizeof *vector);
    for (size_t i = 0; i < query->embedding_count; i++) add(vector, query->embeddings + i * size, size, 1);
    status = add_texts(by, query->texts, query->text_count, size, 1, one, vector);
    if (!status) status = add_texts(by, query->nots, query->not_count, size, -1, one, vector);
    if (!status) status = make_unit(vector, size);
    free(one);
    *question = (struct history_question){.vector = vector,
                                          .wanted = query->wanted ? query->wanted : QUERY_WANTED,
                                          .apart_ms = query->apart_ms,
                                          .since_ms = query->since_ms,
                                          .path = query->path};
    return status;
}
