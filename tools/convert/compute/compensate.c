/* SPDX-License-Identifier: Apache-2.0
 * N inputs, K columns. */
#include "convert/compute/compensate.h"
#include "base/log.h"
#include "convert/compute/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the median column's energy: what the inputs at hand do not tell. Less follows them too closely. */
static const double damping = 0.01;

struct job {
    const struct compensate_inputs *inputs;
    struct compensate *out;
    double **inverse; /* of each: (N, N) */
};

struct place {
    float energy;
    uint32_t column;
};

static int larger_first(const void *a, const void *b) {
    const struct place *p = a, *q = b;
    if (p->energy != q->energy) return p->energy > q->energy ? -1 : 1;
    return p->column < q->column ? -1 : 1;
}

enum { BLOCK = 8 }; /* columns between two passes over M */

/* out(b) = M x(b). x: (N, BLOCK); out: (BLOCK, N). */
static void multiply(const double *m, const double *x, uint32_t n, double *out) {
    for (uint32_t i = 0; i < n; i++, m += n) {
        double sums[BLOCK] = {0};
        for (uint32_t k = 0; k < n; k++)
            for (uint32_t b = 0; b < BLOCK; b++) sums[b] += m[k] * x[k * BLOCK + b];
        for (uint32_t b = 0; b < BLOCK; b++) out[(size_t)b * n + i] = sums[b];
    }
}

/* M -= sum of u(b) u(b)^T / d(b) */
static void take_away(double *m, const double *u, uint32_t n, const double *d) {
    for (uint32_t i = 0; i < n; i++, m += n) {
        double f[BLOCK];
        for (uint32_t b = 0; b < BLOCK; b++) f[b] = u[(size_t)b * n + i] / d[b];
        for (uint32_t k = 0; k < n; k++) {
            double sum = 0;
            for (uint32_t b = 0; b < BLOCK; b++) sum += f[b] * u[(size_t)b * n + k];
            m[k] -= sum;
        }
    }
}

static double dot(const double *a, const double *b, uint32_t n) {
    double sums[BLOCK] = {0}, sum = 0;
    for (uint32_t i = 0; i < n; i++) sums[i % BLOCK] += a[i] * b[i];
    for (int k = 0; k < BLOCK; k++) sum += sums[k];
    return sum;
}

/* Column `column` of the inputs. */
static void take_column(const struct compensate_inputs *in, uint32_t column, uint32_t n, float *to) {
    for (uint32_t s = 0; s < n; s++) {
        float x = s < in->sample->count ? in->sample->rows[(size_t)s * in->sample->columns + column] : 0;
        if (in->factors) x /= in->factors[column];
        to[s] = s < in->sample->count && in->means ? x - in->means[column] : x;
    }
}

struct room {
    double *m;         /* (N, N) */
    double *x, *apart; /* (BLOCK, N), (N, BLOCK): columns of inputs */
    double *u;         /* (BLOCK, N): M_j x_j before column j is in M_j */
    double d[BLOCK];
};

/* Columns first to first + count of the order, the last one first, by Sherman and Morrison's formula:
 * M_j = M_k - u u^T / d, with k = j + 1, u = M_k x_j, d = 1 + x_j . u. So M_j x_j = u / d. */
static void add_columns(const struct compensate_inputs *in, struct compensate *c, uint32_t first, uint32_t count,
                        struct room *room) {
    uint32_t n = c->count;
    memset(room->apart, 0, (size_t)n * BLOCK * sizeof *room->apart);
    for (uint32_t b = 0; b < count; b++) {
        float *x = c->inputs + (size_t)(first + b) * n;
        take_column(in, c->order[first + b], n, x);
        for (uint32_t i = 0; i < n; i++) room->x[(size_t)b * n + i] = room->apart[(size_t)i * BLOCK + b] = x[i];
    }
    multiply(room->m, room->apart, n, room->u);
    for (uint32_t b = count; b < BLOCK; b++) room->d[b] = 1; /* and u is 0 */
    for (uint32_t b = count; b-- > 0;) {
        double *u = room->u + (size_t)b * n;
        const double *x = room->x + (size_t)b * n;
        for (uint32_t k = b + 1; k < count; k++) {
            const double *other = room->u + (size_t)k * n;
            double factor = dot(other, x, n) / room->d[k];
            for (uint32_t i = 0; i < n; i++) u[i] -= factor * other[i];
        }
        room->d[b] = 1 + dot(x, u, n);
        for (uint32_t i = 0; i < n; i++) c->gains[(size_t)(first + b) * n + i] = (float)(u[i] / room->d[b]);
    }
    take_away(room->m, room->u, n, room->d);
}

/* A task is one of the inputs. */
static void make_gains(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    struct compensate *c = &j->out[task];
    uint32_t n = c->count;
    double *scratch = worker->scratch;
    struct room room = {.m = j->inverse[task],
                        .x = scratch,
                        .apart = scratch + (size_t)BLOCK * n,
                        .u = scratch + 2 * (size_t)BLOCK * n};
    const struct compensate_inputs *in = &j->inputs[task];
    double least = damping * in->energies[c->order[c->columns / 2]] * (double)in->sample->count;
    for (uint32_t i = 0; i < n; i++) room.m[(size_t)i * n + i] = 1 / (least > 0 ? least : 1);
    for (uint32_t end = c->columns, count; end > 0; end -= count) {
        count = end % BLOCK ? end % BLOCK : BLOCK;
        add_columns(in, c, end - count, count, &room);
    }
}

static bool make_order(struct compensate *c, const float *energies) {
    struct place *places = malloc(c->columns * sizeof *places);
    if (!places) return false;
    for (uint32_t i = 0; i < c->columns; i++) places[i] = (struct place){energies[i], i};
    qsort(places, c->columns, sizeof *places, larger_first);
    for (uint32_t i = 0; i < c->columns; i++) c->order[i] = places[i].column;
    free(places);
    return true;
}

static bool prepare(struct arena *arena, const struct compensate_inputs *in, struct compensate *c) {
    c->columns = in->sample->columns;
    c->count = ((uint32_t)in->sample->count + PRODUCT_FOLLOW - 1) / PRODUCT_FOLLOW * PRODUCT_FOLLOW;
    c->order = arena_alloc(arena, c->columns, sizeof *c->order);
    c->inputs = arena_alloc(arena, (size_t)c->columns * c->count, sizeof *c->inputs);
    c->gains = arena_alloc(arena, (size_t)c->columns * c->count, sizeof *c->gains);
    return c->order && c->inputs && c->gains && make_order(c, in->energies);
}

int compensate_init(struct pool *pool, struct arena *arena, const struct compensate_inputs *inputs, size_t count,
                    struct compensate *out) {
    struct arena scratch = {0};
    struct job j = {inputs, out, arena_alloc(&scratch, count, sizeof *j.inverse)};
    bool good = j.inverse != NULL;
    size_t most = 0;
    for (size_t i = 0; i < count && good; i++) {
        good = prepare(arena, &inputs[i], &out[i]);
        most = out[i].count > most ? out[i].count : most;
        j.inverse[i] = arena_alloc(&scratch, (size_t)out[i].count * out[i].count, sizeof **j.inverse);
        good = good && j.inverse[i];
    }
    int status = good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "calibration: out of memory");
    if (!status) status = thread_pool_reserve(pool, 3 * BLOCK * most * sizeof(double));
    struct thread_pool_step step = {make_gains, &j, (uint32_t)count, 0};
    if (!status && count) thread_pool_run(pool, &step, 1);
    arena_finish(&scratch);
    return status;
}

/* ---- rows of weights ---- */

size_t compensate_room(const struct compensate *c) {
    return (size_t)(c->count + 1) * PRODUCT_COLUMNS_MOST;
}

/* As many as the kernel has columns. */
static void round_some(const struct compensate *c, const struct product_kernel *f, const float *const *w,
                       const float *scales, uint32_t rows, int8_t *rounded, float *room) {
    const float whole = 0x1.8p23f;
    float off[PRODUCT_COLUMNS_MOST] = {0}, owed[PRODUCT_COLUMNS_MOST];
    float step[PRODUCT_COLUMNS_MOST], most[PRODUCT_COLUMNS_MOST];
    int8_t whole_numbers[PRODUCT_COLUMNS_MOST];
    float *errors = room; /* (N, columns of the kernel) */
    memset(errors, 0, (size_t)c->count * f->columns * sizeof *errors);
    for (uint32_t r = 0; r < rows; r++) step[r] = scales[r] > 0 ? scales[r] : 1, most[r] = scales[r] > 0 ? 127 : 0;
    for (uint32_t at = 0; at < c->columns; at++) {
        uint32_t column = c->order[at], last = at ? at - 1 : 0;
        f->follow(errors, c->count, c->inputs + (size_t)last * c->count, off, c->gains + (size_t)at * c->count, owed);
        for (uint32_t r = 0; r < rows; r++) off[r] = w[r][column];
        for (uint32_t r = 0; r < rows; r++) { /* rounded as in quantize.c */
            float value = (off[r] + owed[r]) / step[r];
            value = value > most[r] ? most[r] : value < -most[r] ? -most[r] : value;
            value = value + whole - whole;
            whole_numbers[r] = (int8_t)value;
            off[r] -= value * step[r];
        }
        for (uint32_t r = 0; r < rows; r++) rounded[(size_t)r * c->columns + column] = whole_numbers[r];
    }
}

void compensate_rows(const struct compensate *c, const float *const *w, const float *scales, uint32_t rows,
                     int8_t *rounded, float *room) {
    const struct product_kernel *f = product_kernel();
    for (uint32_t r = 0; r < rows; r += f->columns)
        round_some(c, f, w + r, scales + r, rows - r < f->columns ? rows - r : f->columns,
                   rounded + (size_t)r * c->columns, room);
}
