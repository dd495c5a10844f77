/* SPDX-License-Identifier: Apache-2.0
 * Inside of runtime/op/cpu: repeats for rows 0, 1, ... of a tile. Sums are variables, not an array: each stays in a
 * register. */
#ifndef OP_CPU_ROWS_OF_H
#define OP_CPU_ROWS_OF_H

#define ROWS1(X) X(0)
#define ROWS2(X) ROWS1(X) X(1)
#define ROWS3(X) ROWS2(X) X(2)
#define ROWS4(X) ROWS3(X) X(3)
#define ROWS5(X) ROWS4(X) X(4)
#define ROWS6(X) ROWS5(X) X(5)
#define ROWS7(X) ROWS6(X) X(6)
#define ROWS8(X) ROWS7(X) X(7)
#define ROWS9(X) ROWS8(X) X(8)
#define ROWS10(X) ROWS9(X) X(9)

#endif
