/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli moderate` prints of a picture. */
#ifndef MODERATE_SHOW_H
#define MODERATE_SHOW_H

#include "policy/policy_judge.h"

/* verdict NULL: the picture could not be read. findings: (file->count), of a verdict. */
void moderate_show_plain(const struct policy_file *file, const char *image, const struct policy_finding *findings,
                         const struct policy_verdict *verdict);
void moderate_show_json(const struct policy_file *file, const char *image, const struct policy_finding *findings,
                        const struct policy_verdict *verdict);

#endif
