/* SPDX-License-Identifier: Apache-2.0
 * ocelli-settings apply: what a start of the board makes of the settings file. */
#ifndef APPLY_H
#define APPLY_H

/* root: the folder that stands for /. state_missing: why there is no state partition; NULL: there is one. Errors: FILE,
 * MEMORY, of what the board could not come up without; all else is in the list of faults. */
int apply(const char *root, const char *state_missing);

#endif
