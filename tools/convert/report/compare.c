/* SPDX-License-Identifier: Apache-2.0
 * D the embedding. */
#include "convert/report/compare.h"
#include "blob/blob.h"
#include "blob/tensor_names.h"
#include "convert/compute/reference.h"

#include <inttypes.h>
#include <math.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    struct blob *one, *other;
    size_t differences;
};

/* ---- keys ---- */

static bool same_strings(const struct gguf_value *a, const struct gguf_value *b) {
    for (uint64_t i = 0; i < a->count; i++)
        if (a->strings[i].length != b->strings[i].length ||
            memcmp(a->strings[i].text, b->strings[i].text, a->strings[i].length) != 0)
            return false;
    return true;
}

static bool same_value(const struct gguf_value *a, const struct gguf_value *b) {
    if (a->type != b->type || a->count != b->count) return false;
    bool array = a->type == GGUF_ARRAY;
    if (array && a->element != b->element) return false;
    if ((array ? a->element : a->type) == GGUF_STRING) return same_strings(a, b);
    if (array) return a->count == 0 || memcmp(a->bytes, b->bytes, a->count * gguf_type_size(a->element)) == 0;
    bool real = a->type == GGUF_F32 || a->type == GGUF_F64;
    return real ? a->number.f == b->number.f : a->number.u == b->number.u;
}

/* Short: an array only by its length, a text by its beginning. */
static void print_value(const struct gguf_value *v) {
    enum { SHOWN = 48 };
    if (v->type == GGUF_ARRAY)
        printf("%" PRIu64 " entries", v->count);
    else if (v->type == GGUF_STRING)
        printf("'%.*s'%s", (int)(v->strings->length < SHOWN ? v->strings->length : SHOWN), v->strings->text,
               v->strings->length > SHOWN ? "..." : "");
    else if (v->type == GGUF_F32 || v->type == GGUF_F64)
        printf("%g", v->number.f);
    else if (v->type == GGUF_BOOL)
        printf("%s", v->number.u ? "true" : "false");
    else
        printf("%" PRId64, (int64_t)v->number.u);
}

static void compare_keys(struct pair *p) {
    const struct gguf *a = blob_gguf(p->one), *b = blob_gguf(p->other);
    for (uint64_t i = 0; i < a->value_count; i++) {
        const struct gguf_value *v = &a->values[i], *w = gguf_value(b, v->key);
        if (w && same_value(v, w)) continue;
        p->differences++;
        printf("key %s: ", v->key);
        print_value(v);
        printf(w ? ", " : ", only in the first\n");
        if (w) print_value(w), printf("\n");
    }
    for (uint64_t i = 0; i < b->value_count; i++)
        if (!gguf_value(a, b->values[i].key)) {
            p->differences++;
            printf("key %s: ", b->values[i].key);
            print_value(&b->values[i]);
            printf(", only in the second\n");
        }
}

/* ---- tensors ---- */

struct sums {
    double ab, aa, bb, worst;
    bool same;
};

static void add(struct sums *s, double a, double b) {
    s->ab += a * b, s->aa += a * a, s->bb += b * b;
    s->worst = fmax(s->worst, fabs(a - b));
    s->same = s->same && a == b;
}

static int sum_matrix(const struct pair *p, const struct gguf_tensor *t, struct sums *s) {
    struct blob_matrix a, b;
    uint64_t rows = t->ne[t->dimensions - 1], columns = 1;
    for (uint32_t i = 0; i + 1 < t->dimensions; i++) columns *= t->ne[i];
    int status = blob_matrix(p->one, t->name, rows, columns, &a);
    if (!status) status = blob_matrix(p->other, t->name, rows, columns, &b);
    for (uint64_t i = 0; i < rows * columns && !status; i++)
        add(s, (double)a.scales[i / columns] * a.values[i], (double)b.scales[i / columns] * b.values[i]);
    return status;
}

static int sum_vector(const struct pair *p, const struct gguf_tensor *t, struct sums *s) {
    const float *a, *b;
    uint64_t count = t->size / sizeof *a;
    int status = blob_vector(p->one, t->name, count, &a);
    if (!status) status = blob_vector(p->other, t->name, count, &b);
    for (uint64_t i = 0; i < count && !status; i++) add(s, (double)a[i], (double)b[i]);
    return status;
}

static int sum_bytes(const struct pair *p, const struct gguf_tensor *t, struct sums *s) {
    const uint8_t *a, *b;
    int status = blob_bytes(p->one, t->name, t->size, &a);
    if (!status) status = blob_bytes(p->other, t->name, t->size, &b);
    for (uint64_t i = 0; i < t->size && !status; i++) add(s, a[i], b[i]);
    return status;
}

static bool is_scale(const char *name) {
    size_t length = strlen(name), tail = sizeof TENSOR_SCALE - 1;
    return length > tail && strcmp(name + length - tail, TENSOR_SCALE) == 0;
}

static bool has_scales(const struct gguf *g, const char *name) {
    char scale[160];
    snprintf(scale, sizeof scale, "%s" TENSOR_SCALE, name);
    return gguf_tensor(g, scale) != NULL;
}

static int compare_tensor(struct pair *p, const struct gguf_tensor *t) {
    const struct gguf *a = blob_gguf(p->one), *b = blob_gguf(p->other);
    const struct gguf_tensor *u = gguf_tensor(b, t->name);
    struct sums s = {.same = true};
    if (!u || u->type != t->type || u->dimensions != t->dimensions || memcmp(u->ne, t->ne, sizeof t->ne) != 0) {
        p->differences++;
        printf("tensor %s: %s\n", t->name, u ? "of another shape" : "only in the first");
        return OCELLI_OK;
    }
    int status = t->type == GGUF_TENSOR_F32                         ? sum_vector(p, t, &s)
                 : has_scales(a, t->name) && has_scales(b, t->name) ? sum_matrix(p, t, &s)
                                                                    : sum_bytes(p, t, &s);
    blob_release(p->one, t->name);
    blob_release(p->other, t->name);
    if (status || s.same) return status;
    p->differences++;
    printf("tensor %s: cosine %.6f, largest difference %.3g\n", t->name, s.ab / sqrt(s.aa * s.bb), s.worst);
    return OCELLI_OK;
}

static int compare_tensors(struct pair *p) {
    const struct gguf *a = blob_gguf(p->one), *b = blob_gguf(p->other);
    int status = OCELLI_OK;
    for (uint64_t i = 0; i < a->tensor_count && !status; i++) {
        const char *name = a->tensors[i].name; /* scales are compared with what they scale */
        if (!is_scale(name) && strcmp(name, TENSOR_DIGEST) != 0) status = compare_tensor(p, &a->tensors[i]);
    }
    for (uint64_t i = 0; i < b->tensor_count && !status; i++)
        if (!gguf_tensor(a, b->tensors[i].name)) {
            p->differences++;
            printf("tensor %s: only in the second\n", b->tensors[i].name);
        }
    return status;
}

/* ---- embeddings ---- */

struct model_of {
    struct ocelli *handle;
    struct ocelli_info info;
    float *embeddings; /* (pictures + texts, D) */
};

static int embed(struct model_of *m, const char *path, const struct ocelli_image *pictures, size_t picture_count,
                 const char *const *texts, size_t text_count) {
    int status = ocelli_open(&m->handle, &(struct ocelli_params){.model = path, .device = "cpu"});
    if (status) return status;
    ocelli_get_info(m->handle, &m->info);
    m->embeddings = calloc(picture_count + text_count, m->info.embedding_size * sizeof *m->embeddings);
    if (!m->embeddings) return OCELLI_ERR_MEMORY;
    status = ocelli_embed_images(m->handle, pictures, picture_count, m->embeddings);
    if (!status)
        status =
            ocelli_embed_texts(m->handle, texts, text_count, m->embeddings + picture_count * m->info.embedding_size);
    return status;
}

static void print_embeddings(const struct model_of *a, const struct model_of *b, size_t pictures, const char **texts,
                             size_t count) {
    uint32_t d = a->info.embedding_size;
    if (d != b->info.embedding_size) {
        printf("embeddings: of %u and %u numbers\n", d, b->info.embedding_size);
        return;
    }
    for (size_t i = 0; i < pictures + count; i++)
        printf("embedding of %s%s: cosine %.6f\n", i < pictures ? "the self-test's picture" : "the text ",
               i < pictures ? "" : texts[i - pictures],
               reference_cosine(a->embeddings + i * d, b->embeddings + i * d, d));
}

static bool has_text(const struct blob *blob) {
    const struct gguf_value *v = gguf_value(blob_gguf(blob), "clip.has_text_encoder");
    return !v || v->number.u;
}

/* The first blob's pictures and texts, by both models as the processor computes them; no texts, unless both embed any.
 */
static int compare_embeddings(const struct pair *p, const char *one, const char *other) {
    enum { TEXTS_MOST = 16 };
    const struct gguf_tensor *t = gguf_tensor(blob_gguf(p->one), TENSOR_SELFTEST_PICTURES);
    const struct gguf_string *strings;
    struct model_of a = {0}, b = {0};
    const char *texts[TEXTS_MOST];
    uint64_t count = 0;
    const uint8_t *rgb;
    bool any = has_text(p->one) && has_text(p->other);
    int status = any ? blob_strings(p->one, "ocelli.selftest.texts", &strings, &count) : OCELLI_OK;
    if (status || !t) return status;
    status = blob_bytes(p->one, TENSOR_SELFTEST_PICTURES, t->size, &rgb);
    if (count > TEXTS_MOST) count = TEXTS_MOST;
    for (uint64_t i = 0; i < count; i++) texts[i] = strndup(strings[i].text, strings[i].length);
    struct ocelli_image picture = {.rgb = (uint8_t *)rgb, .width = (uint32_t)t->ne[1], .height = (uint32_t)t->ne[2]};
    if (!status) status = embed(&a, one, &picture, 1, texts, count);
    if (!status) status = embed(&b, other, &picture, 1, texts, count);
    if (!status) print_embeddings(&a, &b, 1, texts, count);
    for (uint64_t i = 0; i < count; i++) free((char *)texts[i]);
    ocelli_close(&a.handle), ocelli_close(&b.handle);
    free(a.embeddings), free(b.embeddings);
    return status;
}

int compare_blobs(const char *one, const char *other) {
    struct pair p = {0};
    int status = blob_open(&p.one, one, true);
    if (!status) status = blob_open(&p.other, other, true);
    if (!status) compare_keys(&p);
    if (!status) status = compare_tensors(&p);
    if (!status && p.differences) status = compare_embeddings(&p, one, other);
    blob_close(&p.one);
    blob_close(&p.other);
    if (status) return 2;
    if (p.differences) printf("%zu difference%s\n", p.differences, p.differences == 1 ? "" : "s");
    return p.differences ? 1 : 0;
}
