/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"

#include <math.h>

double ref_activate(enum op_activation activation, double x) {
    switch (activation) {
    case OP_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    case OP_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case OP_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    default: return x;
    }
}

void ref_linear(const double *in, const int8_t *weights, const float *scales, const float *bias, uint32_t rows,
                uint32_t columns, uint32_t k, enum op_activation activation, bool add, double *out) {
    for (uint32_t m = 0; m < rows; m++)
        for (uint32_t n = 0; n < columns; n++) {
            double sum = 0;
            for (uint32_t i = 0; i < k; i++) sum += in[(size_t)m * k + i] * weights[(size_t)n * k + i];
            double value = ref_activate(activation, sum * scales[n] + (bias ? bias[n] : 0));
            double *to = &out[(size_t)m * columns + n];
            *to = add ? *to + value : value;
        }
}
