/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/quantize.h"
#include "base/log.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest magnitude, of a NaN something not finite. Of floats that are not negative the bits are in the same order,
 * and of integers compilers make vectors. */
static float largest_of(const float *row, size_t count) {
    int32_t most = 0;
    float largest;
    for (size_t i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, &row[i], sizeof bits);
        bits &= INT32_MAX;
        most = bits > most ? bits : most;
    }
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

int quantize_check(const char *file, const char *name, const float *values, size_t count) {
    if (isfinite(largest_of(values, count))) return OCELLI_OK;
    size_t i = 0;
    while (isfinite(values[i])) i++;
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not finite at %zu: fetch the checkpoint again", file, name, i);
}

void quantize_rule_init(struct quantize_rule *rule, const float *energies, uint32_t columns) {
    static const float far = 25; /* times the mean of the others' */
    double sum = 0;
    *rule = (struct quantize_rule){0};
    for (uint32_t i = 0; i < columns; i++) sum += energies[i];
    while (rule->count < QUANTIZE_HEAVY_MOST && rule->count < columns) {
        uint32_t most = columns;
        for (uint32_t i = 0; i < columns; i++) {
            bool taken = false;
            for (uint32_t k = 0; k < rule->count; k++) taken = taken || rule->heavy[k] == i;
            if (!taken && (most == columns || energies[i] > energies[most])) most = i;
        }
        double others = sum - energies[most];
        if (!(energies[most] > far * others / columns)) break;
        rule->heavy[rule->count] = most, rule->energies[rule->count++] = energies[most];
        sum = others;
    }
    rule->rest = (float)sum;
}

float quantize_scale(const struct quantize_rule *rule, const float *row, uint32_t columns) {
    enum { TRIED = 256 };
    const float whole = 0x1.8p23f;
    float largest = largest_of(row, columns), scales[TRIED], noise[TRIED];
    int best = 0;
    if (!rule->count || largest / 127 < FLT_MIN) return largest / 127;
    for (int k = 0; k < TRIED; k++) {
        scales[k] = largest / 127 * (1 + 0.3f / TRIED * (float)k);
        noise[k] = rule->rest * scales[k] * scales[k] / 12;
    }
    for (uint32_t h = 0; h < rule->count; h++) {
        float w = row[rule->heavy[h]], energy = rule->energies[h];
        for (int k = 0; k < TRIED; k++) {
            float off = (w / scales[k] + whole - whole) * scales[k] - w;
            noise[k] += energy * off * off;
        }
    }
    for (int k = 1; k < TRIED; k++) best = noise[k] < noise[best] ? k : best;
    return scales[best];
}

static void quantize_row(const float *w, uint32_t columns, const struct quantize_rule *rule, int8_t *rounded,
                         float *scale) {
    *scale = quantize_scale(rule, w, columns);
    if (*scale < FLT_MIN) {
        *scale = 0;
        memset(rounded, 0, columns);
        return;
    }
    /* |w / scale| may exceed 127 by its last bit, which rounds away. Rounded as rintf() does, but by vectors: a sum of
     * this size has no bits behind the point. */
    const float whole = 0x1.8p23f;
    for (uint32_t i = 0; i < columns; i++) rounded[i] = (int8_t)(w[i] / *scale + whole - whole);
}

void quantize_rows(const float *values, uint32_t rows, uint32_t columns, int8_t *rounded, float *scales) {
    static const struct quantize_rule none;
    for (uint32_t r = 0; r < rows; r++)
        quantize_row(values + (size_t)r * columns, columns, &none, rounded + (size_t)r * columns, &scales[r]);
}

/* What rounding changed, in sums. */
struct sums {
    double largest, squares, total;
};

/* Sums side by side, so that none waits for the one before it. */
enum { LANES = 8 };
struct lanes {
    double largest[LANES], squares[LANES], total[LANES];
};

static inline void add_lanes(struct lanes *l, const float *w, const int8_t *rounded, double scale, uint32_t count) {
    for (uint32_t k = 0; k < count; k++) {
        double off = fabs(scale * rounded[k] - w[k]);
        l->largest[k] = off > l->largest[k] ? off : l->largest[k];
        l->squares[k] += off * off, l->total[k] += (double)w[k] * w[k];
    }
}

static void add_row(struct sums *s, const float *w, uint32_t columns, const int8_t *rounded, float scale) {
    struct lanes l = {0};
    uint32_t i = 0;
    for (; i + LANES <= columns; i += LANES) add_lanes(&l, w + i, rounded + i, scale, LANES);
    add_lanes(&l, w + i, rounded + i, scale, columns - i);
    for (uint32_t k = 0; k < LANES; k++) {
        s->largest = fmax(s->largest, l.largest[k]);
        s->squares += l.squares[k], s->total += l.total[k];
    }
}

static struct report_error error_of(struct sums s) {
    return (struct report_error){s.largest, s.total > 0 ? sqrt(s.squares / s.total) : 0};
}

void quantize_error(const float *values, uint32_t rows, uint32_t columns, const int8_t *rounded, const float *scales,
                    struct report_error *error) {
    struct sums sums = {0};
    for (uint32_t r = 0; r < rows; r++)
        add_row(&sums, values + (size_t)r * columns, columns, rounded + (size_t)r * columns, scales[r]);
    *error = error_of(sums);
}

/* One channel of a kernel. `below` has room for what the row below is given, with a number at each end. */
static void diffuse(const float *w, uint32_t side, float scale, float *below, int8_t *rounded) {
    for (uint32_t i = 0; i < side + 2; i++) below[i] = 0;
    for (uint32_t y = 0; y < side; y++) {
        float right = 0, corner = 0; /* handed on to the next number, and to the one below it */
        for (uint32_t x = 0; x < side; x++, w++, rounded++) {
            float value = *w / scale + below[x + 1] + right;
            float nearest = fminf(fmaxf(rintf(value), -127), 127), off = value - nearest;
            *rounded = (int8_t)nearest;
            right = off * 7 / 16;
            below[x] += off * 3 / 16;
            below[x + 1] = corner + off * 5 / 16;
            corner = off / 16;
        }
    }
}

enum {
    ROWS = 32,
    TOGETHER = COMPENSATE_ROWS,
    BESIDE = 4
}; /* of a task; that are rounded at once; of sums side by side */

struct job {
    struct quantize_weights weights;
    uint32_t side; /* of a kernel over pixels; 0: no such */
    const struct quantize_inputs *inputs;
    struct quantize_rule rule;
    int8_t *rounded;
    float *scales, *bias;
    struct sums *sums; /* of each task, so that they do not depend on the threads */
};

/* A row as it is to be rounded; in `room` where it differs from the given one. */
static const float *balanced(const struct quantize_weights *weights, uint32_t row, float *room) {
    const float *w = weights->values + (size_t)row * weights->columns;
    if (!weights->times && !weights->over) return w;
    for (uint32_t i = 0; i < weights->columns; i++) room[i] = weights->times ? w[i] * weights->times[i] : w[i];
    for (uint32_t i = 0; weights->over && i < weights->columns; i++) room[i] /= weights->over[row];
    return room;
}

/* Gives to the bias what the results of rows lack in the mean. */
static void give_back(const struct job *j, uint32_t row, uint32_t count, const float *const *w) {
    uint32_t columns = j->weights.columns;
    const int8_t *rounded[BESIDE];
    double sums[BESIDE] = {0};
    for (uint32_t r = 0; r < count; r++) rounded[r] = j->rounded + (size_t)(row + r) * columns;
    for (uint32_t i = 0; i < columns; i++)
        for (uint32_t r = 0; r < count; r++)
            sums[r] += (w[r][i] - j->scales[row + r] * rounded[r][i]) * j->inputs->means[i];
    for (uint32_t r = 0; r < count; r++) j->bias[row + r] += (float)sums[r];
}

/* As quantize_row() does for one. room: behind the rows' own. */
static void compensate(const struct job *j, uint32_t row, uint32_t count, const float *const *w, float *room) {
    uint32_t columns = j->weights.columns;
    for (uint32_t r = 0; r < count; r++) {
        float scale = quantize_scale(&j->rule, w[r], columns);
        j->scales[row + r] = scale < FLT_MIN ? 0 : scale;
    }
    compensate_rows(j->inputs->compensate, w, j->scales + row, count, j->rounded + (size_t)row * columns, room);
}

static void round_together(const struct job *j, uint32_t row, uint32_t count, float *room, struct sums *sums) {
    uint32_t columns = j->weights.columns;
    bool compensates = j->inputs && j->inputs->compensate;
    const float *w[TOGETHER];
    for (uint32_t r = 0; r < count; r++) w[r] = balanced(&j->weights, row + r, room + (size_t)r * columns);
    if (compensates) compensate(j, row, count, w, room + (size_t)TOGETHER * columns);
    for (uint32_t r = 0; r < count; r++) {
        int8_t *rounded = j->rounded + (size_t)(row + r) * columns;
        float *scale = &j->scales[row + r];
        if (!compensates) quantize_row(w[r], columns, &j->rule, rounded, scale);
        for (size_t c = 0; j->side && *scale > 0 && c < columns; c += (size_t)j->side * j->side)
            diffuse(w[r] + c, j->side, *scale, room, rounded + c);
        add_row(sums, w[r], columns, rounded, *scale);
    }
    for (uint32_t r = 0; r < count && j->inputs && j->bias; r += BESIDE)
        if (count - r < BESIDE)
            give_back(j, row + r, count - r, w + r);
        else /* a number that the compiler knows */
            give_back(j, row + r, BESIDE, w + r);
}

static void run_task(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    struct sums sums = {0};
    uint32_t end = (task + 1) * ROWS < j->weights.rows ? (task + 1) * ROWS : j->weights.rows;
    for (uint32_t r = task * ROWS; r < end; r += TOGETHER)
        round_together(j, r, end - r < TOGETHER ? end - r : TOGETHER, worker->scratch, &sums);
    j->sums[task] = sums;
}

static int run_job(struct pool *pool, struct job *j, size_t room, struct report_error *error) {
    struct thread_pool_step step = {run_task, j, (j->weights.rows + ROWS - 1) / ROWS, 0};
    int status = thread_pool_reserve(pool, room * sizeof(float));
    if (status) return status;
    j->sums = calloc(step.tasks + 1, sizeof *j->sums);
    if (!j->sums) return log_fail(OCELLI_ERR_MEMORY, "quantize: out of memory");
    thread_pool_run(pool, &step, 1);
    struct sums all = {0};
    for (uint32_t t = 0; t < step.tasks; t++) {
        all.largest = fmax(all.largest, j->sums[t].largest);
        all.squares += j->sums[t].squares, all.total += j->sums[t].total;
    }
    *error = error_of(all);
    free(j->sums);
    return OCELLI_OK;
}

int quantize_matrix(struct pool *pool, const struct quantize_weights *weights, const struct quantize_inputs *inputs,
                    int8_t *rounded, float *scales, float *bias, struct report_error *error) {
    struct job j = {.weights = *weights, .inputs = inputs, .rounded = rounded, .scales = scales, .bias = bias};
    size_t room = (size_t)TOGETHER * weights->columns;
    if (inputs) quantize_rule_init(&j.rule, inputs->variances, weights->columns);
    if (inputs && inputs->compensate) room += compensate_room(inputs->compensate);
    return run_job(pool, &j, room, error);
}

int quantize_kernels(struct pool *pool, const float *values, uint32_t rows, uint32_t side, int8_t *rounded,
                     float *scales, struct report_error *error) {
    struct job j = {.weights = {.values = values, .rows = rows, .columns = 3 * side * side},
                    .side = side,
                    .rounded = rounded,
                    .scales = scales};
    return run_job(pool, &j, side + 2, error);
}
