/* SPDX-License-Identifier: Apache-2.0
 * The text of http:, https: and mjpeg: addresses; bytes alone, no library. */
#ifndef SOURCE_ADDRESS_H
#define SOURCE_ADDRESS_H

#include "source/source.h"

enum { ADDRESS_MOST = 2000 };

/* "mjpeg:http://...": what stands behind "mjpeg:", else the URI itself. */
const char *address_url(const char *uri);
bool address_is_stream(const char *uri);
/* Has the URI a log-in, "user:password@"? Also one that is not written well. */
bool address_has_login(const char *uri);
/* The log-in, the query and the fragment left out, as each may be secret. shown: at most ADDRESS_MOST bytes and its
 * end; cut there. */
void address_show(const char *uri, char shown[ADDRESS_MOST + 1]);
/* What is wrong with it, as the end of a message; NULL: nothing that can be seen. */
const char *address_fault(const char *uri);

#endif
