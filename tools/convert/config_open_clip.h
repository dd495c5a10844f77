/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_CONFIG_OPEN_CLIP_H
#define CONVERT_CONFIG_OPEN_CLIP_H

#include "convert/config.h"

/* model_cfg and preprocess_cfg of an open_clip_config.json. Errors: FILE. */
int config_open_clip(struct model_config *config, const cJSON *json, const char *file);

#endif
