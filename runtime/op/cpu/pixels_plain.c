/* SPDX-License-Identifier: Apache-2.0 */
#define PIXELS pixels_plain
#include "op/cpu/pixels.inc"
