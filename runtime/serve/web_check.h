/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVE_WEB_CHECK_H
#define SERVE_WEB_CHECK_H

#include "serve/serve.h"

/* What no single key shows, without opening anything but the files that are named. Errors: USAGE. */
int web_check_params(const struct serve_web_params *params);

#endif
