/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/quantize.h"
#include "base/log.h"

#include <float.h>
#include <math.h>
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
    /* |w / scale| may exceed 127 by its last bit, which rounds away */
    for (uint32_t i = 0; i < columns; i++) rounded[i] = (int8_t)rintf(w[i] / *scale);
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
