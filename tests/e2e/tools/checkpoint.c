/* SPDX-License-Identifier: Apache-2.0
 * checkpoint NAME FOLDER: a golden model of tests/golden/towers as a checkpoint in FOLDER, which exists. */
#include "support/checkpoint.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 3) return fputs("usage: checkpoint NAME FOLDER\n", stderr), 2;
    checkpoint_write(argv[1], argv[2], &(struct checkpoint_form){.prefix = NULL});
    return 0;
}
