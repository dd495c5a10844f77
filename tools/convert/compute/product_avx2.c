/* SPDX-License-Identifier: Apache-2.0 */
#define BYTES 32
#define KERNEL product_avx2
#include "convert/compute/product.inc"
