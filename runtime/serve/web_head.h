/* SPDX-License-Identifier: Apache-2.0
 * What the heads of a web request say about who sent it: pure functions of text. */
#ifndef SERVE_WEB_HEAD_H
#define SERVE_WEB_HEAD_H

#include <stdbool.h>
#include <stddef.h>

enum { WEB_NAME = 256 };

/* Names that a browser may ask by. With another one in Host, a foreign page has made its name point here (DNS
 * rebinding). Addresses, localhost, this machine's name and that with .local are known always. */
struct web_names {
    char own[WEB_NAME]; /* of this machine; "": none */
    const char *given;  /* parted by blanks; NULL: none */
};

/* `host`: the value of Host, with or without a port. */
bool web_host_known(const struct web_names *names, const char *host);

/* Is this one of the names that are given? */
bool web_host_given(const struct web_names *names, const char *host);

/* Schemes of an origin. Behind a proxy that ends TLS a page is of HTTPS, though HTTP is spoken here. */
enum { WEB_HTTP = 1, WEB_HTTPS = 2 };

/* Is the page that sends this on the host that it asks, by one of these schemes? origin: the value of Origin. */
bool web_origin_same(const char *origin, const char *host, int schemes);

/* May a request with these heads change something? NULL: the head is not there, as a program leaves it out; browsers
 * always send Origin then. site: of Sec-Fetch-Site. */
bool web_may_write(const char *origin, const char *site, const char *host, int schemes);

/* May a page's answer be read by who asks so? A foreign page that embeds it may not; to open the page itself by a
 * link may (mode: of Sec-Fetch-Mode). */
bool web_may_read(const char *site, const char *mode, bool page);

/* The password of "Basic ..." (RFC 7617), whatever the user's name; false: it is none. */
bool web_basic(const char *authorization, char *password, size_t capacity);

/* "application/json", with or without parameters? */
bool web_is_json(const char *type);

#endif
