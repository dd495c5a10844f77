/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/quantize.h"
#include "base/log.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int quantize_check(const char *file, const char *name, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not finite at %zu: fetch the checkpoint again", file,
                            name, i);
    return OCELLI_OK;
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
    float largest = 0, best = 0, least = INFINITY;
    for (uint32_t i = 0; i < columns; i++) largest = fmaxf(largest, fabsf(row[i]));
    if (!rule->count || largest / 127 < FLT_MIN) return largest / 127;
    for (int k = 0; k < TRIED; k++) {
        float scale = largest / 127 * (1 + 0.3f / TRIED * (float)k), noise = rule->rest * scale * scale / 12;
        for (uint32_t h = 0; h < rule->count; h++) {
            float w = row[rule->heavy[h]], off = (w / scale + whole - whole) * scale - w;
            noise += rule->energies[h] * off * off;
        }
        if (noise < least) least = noise, best = scale;
    }
    return best;
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

static void add_row(struct sums *s, const float *w, uint32_t columns, const int8_t *rounded, float scale) {
    struct sums sums = *s;
    for (uint32_t i = 0; i < columns; i++) {
        double difference = (double)scale * rounded[i] - w[i];
        sums.largest = fabs(difference) > sums.largest ? fabs(difference) : sums.largest;
        sums.squares += difference * difference, sums.total += (double)w[i] * w[i];
    }
    *s = sums;
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

enum { ROWS = 32 }; /* of a task */

struct job {
    const float *values;
    uint32_t rows, columns;
    uint32_t side; /* of a kernel over pixels; 0: no such */
    const struct quantize_inputs *inputs;
    struct quantize_rule rule;
    int8_t *rounded;
    float *scales, *bias;
    struct sums *sums; /* of each task, so that they do not depend on the threads */
};

/* What the row's results lack in the mean. */
static float lost(const struct job *j, const float *w, const int8_t *rounded, float scale) {
    double sum = 0;
    for (uint32_t i = 0; i < j->columns; i++) sum += (w[i] - scale * rounded[i]) * j->inputs->means[i];
    return (float)sum;
}

static void run_task(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    struct sums sums = {0};
    for (uint32_t r = task * ROWS; r < j->rows && r < (task + 1) * ROWS; r++) {
        const float *w = j->values + (size_t)r * j->columns;
        int8_t *rounded = j->rounded + (size_t)r * j->columns;
        quantize_row(w, j->columns, &j->rule, rounded, &j->scales[r]);
        for (size_t c = 0; j->side && j->scales[r] > 0 && c < j->columns; c += (size_t)j->side * j->side)
            diffuse(w + c, j->side, j->scales[r], worker->scratch, rounded + c);
        if (j->inputs && j->bias) j->bias[r] += lost(j, w, rounded, j->scales[r]);
        add_row(&sums, w, j->columns, rounded, j->scales[r]);
    }
    j->sums[task] = sums;
}

static int run_job(struct pool *pool, struct job *j, struct report_error *error) {
    struct thread_pool_step step = {run_task, j, (j->rows + ROWS - 1) / ROWS, 0};
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

int quantize_matrix(struct pool *pool, const float *values, uint32_t rows, uint32_t columns,
                    const struct quantize_inputs *inputs, int8_t *rounded, float *scales, float *bias,
                    struct report_error *error) {
    struct job j = {.values = values,
                    .rows = rows,
                    .columns = columns,
                    .inputs = inputs,
                    .rounded = rounded,
                    .scales = scales,
                    .bias = bias};
    if (inputs) quantize_rule_init(&j.rule, inputs->variances, columns);
    return run_job(pool, &j, error);
}

int quantize_kernels(struct pool *pool, const float *values, uint32_t rows, uint32_t side, int8_t *rounded,
                     float *scales, struct report_error *error) {
    struct job j = {
        .values = values, .rows = rows, .columns = 3 * side * side, .side = side, .rounded = rounded, .scales = scales};
    int status = thread_pool_reserve(pool, (side + 2) * sizeof(float));
    return status ? status : run_job(pool, &j, error);
}
