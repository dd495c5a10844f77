/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVE_WEB_CHECK_H
#define SERVE_WEB_CHECK_H

#include "serve/serve.h"

/* Checks what a single key does not show: what goes together. It opens nothing. Errors: USAGE. */
int web_check_params(const struct serve_web_params *params);

#endif
