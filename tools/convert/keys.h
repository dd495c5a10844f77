/* SPDX-License-Identifier: Apache-2.0
 * The blob's metadata: docs/blob.md, "Metadata", except the self-test's. */
#ifndef CONVERT_KEYS_H
#define CONVERT_KEYS_H

#include "convert/gguf_write.h"
#include "convert/license.h"
#include "convert/model.h"
#include "convert/tokenizer.h"

void keys_general(struct gguf_write *writer, const char *name, const struct license *license,
                  const struct sources *sources);
void keys_model(struct gguf_write *writer, const struct model *model);
void keys_tokenizer(struct gguf_write *writer, const struct tokenizer *tokenizer);

#endif
