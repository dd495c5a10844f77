/* SPDX-License-Identifier: Apache-2.0
 * How a server is asked: which address, as whom, and what libcurl may do for it: http and https to this one host, no
 * proxy, no cookies, nothing compressed. */
#include "source/address.h"
#include "source/http.h"
#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_MS = 10000 };

/* ---- the address ---- */

static int no_memory(const struct http *h) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", h->source->uri);
}

/* Moves a part of the log-in out of the address, decoded; *text stays NULL if there is none. */
static bool take_part(struct http *h, CURLUPart part, char **text) {
    char *found = NULL;
    CURLUcode code = h->curl->url_get(h->address, part, &found, CURLU_URLDECODE);
    if (code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD) return true;
    if (code) return false;
    *text = strdup(found);
    explicit_bzero(found, strlen(found));
    h->curl->free(found);
    return *text && !h->curl->url_set(h->address, part, NULL, 0);
}

static bool same_text(const char *a, const char *b) {
    return a && b && !strcasecmp(a, b);
}

static bool part_is(struct http *h, CURLU *address, CURLUPart part, const char *wanted) {
    char *found = NULL;
    bool is = !h->curl->url_get(address, part, &found, 0) && same_text(found, wanted);
    h->curl->free(found);
    return is;
}

static int parse(struct http *h, const char *url) {
    h->address = h->curl->url();
    if (!h->address) return no_memory(h);
    if (h->curl->url_set(h->address, CURLUPART_URL, url, 0))
        return log_fail(OCELLI_ERR_USAGE, "%s: no address: give http://HOST/PATH", h->source->uri);
    h->encrypted = part_is(h, h->address, CURLUPART_SCHEME, "https");
    bool done = take_part(h, CURLUPART_USER, &h->user) && take_part(h, CURLUPART_PASSWORD, &h->password);
    return done ? OCELLI_OK : log_fail(OCELLI_ERR_USAGE, "%s: its log-in cannot be read", h->source->uri);
}

static bool copy(char **to, const char *text) {
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

int http_session_open(struct http *http, const char *uri, const struct source_options *options) {
    http->any_type = address_is_stream(uri);
    http->multi = http->curl->multi_init();
    int status = http->multi ? parse(http, address_url(uri)) : no_memory(http);
    if (status) return status;
    bool done = http->user || copy(&http->user, options->login);
    done = done && copy(&http->password_file, options->password_file) && copy(&http->ca, options->ca);
    return done ? OCELLI_OK : no_memory(http);
}

static void free_secret(char *text) {
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

void http_session_close(struct http *http) {
    http_end(http);
    if (http->multi) http->curl->multi_cleanup(http->multi);
    if (http->address) http->curl->url_cleanup(http->address);
    free_secret(http->user);
    free_secret(http->password);
    free(http->password_file);
    free(http->ca);
}

/* ---- a request ---- */

static bool read_password(struct http *h, char password[HTTP_PASSWORD]) {
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = file_read_secret(h->password_file, "the password", password, HTTP_PASSWORD);
    log_release();
    if (status) http_fail(h, "%s", why);
    return !status;
}

#define SET(option, value) (good = good && !h->curl->easy_setopt(h->easy, (option), (value)))

static bool set_login(struct http *h) {
    char password[HTTP_PASSWORD] = "";
    bool good = true;
    if (!h->user) return true;
    if (!h->password && h->password_file && !read_password(h, password)) return false;
    SET(CURLOPT_USERNAME, h->user);
    SET(CURLOPT_PASSWORD, h->password ? h->password : password);
    SET(CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST));
    explicit_bzero(password, sizeof password);
    return good;
}

/* Nothing but this: no file, no other protocol, no proxy of the environment, and redirects by http_redirect() alone. */
static bool set_limits(struct http *h) {
    bool good = true;
    long protocols = h->encrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS;
    SET(CURLOPT_PROTOCOLS, protocols);
    SET(CURLOPT_REDIR_PROTOCOLS, protocols);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_USERAGENT, "ocelli/" OCELLI_VERSION);
    if (h->ca) SET(CURLOPT_CAINFO, h->ca);
#if LIBCURL_VERSION_NUM >= 0x075700
    h->curl->easy_setopt(h->easy, CURLOPT_QUICK_EXIT, 1L); /* waits for no name server; older ones do not know it */
#endif
    return good;
}

static bool set_address(struct http *h, CURLU *address) {
    char *url = NULL;
    bool good = !h->curl->url_get(address, CURLUPART_URL, &url, 0);
    if (good) SET(CURLOPT_URL, url);
    h->curl->free(url);
    return good;
}

bool http_begin(struct http *http) {
    http->easy = http->curl->easy_init();
    http->narrowed = false;
    http->redirects = 0;
    bool good = http->easy && set_limits(http) && set_login(http) && set_address(http, http->address);
    if (!good && !*http->fault) http_fail(http, "libcurl does not take what it needs");
    if (!good) http_end(http);
    return good;
}

void http_return(struct http *http) {
    if (http->redirects && !set_address(http, http->address)) http_end(http);
    http->redirects = 0;
}

void http_end(struct http *http) {
    if (http->easy) http->curl->easy_cleanup(http->easy);
    http->easy = NULL;
}

void http_narrow(struct http *http) {
    long ways = 0;
    if (http->narrowed || !http->user) return;
    http->curl->easy_getinfo(http->easy, CURLINFO_HTTPAUTH_AVAIL, &ways);
    if (!(ways & (long)(CURLAUTH_DIGEST | CURLAUTH_BASIC))) return;
    long way = (long)(ways & (long)CURLAUTH_DIGEST ? CURLAUTH_DIGEST : CURLAUTH_BASIC);
    http->narrowed = !http->curl->easy_setopt(http->easy, CURLOPT_HTTPAUTH, way);
}

/* ---- another address ---- */

/* May the server send us there? Only within the host that the ini names: else a camera could have this board ask its
 * other services, or the neighbours', in its place. */
static bool may_follow(struct http *h, CURLU *to) {
    char *host = NULL, *own = NULL;
    bool https = part_is(h, to, CURLUPART_SCHEME, "https"), http = part_is(h, to, CURLUPART_SCHEME, "http");
    bool same = !h->curl->url_get(to, CURLUPART_HOST, &host, 0) &&
                !h->curl->url_get(h->address, CURLUPART_HOST, &own, 0) && same_text(host, own);
    if (!same)
        http_fail(h, "it redirects to another host (%.80s): if that is the camera, give its address",
                  host ? host : "?");
    else if (!https && (!http || h->encrypted))
        http_fail(h, "it redirects to something else than %s", h->encrypted ? "https" : "http and https");
    else if (++h->redirects > HTTP_REDIRECTS)
        http_fail(h, "it redirects more than %d times", HTTP_REDIRECTS);
    h->curl->free(host);
    h->curl->free(own);
    return !*h->fault;
}

bool http_redirect(struct http *http) {
    char *url = NULL;
    CURLU *to;
    long code = http_code(http);
    if (code < 300 || code > 399 || http->curl->easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &url) || !url)
        return false;
    to = http->curl->url();
    bool good = to && !http->curl->url_set(to, CURLUPART_URL, url, 0) &&
                !http->curl->url_set(to, CURLUPART_USER, NULL, 0) &&
                !http->curl->url_set(to, CURLUPART_PASSWORD, NULL, 0);
    if (!good) http_fail(http, "it redirects to no address of http or https");
    good = good && may_follow(http, to) && set_address(http, to);
    if (to) http->curl->url_cleanup(to);
    return good;
}
