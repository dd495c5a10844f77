/* SPDX-License-Identifier: Apache-2.0 */
#define LANES 4
#define ROWS rows_plain
#include "op/cpu/rows.inc"
