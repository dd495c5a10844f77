/* SPDX-License-Identifier: Apache-2.0 */
#include "system_facts.h"
#include "base/log.h"
#include "card.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_LINES = 8 };

/* The value of KEY= in a text of such words or lines; NULL: none. */
static const char *value_of(const struct place *place, const char *name, const char *key) {
    size_t size, length = strlen(key);
    const char *path = place_path(place, "%s", name);
    const char *text = path ? place_read(place, path, &size) : NULL;
    for (const char *at = text; at && (at = strstr(at, key)); at += length) {
        if (at != text && at[-1] != '\n' && at[-1] != ' ') continue;
        const char *value = at + length;
        bool quoted = *value == '"';
        value += quoted;
        return arena_copy(place->arena, value, strcspn(value, quoted ? "\"\n" : " \n"));
    }
    return NULL;
}

/* ---- the board ---- */

void system_facts_board(const struct place *place, FILE *to) {
    const char *model = place_first_line(place, "/proc/device-tree/model");
    const char *image = place_first_line(place, "/etc/ocelli-image");
    const char *slot = value_of(place, "/proc/cmdline", "ocelli.slot=");
    const char *root = value_of(place, "/proc/cmdline", "root=");
    fprintf(to, "board       %s (defaults of \"%s\")\n", model ? model : "not known", card_board(place));
    fprintf(to, "image       %s\n", image ? image : "no version");
    if (slot) fprintf(to, "slot        %s\n", slot);
    if (root) fprintf(to, "root        %s\n", root);
    fprintf(to, "program     ocelli %s\n", OCELLI_VERSION);
}

/* ---- the network ---- */

static void put_address(const struct ifaddrs *a, FILE *to) {
    char text[INET6_ADDRSTRLEN];
    const void *address = NULL;
    if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
    if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(six)) address = six;
    }
    if (!address || (a->ifa_flags & IFF_LOOPBACK) || !inet_ntop(a->ifa_addr->sa_family, address, text, sizeof text))
        return;
    fprintf(to, "address     %s on %s\n", text, a->ifa_name);
}

static void put_addresses(FILE *to) {
    struct ifaddrs *all;
    long before = ftell(to);
    if (getifaddrs(&all)) return;
    for (const struct ifaddrs *a = all; a; a = a->ifa_next) put_address(a, to);
    freeifaddrs(all);
    if (ftell(to) == before) fputs("address     none: is the cable in, or Wi-Fi set up?\n", to);
}

/* The first Wi-Fi interface, in the arena; NULL: none. */
static const char *wifi_interface(const struct place *place) {
    const char *path = place_path(place, "/sys/class/net"), *found = NULL;
    DIR *folder = path ? opendir(path) : NULL;
    if (!folder) return NULL;
    for (const struct dirent *entry; !found && (entry = readdir(folder));) {
        const char *phy = place_path(place, "/sys/class/net/%s/phy80211", entry->d_name);
        if (entry->d_name[0] != '.' && phy && !access(phy, F_OK))
            found = arena_copy(place->arena, entry->d_name, strlen(entry->d_name));
    }
    closedir(folder);
    return found;
}

static const char *wifi_state(const struct place *place) {
    const char *made = place_path(place, PLACE_RUN "/wpa_supplicant.conf"), *interface = wifi_interface(place);
    char name[512];
    if (!made || access(made, F_OK)) return "not set up in ocelli.txt";
    if (!interface) return "set up, but this board has no Wi-Fi device that its system knows";
    snprintf(name, sizeof name, "/sys/class/net/%s/operstate", interface);
    const char *state = place_first_line(place, name);
    if (state && !strcmp(state, "up")) return "connected";
    return "not connected: are its name and password right, and is the network in reach?";
}

void system_facts_network(const struct place *place, FILE *to) {
    const char *host = place_first_line(place, PLACE_RUN "/hostname");
    fprintf(to, "host name   %s\n", host ? host : "not known");
    put_addresses(to);
    fprintf(to, "Wi-Fi       %s\n", wifi_state(place));
}

/* ---- the log ---- */

void system_facts_log(const struct place *place, FILE *to) {
    char line[LOG_LINE], shown[LOG_LINE], lines[LOG_LINES][LOG_LINE];
    size_t count = 0;
    if (*place->root) return;
    FILE *log = popen("journalctl -b -u ocelli.service -o cat -n 60 --no-pager 2>/dev/null", "re");
    while (log && fgets(line, sizeof line, log)) {
        bool again = strncmp(line, "ocelli: ", 8) != 0;
        line[strcspn(line, "\n")] = '\0';
        log_one_line(line, shown);
        for (size_t i = 0; !again && i < count; i++) again = !strcmp(lines[i], shown);
        if (!again && count < LOG_LINES) strcpy(lines[count++], shown);
    }
    if (log) pclose(log);
    for (size_t i = 0; i < count; i++) fprintf(to, "  log: %s\n", lines[i]);
}
