/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as web requests: first what parses heads and bodies by itself, then all of it through sockets, with
 * variants of it and of good requests on connections beside. Each answer is HTTP. Without the password it changes
 * nothing and tells no tag. The first byte: 1 the board has a password, 2 a frame comes before. Two boards, with a
 * password and without, stay from input to input, a while. */
#include "fuzz.h"
#include "../serve/service_fixture.h"
#include "serve/password.h"
#include "serve/serve.h"
#include "serve/web_body.h"
#include "serve/web_head.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

/* INPUTS, CHANGES: until a board is opened anew. TOGETHER: connections of an input; variants are of LONGEST bytes. */
enum { INPUTS = 5000, CHANGES = 200, TOGETHER = 16, LONGEST = 8192 };

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\n[tag dog]\ngroup = g\n";

#define HOST "Host: localhost\r\n"
#define JSON HOST "Content-Type: application/json\r\nContent-Length: "
static const char *const seeds[] = {
    "GET / HTTP/1.1\r\n" HOST "\r\n",
    "GET /api/tags?from=1 HTTP/1.1\r\n" HOST "\r\nGET /api/status HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /api/frame HTTP/1.0\r\n" HOST "\r\n",
    "GET /api/prompts?tag=cat HTTP/1.1\r\n" HOST "Cookie: ocelli-session=0123\r\nAuthorization: Basic YTpi\r\n\r\n",
    "PUT /api/prompts?tag=cow HTTP/1.1\r\n" JSON "33\r\n\r\n{\"values\":[\"a cow\",\"against=dog\"]}",
    "POST /api/prompts?tag=cow HTTP/1.1\r\n" JSON "21\r\n\r\n{\"values\":[\"brown\\n\"]}",
    "PUT /api/prompts?tag=%63at HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nTransfer-Encoding: "
    "chunked\r\n\r\n8\r\n{\"values\r\n9\r\n\":[\"on=1\"\r\n2\r\n]}\r\n0\r\n\r\n",
    "DELETE /api/prompts?tag=cat&value=a%20cat&value=group= HTTP/1.1\r\n" HOST "Origin: http://localhost\r\n\r\n",
    "POST /api/session HTTP/1.1\r\n" JSON "24\r\n\r\n{\"password\":\"wrong one\"}",
    "GET /api/stream HTTP/1.1\r\n" HOST "Sec-Fetch-Site: same-origin\r\n\r\n",
    "GET /api/video HTTP/1.1\r\n" HOST "\r\n",
    "GET /api/thumbnail?n=1 HTTP/1.1\r\n" HOST "\r\nGET /metrics HTTP/1.1\r\n" HOST "\r\n",
    "GET /api/search?q=a+cat HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\n\r\n",
};

static struct board {
    struct service_fixture b;
    struct serve *s; /* NULL: not opened */
    unsigned inputs;
} boards[2];                                               /* without a password, and with one */
static unsigned long inputs, connections, answers, served; /* served: with 200 or 204 */
static char password_path[] = "/tmp/ocelli-fuzz-password-XXXXXX";

static void say_inputs(void) {
    fprintf(stderr, "%lu inputs, %lu connections, %lu answers, %lu of them good\n", inputs, connections, answers,
            served);
    unlink(password_path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char name[32], input[512], line[PASSWORD_LINE];
    struct password password;
    ocelli_set_log(fuzz_hear, NULL);
    atexit(say_inputs);
    int fd = mkstemp(password_path);
    if (fd < 0 || password_make(&password, "correct horse", 13)) abort();
    password.log_n = 10, password.p = 1; /* a check takes a millisecond; no text is the password then */
    password_write(&password, line);
    if (write(fd, line, strlen(line)) < 0) abort();
    close(fd);
    for (size_t i = 0; i < 2 * sizeof seeds / sizeof seeds[0]; i++) {
        size_t size = strlen(seeds[i / 2]);
        input[0] = (char)(i % 4);
        memcpy(input + 1, seeds[i / 2], size);
        snprintf(name, sizeof name, "seed%zu", i);
        fuzz_seed(*argc, *argv, name, input, size + 1);
    }
    return 0;
}

/* ---- functions of text ---- */

static void parse(const uint8_t *data, size_t size) {
    static struct web_words words;
    char *text = malloc(size + 1), message[SERVE_MESSAGE], password[PASSWORD_MOST + 1];
    const struct web_names names = {.own = "board", .given = text};
    if (!text) abort();
    memcpy(text, data, size);
    text[size] = 0;
    if (web_host_known(&names, "evil.com") && !strcasestr(text, "evil.com")) abort();
    if (web_host_known(&(struct web_names){.own = "board"}, text) && strstr(text, "evil")) abort();
    if (web_origin_same(text, "board") && strcasecmp(text, "http://board") && strcasecmp(text, "https://board"))
        abort();
    if (web_basic(text, password, sizeof password) && strlen(password) > PASSWORD_MOST) abort();
    web_is_json(text);
    words.count = words.used = 0;
    if (!web_body_values(&words, text, size, message))
        for (size_t i = 0; i < words.count; i++)
            if (serve_arguments_check(words.argument[i], strlen(words.argument[i]))) abort();
    web_body_password(password, sizeof password, text, size, message);
    struct password parsed;
    password_parse(&parsed, text, size);
    free(text);
}

/* ---- the service ---- */

static struct board *fresh(bool lock) {
    struct board *board = &boards[lock];
    bool used_up = board->inputs++ % INPUTS == 0 || board->b.version > CHANGES;
    if (board->s && used_up) serve_close(&board->s), fixture_close(&board->b);
    if (board->s) return board;
    if (fixture_open(&board->b, ini, NULL)) abort();
    struct serve_callbacks table = fixture_table(&board->b);
    struct serve_params params = {.callbacks = &table,
                                  .udp_port = SERVE_NO_PORT,
                                  .coap_port = SERVE_NO_PORT,
                                  .rate = -1,
                                  .web = {.port = SERVE_ANY_PORT, .address = "127.0.0.1"}};
    board->b.jpeg = (const uint8_t *)"jpeg", board->b.jpeg_size = 4;
    if (lock) params.web.password = password_path;
    if (serve_open(&board->s, &params)) abort();
    return board;
}

/* -1: this address has no port left just now. */
static int connect_from(const struct board *board, in_addr_t address) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const struct linger at_once = {1, 0}; /* no TIME_WAIT: there are more inputs than ports */
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(serve_web_port(board->s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) abort();
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (!bind(fd, (const struct sockaddr *)&from, sizeof from) && !connect(fd, (const struct sockaddr *)&to, sizeof to))
        return fd;
    if (errno != EADDRINUSE && errno != EADDRNOTAVAIL) {
        perror("connect");
        abort();
    }
    close(fd);
    return -1;
}

/* From a thousand addresses: those of one have too few ports for a minute of inputs. */
static int client(const struct board *board) {
    for (int tries = 0; tries < 1000; tries++) {
        int fd = connect_from(board, INADDR_LOOPBACK + connections++ % 1000 * 256);
        if (fd >= 0) return fd;
    }
    abort();
}

/* ---- variants ---- */

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

/* One to four edits, always the same of the same input: a byte changed, a stretch left out or doubled. */
static size_t vary(uint8_t to[LONGEST], const uint8_t *data, size_t size, uint64_t *state) {
    if (size > LONGEST / 2) size = LONGEST / 2;
    memcpy(to, data, size);
    for (uint64_t edits = 1 + next(state) % 4; size && edits; edits--) {
        size_t at = next(state) % size, length = 1 + next(state) % 16;
        if (length > size - at) length = size - at;
        switch (next(state) % 4) {
        case 0: to[at] = (uint8_t)next(state); break;
        case 1: to[at] ^= (uint8_t)(1U << next(state) % 8); break;
        case 2: memmove(to + at, to + at + length, size - at - length), size -= length; break;
        default: memmove(to + at + length, to + at, size - at), size += length; break;
        }
    }
    return size;
}

static uint64_t sum_of(const uint8_t *data, size_t size) {
    uint64_t sum = 14695981039346656037U;
    for (size_t i = 0; i < size; i++) sum = (sum ^ data[i]) * 1099511628211U;
    return sum | 1;
}

static void say_to(int fd, const uint8_t *data, size_t size) {
    if (send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return; /* refused already: it will be heard */
}

static void hear(int fd, bool locked) {
    static char answer[1 << 17];
    ssize_t size = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
    if (size <= 0) return;
    answer[size] = 0;
    if (strncmp(answer, "HTTP/1.", 7)) abort();
    if (locked && strstr(answer, "\"cosine\"")) abort();
    for (const char *at = answer; (at = strstr(at, "HTTP/1.1 ")); at++) answers++, served += !strncmp(at + 9, "20", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t varied[LONGEST];
    const struct tagger_event *events;
    int fd[TOGETHER];
    if (size < 1) return 0;
    bool locked = data[0] & 1;
    uint64_t state = sum_of(data, size);
    parse(data + 1, size - 1);
    struct board *board = fresh(locked);
    inputs++;
    if (data[0] & 2) {
        size_t count = fixture_see(&board->b, (const char *[]){inputs & 1 ? "cat" : "dog", NULL}, &events);
        serve_push(board->s, events, count);
    }
    for (int i = 0; i < TOGETHER; i++) fd[i] = client(board);
    serve_poll(board->s, 0);
    say_to(fd[0], data + 1, size - 1);
    for (int i = 1; i < TOGETHER; i++) {
        const char *seed = seeds[next(&state) % (sizeof seeds / sizeof seeds[0])];
        bool own = i % 2; /* most of the input's are refused at once */
        say_to(fd[i], varied,
               vary(varied, own ? data + 1 : (const uint8_t *)seed, own ? size - 1 : strlen(seed), &state));
    }
    for (int i = 0; i < 6; i++) serve_poll(board->s, 0);
    for (int i = 0; i < TOGETHER; i++) hear(fd[i], locked), close(fd[i]);
    for (int i = 0; i < 2; i++) serve_poll(board->s, 0);
    if (locked && board->b.version != 1) abort();
    fuzz_lines = 0;
    return 0;
}
