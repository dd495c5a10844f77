/* SPDX-License-Identifier: Apache-2.0
 * The tags as the broker knows them. */
#ifndef SERVE_MQTT_TAGS_H
#define SERVE_MQTT_TAGS_H

#include "serve/callbacks.h"

enum { MQTT_ID = 80 };

struct mqtt_tag {
    char *name;
    char id[MQTT_ID]; /* in topics and of entities: letters, digits, '_' and '-' */
    bool told;        /* its state was published, and is: */
    enum tagger_state state;
    float score, on; /* published last */
    bool scored;     /* they were */
    uint64_t prompt; /* a number of the text that was published last; 0: none */
};

struct mqtt_tags {
    struct mqtt_tag *tags; /* (count), in the order of the file */
    size_t count;
    uint64_t version; /* of the set; 0: none yet */
};

/* Ids of tags, or of other entities, that are no more. */
struct mqtt_gone {
    char (*ids)[MQTT_ID];
    size_t count;
};

/* The same name has the same id at every start, and two names have two. Of letters, digits, blanks and hyphens it is
 * the name with '_' for each blank. Others get eight digits of a checksum behind that. */
void mqtt_tags_id(const char *name, char id[MQTT_ID]);

/* Takes over the list of the view; what was told of those that stay is kept. *gone gets those that are no more: free
 * its ids. Errors: MEMORY, and the list is as before. */
int mqtt_tags_take(struct mqtt_tags *tags, const struct serve_view *view, struct mqtt_gone *gone);
/* NULL: none has this id. */
struct mqtt_tag *mqtt_tags_find(const struct mqtt_tags *tags, const char *id, size_t length);
/* Nothing was told of any, as to a new broker. */
void mqtt_tags_forget(struct mqtt_tags *tags);
/* One more; gone->ids is to be freed. One that finds no memory is left out. */
void mqtt_gone_add(struct mqtt_gone *gone, const char *id);
void mqtt_tags_finish(struct mqtt_tags *tags);

#endif
