/* SPDX-License-Identifier: Apache-2.0
 * What is told of a server that does not answer well. What it sends itself is shown only in part: it may be anything.
 */
#include "source/http.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void http_fail(struct http *http, const char *format, ...) {
    char text[LOG_LINE], line[LOG_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_one_line(text, line);
    snprintf(http->fault, sizeof http->fault, "%.*s", SOURCE_FAULT - 1, line);
}

long http_code(struct http *http) {
    long code = 0;
    http->curl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

static void judge_code(struct http *h, long code) {
    if (code == 401 && h->user)
        http_fail(h, "401: it does not take this user and password");
    else if (code == 401)
        http_fail(h, "401: it wants a log-in: give user and password under [source]");
    else if (code == 403)
        http_fail(h, "403: it does not allow that: see what this user may do there");
    else if (code == 404)
        http_fail(h, "404: there is no such page: is the path right?");
    else if (code >= 300 && code < 400)
        http_fail(h, "%ld: it redirects, and not to an address", code);
    else
        http_fail(h, "it answers %ld in place of 200", code);
}

static void judge_body(struct http *h) {
    const char *type = NULL;
    h->curl->easy_getinfo(h->easy, CURLINFO_CONTENT_TYPE, &type);
    if (h->stream)
        http_fail(h, h->taken ? "the stream ended" : "the stream ended before its first picture");
    else if (jpeg_stream_inside(&h->jpegs))
        http_fail(h, "it ended in the middle of a picture");
    else
        http_fail(h, "what came is no JPEG (its type is %s%.60s): does a browser show a picture there?",
                  type ? "" : "not given", type ? type : "");
}

void http_judge(struct http *http) {
    long code = http_code(http);
    if (*http->fault) return;
    if (code != 200)
        judge_code(http, code);
    else if (http->stream || !http->taken)
        judge_body(http);
}

void http_judge_broken(struct http *http, CURLcode code) {
    long answer = http_code(http);
    if (*http->fault || (http->taken && !http->stream)) return;
    if (answer && answer != 200)
        judge_code(http, answer);
    else if (jpeg_stream_inside(&http->jpegs))
        http_fail(http, "it broke off in the middle of a picture");
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        http_fail(http, "its certificate is not trusted (%.100s): give ca = FILE under [source]", http->error);
    else
        http_fail(http, "%s", *http->error ? http->error : http->curl->easy_strerror(code));
}
