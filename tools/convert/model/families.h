/* SPDX-License-Identifier: Apache-2.0
 * Families that are known and not supported. */
#ifndef CONVERT_FAMILIES_H
#define CONVERT_FAMILIES_H

/* Says what `name` (of timm, of a text tower, a model_type of transformers) is, why it is refused, and what to use
 * instead. Gives LIMIT. */
int families_refuse(const char *file, const char *name);
/* Is this model_type one of the families that families_refuse() knows by name? */
_Bool families_known(const char *name);

#endif
