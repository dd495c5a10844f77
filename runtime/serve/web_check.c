/* SPDX-License-Identifier: Apache-2.0
 * [web] of the ini without opening a port; also where the page is not built in. */
#include "serve/web_check.h"
#include "base/log.h"
#include "serve/password.h"
#include "serve/web_certificate.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_loopback(const char *address) {
    struct in_addr v4;
    return !strcmp(address, "::1") || (inet_pton(AF_INET, address, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

int web_check_params(const struct serve_web_params *params) {
    struct in6_addr v6;
    struct in_addr v4;
    const char *address = params->address;
    if (address && inet_pton(AF_INET, address, &v4) != 1 && inet_pton(AF_INET6, address, &v6) != 1)
        return log_fail(OCELLI_ERR_USAGE, "web: \"%s\" is no IPv4 or IPv6 address to listen on", address);
    if (address && !params->password && !is_loopback(address))
        return log_fail(OCELLI_ERR_USAGE,
                        "web: address %s without a password: make one with ocelli password FILE, and write password = "
                        "FILE under [web]",
                        address);
    if (!params->certificate != !params->key)
        return log_fail(OCELLI_ERR_USAGE, "web: give certificate and key under [web], or neither");
    if (params->https && !params->certificate && !params->state)
        return log_fail(OCELLI_ERR_USAGE, "web: https = yes has no place to keep its certificate: write state = FOLDER "
                                          "under [run], or give certificate and key");
    return OCELLI_OK;
}

static int check_certificate(const struct serve_web_params *params) {
    char *certificate, *key;
    int status = web_certificate_read(params->certificate, params->key, &certificate, &key);
    web_certificate_free(&certificate, &key);
    return status;
}

int serve_check_web(const struct serve_web_params *params) {
    struct password password;
    int status = web_check_params(params);
    if (!status && params->password) status = password_read(&password, params->password);
    return status || !params->certificate ? status : check_certificate(params);
}
