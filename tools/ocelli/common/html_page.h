/* SPDX-License-Identifier: Apache-2.0
 * One HTML page that needs no other file and follows the reader's dark or light colours. */
#ifndef HTML_PAGE_H
#define HTML_PAGE_H

#include <stdio.h>

/* The head, with the style that the reports share, and the title as heading. */
void html_page_begin(FILE *to, const char *title);
void html_page_end(FILE *to);

#endif
