/* SPDX-License-Identifier: Apache-2.0
 * The line form: bytes of a request in, bytes of its answer out. No sockets, no clock. */
#ifndef SERVE_LINE_H
#define SERVE_LINE_H

#include "serve/request.h"
#include "serve/arguments.h"

struct serve_context {
    const struct serve_callbacks *callbacks;
    struct serve_events events;
    struct serve_pages pages; /* serve_pages_finish() frees them */
    struct serve_order order;
    size_t waiting;             /* requests, of all transports, that are handled again when the search has ended */
    struct serve_origin origin; /* of the next line: client, may_wait and ticket are the transport's to set */
};

/* serve_line() gives this in place of a size while a search or a change is under way. Keep the line with origin.ticket,
 * and hand it in again when serve_pending() says that it has ended. */
#define SERVE_LINE_DEFERRED SIZE_MAX

/* One request without its line end; `size` may be over the limit. Gives the bytes of the answer, which ends with LF; 0:
 * there is none to an empty line, nor to an answer. */
size_t serve_line(struct serve_context *context, struct serve_client *client, double now_ms, const char *line,
                  size_t size, char answer[SERVE_LINE]);

/* An answer with nothing but this error, and the request's id where there is one; 0: as above. */
size_t serve_line_error(const struct serve_client *client, enum serve_code code, const char *line, size_t size,
                        char answer[SERVE_LINE]);

/* What is to be pushed now to who watches: a change, or alive. Call until it gives 0. */
size_t serve_line_push(struct serve_context *context, struct serve_client *client, double now_ms,
                       char push[SERVE_LINE]);

#endif
