/* SPDX-License-Identifier: Apache-2.0 */
#define LANES 16
#define ROWS rows_avx512
#include "op/cpu/rows.inc"
