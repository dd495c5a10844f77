/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/client/client.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct client_kind *const kinds[] = {&client_udp, &client_serial, &client_coap, &client_coaps};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

int client_open(struct client *client, const char *uri, const char *keys) {
    *client = (struct client){.uri = uri, .keys = keys};
    for (int i = 0; i < KINDS; i++)
        if (!strncmp(uri, kinds[i]->scheme, strlen(kinds[i]->scheme))) {
            client->kind = kinds[i];
            client->rest = uri + strlen(kinds[i]->scheme);
            return client->kind->open(client);
        }
    return log_fail(OCELLI_ERR_USAGE, "\"%s\": a URI is udp://HOST, coap://HOST, coaps://HOST or serial:DEVICE[@BAUD]",
                    uri);
}

void client_close(struct client *client) {
    if (client->kind && client->self) client->kind->close(client);
    *client = (struct client){.kind = NULL};
}

bool client_host(const char *rest, int port, char host[256], char service[8]) {
    if (!strncmp(rest, "//", 2)) rest += 2;
    bool six = *rest == '[';
    size_t length = six ? strcspn(++rest, "]") : strcspn(rest, ":/");
    if (length == 0 || length > 255 || (six && !rest[length])) return false;
    memcpy(host, rest, length);
    host[length] = 0;
    rest += length + six;
    if (*rest == ':') {
        char *end;
        unsigned long number = strtoul(rest + 1, &end, 10);
        if (rest[1] < '0' || rest[1] > '9' || number < 1 || number > 65535) return false;
        port = (int)number;
        rest = end;
    }
    snprintf(service, 8, "%d", port);
    return !*rest || !strcmp(rest, "/");
}

int client_resolve(const struct client *client, int port, struct addrinfo **found) {
    char host[256], service[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    if (!client_host(client->rest, port, host, service))
        return log_fail(OCELLI_ERR_USAGE, "\"%s\": write %s//HOST[:PORT]", client->uri, client->kind->scheme);
    int fault = getaddrinfo(host, service, &hints, found);
    if (!fault) return OCELLI_OK;
    const char *end = strrchr(host, '.'), *hint = "";
    if (!end) hint = ": a board is NAME.local in most networks";
    if (end && !strcmp(end, ".local"))
        hint = ": is it on? Names in .local need the package libnss-mdns on this machine";
    return log_fail(OCELLI_ERR_DEVICE, "%s: %s%s", client->uri, gai_strerror(fault), hint);
}
