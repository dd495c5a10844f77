/* SPDX-License-Identifier: Apache-2.0 */
#include "source/address.h"

#include <stdio.h>
#include <string.h>

bool address_is_stream(const char *uri) {
    return !strncmp(uri, "mjpeg:", 6);
}

const char *address_url(const char *uri) {
    return address_is_stream(uri) ? uri + 6 : uri;
}

bool address_has_login(const char *uri) {
    return strchr(uri, '@') != NULL;
}

/* "http://", "mjpeg:https://", "rtsp:": the bytes up to where the host or a log-in begins. */
static size_t scheme_length(const char *uri) {
    const char *url = address_url(uri);
    size_t name = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (url[name] != ':') return (size_t)(url - uri);
    name++;
    return (size_t)(url - uri) + name + strspn(url + name, "/");
}

/* A password may have any of "/?#@" in it, unescaped, where the address is not written well. Then less is shown, never
 * more. */
void address_show(const char *uri, char shown[ADDRESS_MOST + 1]) {
    size_t scheme = scheme_length(uri), path = strcspn(uri + scheme, "?#");
    const char *rest = uri + scheme, *mark = rest + path, *login = memrchr(rest, '@', path);
    if (strchr(mark, '@'))
        snprintf(shown, ADDRESS_MOST + 1, "%.*s...", (int)scheme, uri);
    else if (login)
        snprintf(shown, ADDRESS_MOST + 1, "%.*s...%.*s%s", (int)scheme, uri, (int)(mark - login), login,
                 *mark ? "?..." : "");
    else
        snprintf(shown, ADDRESS_MOST + 1, "%.*s%s", (int)(mark - uri), uri, *mark ? "?..." : "");
}

const char *address_fault(const char *uri) {
    const char *url = address_url(uri), *host = strstr(url, "://");
    bool good = !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
    if (!good || !strcspn(host + 3, "/?#@:")) return "no address: give http://HOST/PATH or https://HOST/PATH";
    if (strlen(uri) > ADDRESS_MOST) return "over 2000 bytes long";
    for (; *url; url++)
        if ((unsigned char)*url <= ' ' || *url == 0x7f)
            return "it has a blank or a control character: write %20 for a blank";
    return NULL;
}
