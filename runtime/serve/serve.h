/* SPDX-License-Identifier: Apache-2.0
 * Answers requests: lines on UDP and serial, CoAP, a web page with its API. docs/protocol.md and docs/web.md describe
 * them. Thread-safety: all calls from one thread; serve_wake() and serve_drop_output() from any. The callbacks are
 * called within serve_poll() only. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "serve/access.h"
#include "serve/callbacks.h"

struct serve;

enum { SERVE_SERIALS = 4, SERVE_UDP_PORT = 5690, SERVE_COAP_PORT = 5683, SERVE_COAPS_PORT = 5684 };
/* As a port: not served; one that is free. 0 is the default. */
enum { SERVE_NO_PORT = -1, SERVE_ANY_PORT = 65536 };

/* The page. Zero: not served. */
struct serve_web_params {
    int port;                      /* TCP; 0: not served */
    const char *address;           /* to bind to; NULL: loopback without a password, else all, IPv4 and IPv6 */
    const char *password;          /* file of serve/password.h; NULL: none, and nobody but this machine may ask */
    const char *certificate, *key; /* files in PEM, for HTTPS; NULL: HTTP, or `https` */
    bool https;                    /* without these: with a certificate of its own, kept in the folder `state` */
    const char *state;             /* NULL: none */
    const char *host;              /* names of this board in browsers, parted by blanks; see serve/web_head.h */
};

/* A broker. docs/mqtt.md tells what is published there. */
struct serve_mqtt {
    const char *host;
    int port;
    const char *user, *password_file; /* NULL: none */
    const char *prefix;               /* of all topics; NULL: ocelli/ and the host's name */
    const char *discovery;            /* of Home Assistant's; NULL: none */
    const char *ca;                   /* file of certificates that are trusted; NULL: the system's */
    bool tls, images, commands;
    double every_s; /* between two scores of a tag */
};

/* Zero means default. */
struct serve_params {
    const struct serve_callbacks *callbacks; /* copied */
    int udp_port, coap_port, coaps_port;
    const char *address;               /* to bind to; NULL: all, IPv4 and IPv6 */
    const char *serial[SERVE_SERIALS]; /* DEVICE[@BAUD]; NULL ends them */
    const char *psk_file;              /* NULL: no DTLS */
    struct serve_web_params web;
    enum serve_reach reach;
    const struct serve_mqtt *mqtt; /* NULL: none */
    double rate, burst; /* requests a second of an address, and at once; 0: 50, 100; below 0: no limit */
};

/* These ask for serve_open(), without opening anything, what it would refuse, and log it. address: of the params.
 * Errors: USAGE.
 */
int serve_check_address(const char *address);
/* DEVICE[@BAUD]; the device need not be there. Errors: USAGE. */
int serve_check_serial(const char *serial);
/* The keys. Errors: FILE, LIMIT, MEMORY, USAGE (DTLS is not built in). */
int serve_check_keys(const char *psk_file);
/* Errors: USAGE. */
int serve_check_mqtt(const struct serve_mqtt *params);
/* The password's file, and what does not go together. Errors: USAGE, FILE. */
int serve_check_web(const struct serve_web_params *params);
/* Are the page and MQTT built in, and are the libraries that they need here? false: `why` (capacity) tells what to
 * install. */
bool serve_has_web(char *why, size_t capacity), serve_has_mqtt(char *why, size_t capacity);
/* Is CoAP built in? */
bool serve_has_coap(void);

/* Opens all of it. A serial device that is not there is waited for, as one that is unplugged. CoAP that is not built in
 * is left out with a warning. Errors: USAGE (serial, address, ports), DEVICE (a port is taken), FILE (the PSK file),
 * MEMORY. */
int serve_open(struct serve **serve, const struct serve_params *params);

/* Waits up to timeout_ms (-1: as long as it takes) for requests, answers them, and sends what is due. */
void serve_poll(struct serve *serve, int timeout_ms);

/* Ends the wait of a serve_poll() that runs, or of the next one. Any thread. */
void serve_wake(struct serve *serve);

/* Changes, for those who watch; they go out with the next serve_poll(). time_ms: of clock_ms(). */
void serve_push(struct serve *serve, const struct tagger_event *events, size_t count);

/* The ports in use; 0: none. */
uint16_t serve_udp_port(const struct serve *serve);
uint16_t serve_coap_port(const struct serve *serve);
uint16_t serve_coaps_port(const struct serve *serve);
uint16_t serve_web_port(const struct serve *serve);

/* What is wrong now and lasts, as a broker that is away; "": nothing. As serve_poll() left it. */
const char *serve_fault(const struct serve *serve);

/* Before _exit(): drops what waits in a serial device. The system's close() would wait until all is sent: seconds at
 * 9600 baud, half a minute on a device that hangs. Any thread; waits for nobody. */
void serve_drop_output(struct serve *serve);

/* Frees and sets *serve to NULL. Accepts NULL and a pointer to NULL. */
void serve_close(struct serve **serve);

/* "attached", "loopback", "all". false: none of them. */
bool serve_reach_find(enum serve_reach *reach, const char *name);

#endif
