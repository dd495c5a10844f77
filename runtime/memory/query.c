/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/query.h"
#include "base/log.h"

#include <math.h>

#define LEAST 1e-4 /* of a length: below it only rounding is left */

void query_add(float *sum, const float *vector, size_t size, float weight) {
    for (size_t i = 0; i < size; i++) sum[i] += weight * vector[i];
}

int query_finish(float *sum, size_t size) {
    double squares = 0;
    for (size_t i = 0; i < size; i++) squares += (double)sum[i] * (double)sum[i];
    if (!(squares > LEAST * LEAST))
        return log_fail(OCELLI_ERR_USAGE, "what is looked for and what is left out are the same: change one of them");
    for (size_t i = 0; i < size; i++) sum[i] = (float)((double)sum[i] / sqrt(squares));
    return OCELLI_OK;
}
