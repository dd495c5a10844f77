/* SPDX-License-Identifier: Apache-2.0
 * The report as one HTML page that needs nothing else: numbers, words and plots (SVG), in light and dark. */
#ifndef CONVERT_PAGE_H
#define CONVERT_PAGE_H

#include "convert/report/report.h"

/* Into an opened writer; the caller commits. Errors: FILE, MEMORY. */
int page_write(const struct report *report, struct file_writer *out);

#endif
