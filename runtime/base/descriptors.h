/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

/* No program that is started later inherits what is open now, but standard input, output and error. For what libraries
 * open without saying O_CLOEXEC: a socket that lives on in a child keeps its port. */
void descriptors_close_on_exec(void);

#endif
