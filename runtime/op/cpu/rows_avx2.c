/* SPDX-License-Identifier: Apache-2.0 */
#define LANES 8
#define ROWS rows_avx2
#include "op/cpu/rows.inc"
