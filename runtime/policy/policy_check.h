/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a policy file although each of its lines is of the format. */
#ifndef POLICY_CHECK_H
#define POLICY_CHECK_H

#include "policy/policy_file.h"

/* policy_file_parse()'s own. Errors: FILE (logged with the line), unless `faults` takes them. */
int policy_check(const struct policy_file *file, struct faults *faults);

#endif
