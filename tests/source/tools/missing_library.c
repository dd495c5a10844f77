/* SPDX-License-Identifier: Apache-2.0
 * The library that camera_needs_missing.c needs: in a folder where no loader looks. */
int missing_library(void);
__attribute__((visibility("default"))) int missing_library(void) {
    return 1;
}
