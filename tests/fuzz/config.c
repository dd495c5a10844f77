/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as ocelli.ini: a configuration within its limits, which who edits the tags can read too, or a refusal. */
#include "fuzz.h"
#include "daemon/config.h"
#include "text/unicode.h"

static const char whole[] =
    "template = a photo of a {}.\n[run]\nmodel = m.gguf\ndevice = llvmpipe\nstate = /var/lib/ocelli\nthermal = zones\n"
    "on_change = echo \"$OCELLI_TAG\"\nrate = 2.5\nmotion = 0.5\nlook_every = 1\nhot = 70\nsave_every = "
    "60\nstatus_every = 0\n"
    "[source]\nuri = camera:\nrotation = 90\nevery = yes\nwidth = 640\nheight = 480\nrate = 30\nformat = NV12\n"
    "exposure_us = 10000\ngain = 2\nexposure_value = -1.5\n[serve]\nudp = 5690\ncoap = 5683\ncoaps = 5684\n"
    "serial = /dev/ttyS1@921600\naddress = 127.0.0.1\npsk = keys\nreach = all\nrequests = 50\n"
    "[defaults]\non = 0.1\noff = 0.05\n[tag cat]\nprompt = a cat\nagainst = a dog\nexample = cat.png\ngroup = pets\n";
static const char least[] =
    "\xEF\xBB\xBF; a comment\r\n[source]\r\nuri = test:64x64@5\r\n[tag a ] b]\r\nprompt: caf\xc3\xa9\r\n";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "whole", whole, sizeof whole - 1);
    fuzz_seed(*argc, *argv, "least", least, sizeof least - 1);
    return 0;
}

static void check_numbers(const struct daemon_config *c) {
    const struct {
        double value, least, most;
    } all[] = {{c->rate, 0, 1000},
               {c->motion, 0, 100},
               {c->look_every, 0.1, 3600},
               {c->hot, 20, 150},
               {c->save_every, 0, 86400},
               {c->status_every, 0, 86400},
               {c->udp, 0, 65535},
               {c->coap, 0, 65535},
               {c->coaps, 0, 65535},
               {c->requests, 0, 1e6},
               {c->source.width, 0, 16384},
               {c->source.height, 0, 16384},
               {c->source.rate, 0, 1000},
               {c->source.rotation, 0, 270},
               {(double)c->source.gain, 0, 999},
               {(double)c->source.exposure_value, -99, 99}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!(all[i].value >= all[i].least && all[i].value <= all[i].most)) abort();
    if (c->source.rotation % 90 || !c->source.width != !c->source.height) abort();
}

/* Paths are absolute, or beside the file. */
static void check_texts(const struct daemon_config *c) {
    const char *paths[] = {c->model, c->state, c->thermal, c->psk};
    const char *texts[] = {c->uri, c->device, c->on_change, c->format, c->serial, c->address, c->reach};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i] && *paths[i] != '/' && (strncmp(paths[i], "folder/", 7) || !paths[i][7])) abort();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i] && !*texts[i]) abort();
    char forms[SOURCE_FORMS];
    if (!c->uri || !source_known(c->uri, forms)) abort();
    for (size_t i = 0; i < c->tags.count; i++)
        for (const char *at = c->tags.tags[i].name; *at; at++)
            if ((unsigned char)*at < ' ') abort();
    for (size_t i = 0; i < c->tags.count; i++)
        if (unicode_check(c->tags.tags[i].name, strlen(c->tags.tags[i].name)) < strlen(c->tags.tags[i].name)) abort();
}

/* To read on behind faults finds some just where reading ends at the first. */
static void check_all(const void *bytes, size_t size, bool good) {
    struct daemon_config c;
    struct faults faults = {0};
    int status = config_parse_all(&c, bytes, size, "folder/ocelli.ini", &faults);
    if (good != (!status && !faults.count) || good != !fuzz_lines) abort();
    fuzz_lines = 0;
    if (!status) config_finish(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct daemon_config empty;
    struct daemon_config c;
    struct tags_file tags;
    void *bytes = fuzz_copy(data, size);
    int status = fuzz_judge(config_parse(&c, bytes, size, "folder/ocelli.ini"));
    if (status && memcmp(&c, &empty, sizeof c)) abort();
    if (!status) {
        check_numbers(&c);
        check_texts(&c);
        if (tags_file_parse(&tags, bytes, size, "folder/ocelli.ini", &config_passed_over)) abort();
        if (tags.count != c.tags.count) abort();
        tags_file_finish(&tags);
    }
    check_all(bytes, size, status == OCELLI_OK);
    free(bytes); /* it keeps nothing of them */
    if (!status) check_texts(&c);
    config_finish(&c);
    return 0;
}
