/* SPDX-License-Identifier: Apache-2.0
 * Inside of the page: text that is written to it, and a plot of two lines. */
#ifndef CONVERT_PAGE_PLOT_H
#define CONVERT_PAGE_PLOT_H

#include "base/file.h"

struct page {
    struct file_writer *out;
    int status; /* of the first failed write */
};

void page_put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Escaped. */
void page_text(struct page *page, const char *text);

/* All values are over 0: their scale is logarithmic. */
struct page_plot {
    const char *title, *across; /* title: for those who hear the page; across: what is counted */
    const char *one, *two;      /* names of the lines */
};
void page_plot(struct page *page, const struct page_plot *plot, const double *one, const double *two, size_t count);

#endif
