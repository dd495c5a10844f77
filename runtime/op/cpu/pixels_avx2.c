/* SPDX-License-Identifier: Apache-2.0 */
#define PIXELS pixels_avx2
#include "op/cpu/pixels.inc"
