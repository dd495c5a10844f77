/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"

#include <math.h>

void ref_norm(const double *in, const float *weight, const float *bias, uint32_t rows, uint32_t width, double epsilon,
              double *out) {
    for (uint32_t r = 0; r < rows; r++, in += width, out += width) {
        double mean = 0, variance = 0;
        for (uint32_t i = 0; i < width; i++) mean += in[i] / width;
        for (uint32_t i = 0; i < width; i++) variance += (in[i] - mean) * (in[i] - mean) / width;
        for (uint32_t i = 0; i < width; i++) out[i] = (in[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i];
    }
}
