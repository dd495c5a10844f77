/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_head.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- Host ---- */

static bool is_port(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 5 && !text[digits];
}

/* "[v6]" or "[v6]:port" */
static bool is_v6(const char *host) {
    char address[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    const char *end = strchr(host, ']');
    size_t length = end ? (size_t)(end - host) - 1 : 0;
    if (host[0] != '[' || !length || length >= sizeof address) return false;
    memcpy(address, host + 1, length);
    address[length] = 0;
    return (!end[1] || (end[1] == ':' && is_port(end + 2))) && inet_pton(AF_INET6, address, &v6) == 1;
}

static bool is_given(const char *given, const char *name, size_t length) {
    while (given && *given) {
        given += strspn(given, " \t");
        size_t size = strcspn(given, " \t");
        if (size == length && !strncasecmp(given, name, size)) return true;
        given += size;
    }
    return false;
}

static bool is_own(const char *own, const char *name) {
    size_t length = strlen(own);
    if (!length || strncasecmp(name, own, length)) return false;
    return !name[length] || !strcasecmp(name + length, ".local");
}

bool web_host_known(const struct web_names *names, const char *host) {
    char name[WEB_NAME];
    struct in_addr v4;
    if (host[0] == '[') return is_v6(host);
    size_t length = strcspn(host, ":");
    if (!length || length >= sizeof name || (host[length] && !is_port(host + length + 1))) return false;
    memcpy(name, host, length);
    name[length] = 0;
    return inet_pton(AF_INET, name, &v4) == 1 || !strcasecmp(name, "localhost") || is_own(names->own, name) ||
           is_given(names->given, name, length);
}

bool web_host_given(const struct web_names *names, const char *host) {
    return is_given(names->given, host, strcspn(host, ":"));
}

/* ---- Origin ---- */

bool web_origin_same(const char *origin, const char *host, int schemes) {
    size_t scheme = schemes & WEB_HTTP && !strncasecmp(origin, "http://", 7)     ? 7
                    : schemes & WEB_HTTPS && !strncasecmp(origin, "https://", 8) ? 8
                                                                                 : 0;
    return scheme && *host && !strcasecmp(origin + scheme, host);
}

static bool is_same_site(const char *site) {
    return !site || !strcmp(site, "same-origin") || !strcmp(site, "none");
}

bool web_may_write(const char *origin, const char *site, const char *host, int schemes) {
    return is_same_site(site) && (!origin || web_origin_same(origin, host, schemes));
}

bool web_may_read(const char *site, const char *mode, bool page) {
    return is_same_site(site) || (page && mode && !strcmp(mode, "navigate"));
}

/* ---- others ---- */

bool web_basic(const char *authorization, char *password, size_t capacity) {
    uint8_t bytes[768 + 3];
    if (strncasecmp(authorization, "Basic ", 6)) return false;
    const char *text = authorization + 6;
    size_t length = strlen(text), pads = 0;
    if (!length || length % 4 || length > 1024) return false;
    while (pads < 2 && text[length - 1 - pads] == '=') pads++;
    int size = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    if (size < (int)pads) return false;
    size_t used = (size_t)size - pads;
    const uint8_t *colon = memchr(bytes, ':', used);
    size_t rest = colon ? used - (size_t)(colon + 1 - bytes) : 0;
    bool good = colon && rest < capacity && !memchr(bytes, 0, used);
    if (good) memcpy(password, colon + 1, rest), password[rest] = 0;
    explicit_bzero(bytes, sizeof bytes);
    return good;
}

bool web_is_json(const char *type) {
    static const char json[] = "application/json";
    if (strncasecmp(type, json, sizeof json - 1)) return false;
    type += sizeof json - 1;
    type += strspn(type, " \t");
    return !*type || *type == ';';
}
