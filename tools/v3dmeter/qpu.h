/* SPDX-License-Identifier: Apache-2.0
 * Loops of a QPU program, from the driver's disassembly. */
#ifndef QPU_H
#define QPU_H

#include <stddef.h>

enum { QPU_MAX_LOOPS = 64 };

/* Counts of a stretch of instructions. A QPU instruction holds an add part, a multiply part and signals. */
struct qpu_counts {
    int instructions;
    int empty;                                       /* neither part does anything (they wait, or load a uniform) */
    int dual;                                        /* both parts do something */
    int fmul, dot, fadd, integer, mov, convert, sfu; /* dot: four int8 products and their sum */
    int tmu;                                         /* requests to the texture unit: loads and stores of memory */
    int ldtmu;                                       /* words taken from it */
    int uniform; /* words of the uniform stream: constants, addresses, and values that are equal in all lanes */
    int waits;   /* thread switches: here the other thread may run while memory answers */
};

struct qpu_loop {
    int start, length;     /* instructions, inner loops included */
    int depth;             /* 0: in no other loop */
    struct qpu_counts own; /* less those of inner loops */
};

struct qpu_program {
    int length;
    struct qpu_counts outside;            /* in no loop */
    struct qpu_loop loops[QPU_MAX_LOOPS]; /* by start */
    size_t loop_count;
};

void qpu_parse(struct qpu_program *program, const char *disassembly);

#endif
