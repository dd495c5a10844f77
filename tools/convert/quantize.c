/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/quantize.h"
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

void quantize_error(const float *values, uint32_t rows, uint32_t columns, const int8_t *rounded, const float *scales,
                    struct report_error *error) {
    double squares = 0, total = 0;
    *error = (struct report_error){0};
    for (uint32_t r = 0; r < rows; r++)
        for (size_t i = (size_t)r * columns; i < (size_t)(r + 1) * columns; i++) {
            double difference = (double)scales[r] * rounded[i] - values[i];
            error->largest = fmax(error->largest, fabs(difference));
            squares += difference * difference;
            total += (double)values[i] * values[i];
        }
    error->relative = total > 0 ? sqrt(squares / total) : 0;
}

enum { ROWS = 32 }; /* of a task */

struct job {
    const float *values;
    uint32_t rows, columns;
    int8_t *rounded;
    float *scales;
    struct {
        double largest, squares, total;
    } * errors; /* of each task, so that the sums do not depend on the threads */
};

static void run_task(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    (void)worker;
    double largest = 0, squares = 0, total = 0;
    for (uint32_t r = task * ROWS; r < j->rows && r < (task + 1) * ROWS; r++) {
        const float *w = j->values + (size_t)r * j->columns;
        int8_t *rounded = j->rounded + (size_t)r * j->columns;
        quantize_row(w, j->columns, rounded, &j->scales[r]);
        for (uint32_t i = 0; i < j->columns; i++) {
            double difference = (double)j->scales[r] * rounded[i] - w[i];
            largest = fabs(difference) > largest ? fabs(difference) : largest;
            squares += difference * difference, total += (double)w[i] * w[i];
        }
    }
    j->errors[task].largest = largest, j->errors[task].squares = squares, j->errors[task].total = total;
}

int quantize_matrix(struct pool *pool, const float *values, uint32_t rows, uint32_t columns, int8_t *rounded,
                    float *scales, struct report_error *error) {
    struct job j = {values, rows, columns, rounded, scales, NULL};
    struct thread_pool_step step = {run_task, &j, (rows + ROWS - 1) / ROWS, 0};
    j.errors = calloc(step.tasks + 1, sizeof *j.errors);
    if (!j.errors) return log_fail(OCELLI_ERR_MEMORY, "quantize: out of memory");
    thread_pool_run(pool, &step, 1);
    double largest = 0, squares = 0, total = 0;
    for (uint32_t t = 0; t < step.tasks; t++) {
        largest = fmax(largest, j.errors[t].largest);
        squares += j.errors[t].squares, total += j.errors[t].total;
    }
    *error = (struct report_error){largest, total > 0 ? sqrt(squares / total) : 0};
    free(j.errors);
    return OCELLI_OK;
}
