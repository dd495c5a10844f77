/* SPDX-License-Identifier: Apache-2.0
 * What a conversion decided and what it cost, as JSON for people and scripts. */
#ifndef CONVERT_REPORT_H
#define CONVERT_REPORT_H

#include "base/file.h"
#include "convert/read/source.h"
#include <cjson/cJSON.h>

struct report {
    cJSON *root, *choices, *ignored, *tensors;
    bool failed; /* memory ran out somewhere: said by report_write() */
};

/* The change by rounding a matrix to int8. */
struct report_error {
    double largest;  /* max |difference| */
    double relative; /* rms of the differences / rms of the weights */
};

int report_init(struct report *report);
void report_finish(struct report *report);

/* One decision that the tensors do not tell: `what` became `value`, because of `why`. */
void report_choice(struct report *report, const char *what, const char *value, const char *why, ...)
    __attribute__((format(printf, 4, 5)));
/* All of them for people, a line each on stdout. */
void report_print_choices(const struct report *report);
/* A tensor of the checkpoint that is knowingly left out. */
void report_ignored(struct report *report, const char *name);
void report_tensor(struct report *report, const char *name, uint32_t rows, uint32_t columns,
                   const struct report_error *error);
void report_cosine(struct report *report, const char *kind, double worst);
void report_text(struct report *report, const char *key, const char *value);
void report_number(struct report *report, const char *key, double value);
void report_sources(struct report *report, const struct sources *sources);

/* Into an opened writer; the caller commits. Errors: FILE, MEMORY. */
int report_write(struct report *report, struct file_writer *out);

#endif
