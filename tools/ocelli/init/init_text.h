/* SPDX-License-Identifier: Apache-2.0
 * The text of the ini that `ocelli init` writes: example/ocelli.ini, with this machine's model, source and tags
 * in it. */
#ifndef INIT_TEXT_H
#define INIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The two files of tools/ocelli/init/example, as they are installed as examples. */
extern const char example_ini[], example_on_change[];

struct init_text {
    const char *model;         /* as the ini shall name it */
    const char *uri;           /* the source */
    const char *const *others; /* (other_count) ids of further cameras, for comments */
    size_t other_count;
    const char *const *tags; /* (tag_count) names; none: those of the example, or of the drawn scene */
    size_t tag_count;
    bool coap; /* it is built in */
};

/* Text that ends with a line end; free() it. NULL: out of memory, said. */
char *init_text(const struct init_text *wanted);

#endif
