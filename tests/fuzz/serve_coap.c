/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as datagrams to the CoAP server as it runs, through a socket: what it answers is CoAP, as RFC 7252 has it,
 * is not over 3 times what a stranger sent, and changes nothing for one. The first byte says who asks: 1 a stranger
 * (from an address of this machine that is not loopback), 2 a frame comes after each datagram; then a byte of length,
 * and so many bytes, each a datagram. The server stays from input to input, a while. */
#include "fuzz.h"
#include "../serve/service_fixture.h"
#include "serve/serve.h"
#include "serve/arguments.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <unistd.h>

enum { INPUTS = 2000, MOST = 1280 };

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\n[tag dog]\ngroup = g\n";

/* Each a datagram; a sequence of them is an input. */
#define TOKEN "\x42\x01\x12\x34\xab\xcd"
static const struct {
    const char *bytes;
    size_t size;
} seeds[] = {
#define SEED(text)                                                                                                     \
    { text, sizeof text - 1 }
    SEED(TOKEN "\xb4tags"),
    SEED(TOKEN "\xb4tags\x46"
               "from=1"),
    SEED(TOKEN "\xb4tags\x61\x3c"), /* Accept: CBOR */
    SEED(TOKEN "\xb4tags\x61\x6e"), /* SenML */
    SEED(TOKEN "\xb4tags\x61\x70"), /* SenML in CBOR */
    SEED(TOKEN "\xb4tags\xc1\x02"), /* Block2: 64 bytes */
    SEED(TOKEN "\xb4tags\xc1\x12"),
    SEED(TOKEN "\x60\x56"
               "events"), /* Observe */
    SEED("\x51\x01\x12\x35o\x60\x54tags"),
    SEED(TOKEN "\x61\x01\x56"
               "events"),
    SEED(TOKEN "\xb7prompts\x47tag=cat"),
    SEED("\x41\x03\x12\x36p\xb7prompts\x47tag=cow\xff"
         "a cow\nagainst=a dog\ngroup=g\non=0.2"),
    SEED("\x41\x02\x12\x37p\xb7prompts\x47tag=cow\x10\xff"
         "brown\r\n"),
    SEED("\x41\x02\x12\x38p\xb7prompts\x47tag=cow\xc1\x0e\xff"
         "a block"), /* Block1 */
    SEED("\x41\x04\x12\x39p\xb7prompts\x47tag=cow"),
    SEED(TOKEN "\xb6status\x4d\x01w"),
    SEED(TOKEN "\xb6search\x47q=a cat"),
    SEED(TOKEN "\xb5"
               "frame"),
    SEED(TOKEN "\xbb.well-known\x04"
               "core"),
    SEED(TOKEN "\x48"
               "12345678\x70\xb7prompts"), /* ETag, then a path */
    SEED("\x40\x00\x12\x40"),              /* ping */
    SEED("\x70\x00\x12\x41"),              /* RST */
    SEED("\x60\x00\x12\x41"),              /* ACK */
    SEED(TOKEN "\x39host\x81\x16\x34tags"),
    SEED(TOKEN "\xb4tags\xd8\xe4"
               "12345678"), /* Echo */
};

static struct service_fixture b;
static struct serve *s;
static int clients[2];
static unsigned long datagrams, inputs;

static void say_datagrams(void) {
    fprintf(stderr, "%lu datagrams\n", datagrams);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char name[32];
    uint8_t input[MOST], all[4 * MOST] = {2};
    size_t used = 1;
    ocelli_set_log(fuzz_hear, NULL);
    atexit(say_datagrams);
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        input[0] = (uint8_t)(i % 4), input[1] = (uint8_t)seeds[i].size;
        memcpy(input + 2, seeds[i].bytes, seeds[i].size);
        memcpy(all + used, input + 1, seeds[i].size + 1);
        used += seeds[i].size + 1;
        snprintf(name, sizeof name, "seed%zu", i);
        fuzz_seed(*argc, *argv, name, input, seeds[i].size + 2);
    }
    fuzz_seed(*argc, *argv, "seeds", all, used);
    return 0;
}

/* ---- the service ---- */

/* INADDR_LOOPBACK where there is no other. */
static struct in_addr own_address(void) {
    struct in_addr found = {htonl(INADDR_LOOPBACK)};
    struct ifaddrs *all;
    if (getifaddrs(&all)) return found;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)i->ifa_addr;
        if (v4 && v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127) found = v4->sin_addr;
    }
    freeifaddrs(all);
    return found;
}

static int client(struct in_addr address) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(serve_coap_port(s)), .sin_addr = address};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to)) abort();
    return fd;
}

static void open_serve(void) {
    struct serve_callbacks table = fixture_table(&b);
    struct serve_params params = {.callbacks = &table,
                                  .udp_port = SERVE_NO_PORT,
                                  .coap_port = SERVE_ANY_PORT,
                                  .coaps_port = SERVE_NO_PORT,
                                  .rate = -1};
    if (serve_open(&s, &params)) abort();
    clients[0] = client((struct in_addr){htonl(INADDR_LOOPBACK)});
    clients[1] = client(own_address());
}

static void fresh(void) {
    if (s && inputs++ % INPUTS == 0) {
        serve_close(&s);
        close(clients[0]), close(clients[1]);
    }
    if (b.tagger && b.version != 1) fixture_close(&b);
    if (!b.tagger && fixture_open(&b, ini, NULL)) abort();
    if (!s) open_serve();
}

static void see(unsigned n) {
    const struct tagger_event *events;
    size_t count = fixture_see(&b, (const char *[]){n & 1 ? "cat" : "dog", NULL}, &events);
    serve_push(s, events, count);
}

/* ---- answers ---- */

/* An option's delta or length: RFC 7252 section 3.1. */
static size_t extended(const uint8_t **at, const uint8_t *end, size_t nibble) {
    if (nibble < 13) return nibble;
    size_t bytes = nibble - 12, value = 0;
    if (nibble == 15 || (size_t)(end - *at) < bytes) abort();
    for (size_t i = 0; i < bytes; i++) value = value << 8 | *(*at)++;
    return value + (nibble == 13 ? 13 : 269);
}

/* Gives the Content-Format; -1: none, or a part of a body. */
static int read_options(const uint8_t **at, const uint8_t *end) {
    bool part = false;
    int format = -1;
    for (size_t number = 0; *at < end && **at != 0xff;) {
        uint8_t head = *(*at)++;
        number += extended(at, end, head >> 4);
        size_t length = extended(at, end, head & 15);
        if (length > (size_t)(end - *at)) abort();
        part |= number == 23; /* Block2 */
        if (number == 12) format = length ? (*at)[0] : 0;
        *at += length;
    }
    return part ? -1 : format;
}

static void fail(const uint8_t *answer, size_t size) {
    for (size_t i = 0; i < size; i++) fprintf(stderr, "%02x", answer[i]);
    abort();
}

static void check_payload(int format, const uint8_t *payload, size_t size) {
    if (size == 0) fail(payload, size); /* a marker and nothing behind it */
    if ((format == 50 || format == 110) && serve_arguments_check((const char *)payload, size)) fail(payload, size);
    if (format == 50 && (payload[0] != '{' || payload[size - 1] != '}')) fail(payload, size);
}

static void check_answer(const uint8_t *answer, size_t size) {
    const uint8_t *at = answer + 4, *end = answer + size;
    size_t token = answer[0] & 15;
    unsigned kind = size < 4 ? 0 : answer[1] >> 5;
    if (size < 4 || answer[0] >> 6 != 1 || token > 8 || 4 + token > size) fail(answer, size);
    if (kind != 0 && kind != 2 && kind != 4 && kind != 5) fail(answer, size); /* a server sends no requests */
    if (answer[1] == 0 && size != 4) fail(answer, size);
    at += token;
    int format = read_options(&at, end);
    if (at < end) check_payload(format, at + 1, (size_t)(end - at) - 1);
}

static void hear(int fd, size_t asked, bool stranger) {
    uint8_t answer[2048];
    ssize_t size;
    while ((size = recv(fd, answer, sizeof answer, 0)) >= 0) {
        check_answer(answer, (size_t)size);
        if (stranger && 28 + (size_t)size > 3 * (28 + asked)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    fresh();
    bool stranger = (data[0] & 1) && own_address().s_addr != htonl(INADDR_LOOPBACK);
    int fd = clients[stranger];
    for (const uint8_t *at = data + 1, *end = data + size; at < end;) {
        size_t length = *at++, rest = (size_t)(end - at);
        if (length > rest) length = rest;
        if (send(fd, at, length, 0) < 0) abort();
        serve_poll(s, 0);
        hear(fd, length, stranger);
        at += length;
        datagrams++;
        if (data[0] & 2) see((unsigned)datagrams), serve_poll(s, 0), hear(fd, length, stranger);
    }
    if (stranger && b.version != 1) abort();
    fuzz_lines = 0;
    return 0;
}
