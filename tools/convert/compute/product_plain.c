/* SPDX-License-Identifier: Apache-2.0 */
#define BYTES 16
#define KERNEL product_plain
#include "convert/compute/product.inc"
