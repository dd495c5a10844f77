/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as the settings file of a card. The daemon takes the ini that is made of them. Nobody slips a line into
 * wpa_supplicant's file. Each fault is of a line that is there. */
#include "fuzz.h"
#include "settings/board.h"
#include "settings/daemon_ini.h"
#include "settings/daemon_ini_check.h"
#include "settings/text.h"

static const char whole[] =
    "[board]\nname = attic\ntimezone = Europe/Berlin\n[wifi]\nname = \"a b\"\npassword = "
    "\xE2\x80\x9Cgeheim12\xE2\x80\x9D\n"
    "country = de\nhidden = yes\n[login]\nssh_key = ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x\npassword = $6$a$b\n[run]\nrate = 5\n"
    "model = x.gguf\nthreads = 2\n[source]\nuri = test:\n[serve]\nudp = 5690\nkey = "
    "x:00112233445566778899aabbccddeeff\n"
    "[templates]\ntemplate = a {}.\n[defaults]\non = 0.1\n[tag cat]\nprompt = a cat\nagainst = a dog\nexample = x.png\n"
    "[memory]\nbudget = 256\n";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char wide[2 * sizeof whole];
    for (size_t i = 0; i < sizeof whole; i++) wide[2 * i] = whole[i], wide[2 * i + 1] = 0;
    fuzz_seed(*argc, *argv, "whole", whole, sizeof whole - 1);
    fuzz_seed(*argc, *argv, "wide", wide, 2 * (sizeof whole - 1));
    return 0;
}

static void check_ini(struct daemon_ini *ini) {
    struct findings found;
    const char *made = daemon_ini_make(ini);
    if (!made) abort();
    daemon_ini_check(&found, made, ini->path, NULL);
    if (found.faults) abort();
    findings_finish(&found);
    if (!strstr(made, "model = /model\n") || strstr(made, "\nmodel = x")) abort();
}

/* The file has no other lines than these, and their values no other bytes than they may have. */
static void check_wpa(const char *text) {
    static const char *const known[] = {"# ",
                                        "ctrl_interface=/run/wpa_supplicant\n",
                                        "update_config=0\n",
                                        "country=",
                                        "network={\n",
                                        "}\n",
                                        "\tssid=",
                                        "\tscan_ssid=1\n",
                                        "\tkey_mgmt=",
                                        "\tpsk=",
                                        "\tieee80211w=1\n"};
    for (; text && *text; text += strcspn(text, "\n") + 1) {
        size_t i = 0, length = strcspn(text, "\n");
        while (i < sizeof known / sizeof *known && strncmp(text, known[i], strlen(known[i]))) i++;
        if (i == sizeof known / sizeof *known || text[length] != '\n') abort();
        if (!strncmp(text, "\tssid=", 6) &&
            (length <= 6 || length > 70 || strspn(text + 6, "0123456789abcdef") != length - 6))
            abort();
        if (!strncmp(text, "\tpsk=\"", 6) && (length < 15 || length > 70 || text[length - 1] != '"')) abort();
    }
}

static void check_report(const struct diagnostics *report, const struct lines *lines) {
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].line > lines->count || !*report->items[i].text || strchr(report->items[i].text, '\n'))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena = {0};
    struct diagnostics report = {0};
    struct lines lines;
    struct board board;
    struct place place = {.root = "", .arena = &arena};
    uint8_t *bytes = fuzz_copy(data, size);
    char *text = text_decode(&arena, bytes, size, &report);
    free(bytes);
    if (!text || !lines_split(&lines, &arena, text, &report)) abort();
    board_read(&board, &lines, &report);
    check_wpa(board_wpa(&board, &arena, &report));
    struct daemon_ini ini = {&place, &lines, &report, "/nowhere/ocelli.ini", "fuzz"};
    daemon_ini_take(&ini);
    daemon_ini_default(&ini, "source", "uri", "camera:", false);
    daemon_ini_default(&ini, "serve", "udp", "5690", false);
    daemon_ini_default(&ini, "run", "model", "/model", true);
    check_ini(&ini);
    check_report(&report, &lines);
    char *told = diagnostics_lines(&report);
    if (!told) abort();
    free(told);
    diagnostics_finish(&report);
    arena_finish(&arena);
    return 0;
}
