/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"
#include "base/log.h"
#include "ocelli/client/pages.h"

#include <stdio.h>
#include <string.h>

/* false: the ini gives no port that can be asked. */
static bool make_uri(const struct daemon_config *ini, char *uri, size_t capacity) {
    const char *host = ini->address ? ini->address : "127.0.0.1";
    bool six = strchr(host, ':') != NULL, lines = ini->udp > 0;
    double port = lines ? ini->udp : ini->coap;
    if (port <= 0) return false;
    int length =
        snprintf(uri, capacity, "%s://%s%s%s:%g", lines ? "udp" : "coap", six ? "[" : "", host, six ? "]" : "", port);
    return length > 0 && (size_t)length < capacity;
}

/* The lists of later pages go behind that of the first. */
static cJSON *join(const struct pages *pages, const char *list) {
    cJSON *all = pages->count ? cJSON_Parse(pages->texts[0]) : NULL;
    cJSON *to = cJSON_GetObjectItem(all, list);
    for (size_t i = 1; i < pages->count && cJSON_IsArray(to); i++) {
        cJSON *page = cJSON_Parse(pages->texts[i]), *from = cJSON_GetObjectItem(page, list), *one;
        while (from && (one = cJSON_DetachItemFromArray(from, 0))) cJSON_AddItemToArray(to, one);
        cJSON_Delete(page);
    }
    return all;
}

static cJSON *ask(struct client *client, const char *verb) {
    const char *arguments[3] = {verb};
    struct pages pages;
    int status = pages_fetch(&pages, client, arguments, 1);
    cJSON *answer = status ? NULL : join(&pages, !strcmp(verb, "tags") ? "tags" : "faults");
    pages_finish(&pages);
    return answer;
}

void asked_now(struct asked *asked, const struct daemon_config *ini, char *why, size_t capacity) {
    char uri[256];
    struct client client;
    *asked = (struct asked){.status = NULL};
    if (!make_uri(ini, uri, sizeof uri)) {
        snprintf(why, capacity, "ocelli.ini gives no udp or coap port, so it is not asked");
        return;
    }
    log_hold(why, capacity);
    if (!client_open(&client, uri, NULL)) {
        asked->status = ask(&client, "status");
        if (asked->status) asked->tags = ask(&client, "tags");
    }
    client_close(&client);
    log_release();
}

void asked_finish(struct asked *asked) {
    cJSON_Delete(asked->status);
    cJSON_Delete(asked->tags);
    *asked = (struct asked){.status = NULL};
}
