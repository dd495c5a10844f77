/* SPDX-License-Identifier: Apache-2.0
 * What http.c (the source and its thread), http_session.c (how a server is asked) and http_fault.c (what is told of one
 * that does not answer well) share. */
#ifndef SOURCE_HTTP_H
#define SOURCE_HTTP_H

#include "source/curl_library.h"
#include "source/frame_pool.h"
#include "source/jpeg_stream.h"

enum { HTTP_REDIRECTS = 3, HTTP_PASSWORD = 256, HTTP_HEADERS = 1 << 16 /* bytes of an answer's */ };

struct http {
    struct source *source;
    const struct curl_library *curl;
    CURLM *multi;
    CURL *easy;               /* NULL: the next request begins anew, with the password's file read again */
    CURLU *address;           /* as given, without log-in */
    char *user;               /* NULL: none */
    char *password;           /* of the address; NULL: none */
    char *password_file, *ca; /* NULL: none */
    bool encrypted;           /* https: */
    bool any_type;            /* mjpeg: it is a stream, whatever its type says */
    bool narrowed;            /* to the one way to log in that the server asks for */
    int64_t period_ns; /* from picture to picture, at least; 0: of a stream each one, of a snapshot the default */

    /* of the request under way */
    struct jpeg_stream jpegs;
    char error[CURL_ERROR_SIZE], fault[SOURCE_FAULT];
    size_t headers, beside; /* bytes: of the headers, and of what is no picture or not taken */
    bool stream, taken;     /* more than one picture is to come; one came */
    int redirects;
    int64_t deadline_ns, due_ns; /* due: of the next picture */

    struct frame_pool frame_pool;
    uint64_t sequence;
    char told[SOURCE_FAULT]; /* the fault that was logged last, and is still there; "": none */
    unsigned failures;       /* one after another */
};

/* Errors: MEMORY, USAGE (an address that libcurl does not take), FILE (ca). The password's file is read by
 * http_begin(). */
int http_session_open(struct http *http, const char *uri, const struct source_options *options);
void http_session_close(struct http *http);
/* Makes http->easy, which a failed request has left NULL. false: http->fault tells why. */
bool http_begin(struct http *http);
void http_end(struct http *http);
/* An answer that tells another address of the same host: the next request goes there. false: it does not, or may not:
 * http->fault tells why if so. */
bool http_redirect(struct http *http);
/* Back to the address that was given. */
void http_return(struct http *http);
/* From the first answer on only the one way to log in that the server asks for is used: no request twice. */
void http_narrow(struct http *http);

__attribute__((format(printf, 2, 3))) void http_fail(struct http *http, const char *format, ...);
long http_code(struct http *http);
/* What is wrong with an answer that came whole; http->fault stays "": nothing. */
void http_judge(struct http *http);
/* What is wrong with one that did not. */
void http_judge_broken(struct http *http, CURLcode code);

#endif
