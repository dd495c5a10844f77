/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/own_tags.h"

#include <string.h>

int own_tags_init(struct own_tags *own, const struct ocelli_info *info) {
    *own = (struct own_tags){.tags = info->own_tags};
    return own->tags ? known_texts_init(&own->known, info->own_texts, info->own_text_count) : OCELLI_OK;
}

void own_tags_finish(struct own_tags *own) {
    known_texts_finish(&own->known);
    *own = (struct own_tags){0};
}

int own_tags_take(const struct own_tags *own, struct daemon_config *config, bool *used, struct faults *faults) {
    int status = OCELLI_OK;
    bool none = own->tags && !config->tags.count;
    if (used) *used = none;
    if (none) {
        tags_file_finish(&config->tags);
        status = tags_file_parse(&config->tags, own->tags, strlen(own->tags), "the model's own tags", NULL);
    }
    for (size_t i = 0; !status && none && i < config->tags.count; i++)
        config->tags.tags[i].line = 0; /* it is none of the ini */
    if (!status && none) status = config_check_texts(&config->tags, "the model's own tags", NULL);
    return status || !own->tags ? status : known_texts_check(&own->known, &config->tags, config->path, faults);
}
