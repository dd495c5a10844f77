/* SPDX-License-Identifier: Apache-2.0
 * wpa_supplicant.conf(5). Names go in as hexadecimal, so that no byte of one can mean something there. A passphrase
 * stands in quotes, for WPA3 too. One with a quote in it would be cut there, so the key that WPA2 makes of it is
 * written. */
#include "board.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_hex(const char *text) {
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static bool is_open(const struct board_network *n) {
    return !n->password || !*n->password;
}

/* [wifi] whose keys are all comments is no network at all. */
static bool is_given(const struct board_network *n) {
    return n->name || n->password || n->country || n->hidden;
}

static bool usable(const struct board_network *n, struct diagnostics *report) {
    if (!is_given(n)) return false;
    if (!n->name) {
        diagnostics_fault(report, n->line,
                          "[wifi] has no good name: write name = and the network's name; there is no Wi-Fi until then");
        return false;
    }
    if (is_open(n) || is_hex(n->password)) return true;
    size_t length = strlen(n->password);
    if (length >= 8 && length <= 63) return true;
    diagnostics_fault(report, n->password_line,
                      "the Wi-Fi password has %zu characters, and WPA takes 8 to 63: look at the router's; there is no "
                      "Wi-Fi \"%s\" until then",
                      length, n->name);
    return false;
}

/* IEEE 802.11i, H.4: PBKDF2 with the network's name as salt. */
static void put_key(const struct board_network *n, FILE *to) {
    unsigned char key[32];
    const unsigned char *salt = (const unsigned char *)n->name;
    if (PKCS5_PBKDF2_HMAC_SHA1(n->password, -1, salt, (int)strlen(n->name), 4096, sizeof key, key) != 1) return;
    fputs("\tpsk=", to);
    for (size_t i = 0; i < sizeof key; i++) fprintf(to, "%02x", key[i]);
    fputs("\n\tkey_mgmt=WPA-PSK\n", to);
    explicit_bzero(key, sizeof key);
}

static void put_network(const struct board_network *n, FILE *to) {
    fputs("network={\n\tssid=", to);
    for (const char *c = n->name; *c; c++) fprintf(to, "%02x", (unsigned char)*c);
    fputc('\n', to);
    if (n->hidden) fputs("\tscan_ssid=1\n", to);
    if (is_open(n))
        fputs("\tkey_mgmt=NONE\n", to);
    else if (strchr(n->password, '"'))
        put_key(n, to);
    else if (is_hex(n->password))
        fprintf(to, "\tpsk=%s\n\tkey_mgmt=WPA-PSK\n", n->password);
    else
        fprintf(to, "\tpsk=\"%s\"\n\tkey_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n\tieee80211w=1\n", n->password);
    fputs("}\n", to);
}

static const char *country(const struct board *b) {
    for (size_t i = 0; i < b->network_count; i++)
        if (b->networks[i].country) return b->networks[i].country;
    return NULL;
}

static void put_head(const struct board *b, FILE *to) {
    const char *c = country(b);
    fputs("# Made at each start from ocelli.txt.\nctrl_interface=/run/wpa_supplicant\nupdate_config=0\n", to);
    if (c) fprintf(to, "country=%c%c\n", c[0] & ~32, c[1] & ~32);
}

char *board_wpa(const struct board *board, struct arena *arena, struct diagnostics *report) {
    char *text = NULL, *kept = NULL;
    size_t size, good = 0, first = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) return NULL;
    put_head(board, to);
    for (size_t i = 0; i < board->network_count; i++) {
        if (!usable(&board->networks[i], report)) continue;
        put_network(&board->networks[i], to);
        if (!good++) first = board->networks[i].line;
    }
    if (good && !country(board))
        diagnostics_note(report, first,
                         "[wifi] has no country: some channels stay off: write country = and its two letters");
    if (fclose(to) == 0 && good) kept = arena_copy(arena, text, size);
    if (text) explicit_bzero(text, size);
    free(text);
    return kept;
}
