/* SPDX-License-Identifier: Apache-2.0
 * The words and CoAP codes of errors. */
#ifndef SERVE_CODE_H
#define SERVE_CODE_H

#include "serve/callbacks.h"

/* "usage"; static. */
const char *serve_code_word(enum serve_code code);
/* 4.00 is 400. SERVE_OK: 205. */
int serve_code_coap(enum serve_code code);

#endif
