/* SPDX-License-Identifier: Apache-2.0
 * SigLIP's part of the configurations. */
#ifndef CONVERT_CONFIG_SIGLIP_H
#define CONVERT_CONFIG_SIGLIP_H

#include "convert/model/config.h"

/* `at` is config.json of model_type "siglip". Errors: FILE, LIMIT. */
int config_siglip(struct config *config, const struct json_at *at, struct report *report);
/* Why another model_type that begins with "siglip" is refused. */
int config_siglip_refuse(const char *file, const char *kind);

/* The image tower of timm's `name`; `at` is open_clip's vision_cfg. Errors: LIMIT, naming it. */
int config_siglip_timm(struct config *config, const struct json_at *at, const char *name);

/* What all of them have in common. */
void config_siglip_rules(struct config *config);
void config_siglip_report(const struct config *config, const char *why, struct report *report);

#endif
