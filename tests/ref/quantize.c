/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"

#include <math.h>

void ref_quantize(double *rows, uint32_t count, uint32_t width) {
    for (uint32_t r = 0; r < count; r++, rows += width) {
        double largest = 0;
        for (uint32_t i = 0; i < width; i++) largest = fmax(largest, fabs(rows[i]));
        double scale = largest / 127;
        for (uint32_t i = 0; i < width && largest > 0; i++) rows[i] = scale * nearbyint(rows[i] / scale);
    }
}
