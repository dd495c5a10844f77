/* SPDX-License-Identifier: Apache-2.0 */
#include "base/faults.h"

#include <ocelli.h>

int faults_pass(struct faults *faults, int status) {
    if (!faults || !status || status == OCELLI_ERR_MEMORY) return status;
    if (!faults->count++) faults->first = status;
    return OCELLI_OK;
}
