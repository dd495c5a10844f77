/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/quantize.h"
#include "base/log.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int quantize_check(const char *file, const char *name, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not finite at %zu: fetch the checkpoint again", file,
                            name, i);
    return OCELLI_OK;
}

static void quantize_row(const float *w, uint32_t columns, int8_t *rounded, float *scale) {
    float largest = 0;
    for (uint32_t i = 0; i < columns; i++) largest = fmaxf(largest, fabsf(w[i]));
    *scale = largest / 127;
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
    for (uint32_t r = 0; r < rows; r++)
        quantize_row(values + (size_t)r * columns, columns, rounded + (size_t)r * columns, &scales[r]);
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

enum { ROWS = 32 }; /* of a task */

struct job {
    const float *values;
    uint32_t rows, columns;
    int8_t *rounded;
    float *scales;
    struct sums *sums; /* of each task, so that they do not depend on the threads */
};

static void run_task(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    (void)worker;
    struct sums sums = {0};
    for (uint32_t r = task * ROWS; r < j->rows && r < (task + 1) * ROWS; r++) {
        const float *w = j->values + (size_t)r * j->columns;
        int8_t *rounded = j->rounded + (size_t)r * j->columns;
        quantize_row(w, j->columns, rounded, &j->scales[r]);
        add_row(&sums, w, j->columns, rounded, j->scales[r]);
    }
    j->sums[task] = sums;
}

int quantize_matrix(struct pool *pool, const float *values, uint32_t rows, uint32_t columns, int8_t *rounded,
                    float *scales, struct report_error *error) {
    struct job j = {values, rows, columns, rounded, scales, NULL};
    struct thread_pool_step step = {run_task, &j, (rows + ROWS - 1) / ROWS, 0};
    j.sums = calloc(step.tasks + 1, sizeof *j.sums);
    if (!j.sums) return log_fail(OCELLI_ERR_MEMORY, "quantize: out of memory");
    thread_pool_run(pool, &step, 1);
    struct sums all = {0};
    for (uint32_t t = 0; t < step.tasks; t++) {
        all.largest = fmax(all.largest, j.sums[t].largest);
        all.squares += j.sums[t].squares, all.total += j.sums[t].total;
    }
    *error = error_of(all);
    free(j.sums);
    return OCELLI_OK;
}
