/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as web requests: first what parses heads and bodies by itself, then all of it through sockets. Beside the
 * input other connections send variants of it, and long rows of good requests with small faults, which the server
 * answers one behind the other. Each answer is HTTP, and ends where its head says. Without the password it changes
 * nothing and tells no tag. The first byte: 1 the board has a password, 2 a frame comes before. Two boards, with a
 * password and without, stay from input to input, a while; now and then each is asked for its tags as by a browser. */
#include "fuzz.h"
#include "../serve/service_fixture.h"
#include "serve/libmicrohttpd.h"
#include "serve/password.h"
#include "serve/serve.h"
#include "serve/web_body.h"
#include "serve/web_head.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

/* INPUTS, CHANGES: until a board is opened anew. TOGETHER: connections of an input; variants are of LONGEST bytes, a
 * row has ROW requests. ASK, SAY: inputs between two questions for the tags, and two lines of counts. HEARD: bytes of
 * answers that are looked at. */
enum { INPUTS = 5000, CHANGES = 200, TOGETHER = 16, LONGEST = 8192, ROW = 32, ASK = 200, SAY = 2000, HEARD = 1 << 21 };

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

/* Most of a row, as they are soon answered. */
static const char *const quick[] = {
    "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
    "GET /api/session HTTP/1.1\r\n" HOST "Cookie: a=b; ocelli-session=01\r\n\r\n",
    "DELETE /api/session HTTP/1.1\r\n" HOST "Origin: http://localhost\r\n\r\n",
    "GET /api/thumbnail?n=1 HTTP/1.1\r\n" HOST "\r\n",
    "GET /api/prompts?tag=cat HTTP/1.1\r\n" HOST "\r\n",
    "DELETE /api/prompts?tag=cow&value=a%20cow HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /api/frame HTTP/1.1\r\n" HOST "\r\n",
};

static struct board {
    struct service_fixture b;
    struct serve *s; /* NULL: not opened */
    struct MHD_Daemon *daemon;
    unsigned inputs;
} boards[2];                                                                  /* without a password, and with one */
static unsigned long inputs, connections, answers, unanswered, served, asked; /* served: with 200 or 204 */
static char password_path[] = "/tmp/ocelli-fuzz-password-XXXXXX";

/* A connection that was ended without an answer had a request too. */
static void say_inputs(void) {
    fprintf(stderr,
            "%lu inputs, %lu connections, %lu requests, %lu of them good, %lu without an answer; tags asked for %lu "
            "times\n",
            inputs, connections, answers + unanswered, served, unanswered, asked);
}

static void forget_password(void) {
    unlink(password_path);
}

/* ---- the way past TCP, which costs more than a request ---- */

typedef enum MHD_Result add_connection(struct MHD_Daemon *daemon, int fd, const struct sockaddr *address,
                                       socklen_t size);
static add_connection *add;
static __typeof__(MHD_get_timeout) get_timeout;
static struct MHD_Daemon *last_daemon;

/* In the place of libmicrohttpd's, which each poll calls first. */
static enum MHD_Result see_daemon(struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *ms) {
    last_daemon = daemon;
    return get_timeout(daemon, ms);
}

static void see_library(void) {
    char why[256];
    void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW);
    add = library ? (add_connection *)dlsym(library, "MHD_add_connection") : NULL;
    if (!add || !libmicrohttpd_open(why, sizeof why)) abort();
    get_timeout = MHD_get_timeout;
    MHD_get_timeout = see_daemon;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char name[32], input[512], line[PASSWORD_LINE];
    struct password password;
    ocelli_set_log(fuzz_hear, NULL);
    atexit(say_inputs);
    atexit(forget_password);
    see_library();
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
    if (web_origin_same(text, "board", WEB_HTTP) && strcasecmp(text, "http://board")) abort();
    if (web_origin_same(text, "board", WEB_HTTPS) && strcasecmp(text, "https://board")) abort();
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
    serve_poll(board->s, 0);
    board->daemon = last_daemon;
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
static int tcp_client(const struct board *board) {
    for (int tries = 0; tries < 1000; tries++) {
        int fd = connect_from(board, INADDR_LOOPBACK + connections++ % 1000 * 256);
        if (fd >= 0) return fd;
    }
    abort();
}

static int client(const struct board *board) {
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)(connections % 60000 + 1)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + connections % 1000 * 256)};
    int fd[2];
    connections++;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd)) abort();
    if (add(board->daemon, fd[1], (const struct sockaddr *)&from, sizeof from) != MHD_YES) abort();
    return fd[0];
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

/* ---- rows of requests ---- */

static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PATCH", "get", "BREW", "POST", "DELETE"};
static const char *const queries[] = {
    "?", "&",   "tag=cat", "&tag=%00", "&from=1", "&from=-1", "&value=a", "?n=1", "?q=a+cat",         "%2e%2e/", "%00",
    "%", "%zz", "//",      "/../",     ";x=1",    "%ff%fe",   "&&&&",     "=",    "tag=%0d%0aX:%201", "\xc3\xa9"};
static const char *const mild[] = {"Origin: http://evil.com\r\n",
                                   "Origin: https://localhost\r\n",
                                   "Origin: null\r\n",
                                   "Sec-Fetch-Site: cross-site\r\n",
                                   "Sec-Fetch-Mode: navigate\r\n",
                                   "Cookie: ocelli-session=\r\n",
                                   "Cookie: a=b; ocelli-session=\"x\r\n",
                                   "Authorization: Basic ====\r\n",
                                   "Authorization: Digest x\r\n",
                                   "Connection: keep-alive, Upgrade\r\n",
                                   "Upgrade: websocket\r\n",
                                   "Expect: nothing\r\n",
                                   "Accept-Language: en\r\n",
                                   "Range: bytes=0-1\r\n",
                                   "Content-Type: text/plain\r\n",
                                   "Content-Type: application/json; charset=x\r\n",
                                   "X\xff: \xff\r\n",
                                   "X-Long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
                                   "If-None-Match: *\r\n",
                                   "Content-Length: 0\r\n",
                                   "X-Forwarded-Proto: https\r\n",
                                   "Accept: */*\r\n"};
static const char *const grave[] = {"Content-Length: 5\r\n",
                                    "Content-Length: -1\r\n",
                                    "Content-Length: 99999999999999999999\r\n",
                                    "Content-Length: 0\r\nContent-Length: 0\r\n",
                                    "Transfer-Encoding: chunked\r\n",
                                    "Transfer-Encoding: identity\r\n",
                                    "Transfer-Encoding: gzip, chunked\r\n",
                                    "Host: evil.com\r\n",
                                    "Host: localhost\r\n",
                                    "Host:\r\n",
                                    "Authorization: Basic YTpi\r\n",
                                    "Connection: close\r\n",
                                    "Expect: 100-continue\r\n",
                                    " folded\r\n",
                                    "X: \x01\x02\r\n",
                                    ": no name\r\n",
                                    "no colon\r\n",
                                    "\r\n"};
#define ANY_OF(list, state) list[next(state) % (sizeof(list) / sizeof(list)[0])]

/* `text` in the place of `cut` bytes. */
static size_t put_in(char *bytes, size_t size, size_t at, size_t cut, const char *text) {
    size_t length = strlen(text);
    memmove(bytes + at + length, bytes + at + cut, size - at - cut);
    memcpy(bytes + at, text, length);
    return size + length - cut;
}

static bool has_body(const char *request) {
    return strstr(request, "Content-Type") || strstr(request, "Expect");
}

/* Behind these nothing more is answered on a connection, or mostly not. */
static bool ends_row(const char *request) {
    return strstr(request, "/api/stream") || strstr(request, "/api/video") || strstr(request, "HTTP/1.0") ||
           has_body(request);
}

/* A good request with up to three small faults. Most of them can be read, so that the row goes on behind it. */
static size_t add_request(uint8_t *to, bool last, uint64_t *state) {
    char *bytes = (char *)to;
    const char *seed = next(state) % 4 ? ANY_OF(quick, state) : ANY_OF(seeds, state);
    while (!last && ends_row(seed) && (!has_body(seed) || next(state) % 8)) seed = ANY_OF(seeds, state);
    size_t size = strlen(seed);
    memcpy(bytes, seed, size);
    for (uint64_t edits = next(state) % 4; edits; edits--) {
        bytes[size] = 0;
        char *blank = strchr(bytes, ' '), *version = strstr(bytes, " HTTP/"), *line = strstr(bytes, "\r\n");
        if (!blank || !version || !line || version < blank) break;
        size_t path = (size_t)(blank + 1 - bytes), end = (size_t)(version - bytes), fields = (size_t)(line + 2 - bytes),
               at;
        switch (next(state) % 10) {
        case 0: size = put_in(bytes, size, 0, (size_t)(blank - bytes), ANY_OF(methods, state)); break;
        case 1:
        case 2: size = put_in(bytes, size, end, 0, ANY_OF(queries, state)); break;
        case 3: size = put_in(bytes, size, path + next(state) % (end - path + 1), 0, ANY_OF(queries, state)); break;
        case 4:
        case 5: size = put_in(bytes, size, fields, 0, ANY_OF(mild, state)); break;
        case 6:
            if (last || next(state) % 8 == 0) size = put_in(bytes, size, fields, 0, ANY_OF(grave, state));
            break;
        case 7:
        case 8:
            if (end > path + 1) bytes[path + 1 + next(state) % (end - path - 1)] = (char)(33 + next(state) % 94);
            break;
        default:
            at = fields + next(state) % (size - fields);
            if (!strchr("\r\n:", bytes[at])) bytes[at] = (char)(next(state) % 8 ? 33 + next(state) % 94 : next(state));
        }
    }
    return size;
}

static size_t make_row(uint8_t *to, uint64_t *state) {
    size_t size = 0;
    for (int i = 0; i < ROW; i++) size += add_request(to + size, i == ROW - 1, state);
    return size;
}

/* ---- talking ---- */

static void say_to(int fd, const uint8_t *data, size_t size) {
    if (send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return; /* refused already: it will be heard */
}

struct heard {
    char *bytes; /* (size) */
    size_t size;
    bool ended;
};

/* Is anything new? */
static bool hear(int fd, struct heard *h) {
    size_t before = h->size;
    while (!h->ended && h->size < HEARD) {
        ssize_t got = recv(fd, h->bytes + h->size, HEARD - h->size, MSG_DONTWAIT);
        if (got <= 0) {
            h->ended = !got || errno != EAGAIN;
            break;
        }
        h->size += (size_t)got;
    }
    h->bytes[h->size] = 0;
    return h->size > before;
}

/* Each answer has a status, and the next one stands where its length says; one to HEAD has a length and no body. */
static void judge(const struct heard *h, bool locked) {
    const char *at = h->bytes, *to = at + h->size;
    if (locked && memmem(at, h->size, "\"cosine\"", 8)) abort();
    unanswered += !h->size;
    while (at < to) {
        const char *end = memmem(at, (size_t)(to - at), "\r\n\r\n", 4), *length;
        if (to - at < 13 || strncmp(at, "HTTP/1.", 7) || !strchr("12345", at[9])) abort();
        if (!end) return;
        bool more = at[9] == '1'; /* 100: the answer itself comes behind it */
        answers += !more, served += !strncmp(at + 9, "20", 2);
        length = memmem(at, (size_t)(end - at), "\r\nContent-Length: ", 18);
        at = end + 4;
        if (more || (to - at >= 7 && !strncmp(at, "HTTP/1.", 7))) continue;
        if (!length) return; /* a stream, to its end */
        size_t body = strtoul(length + 18, NULL, 10);
        at += body < (size_t)(to - at) ? body : (size_t)(to - at);
    }
}

/* As a browser does, through TCP: the board's tags are there, for those who may know them. */
static void ask(const struct board *board, bool locked) {
    static const char text[] = "GET /api/tags HTTP/1.1\r\n" HOST "\r\n";
    char bytes[4096];
    struct heard h = {bytes, 0, false};
    int fd = tcp_client(board);
    say_to(fd, (const uint8_t *)text, sizeof text - 1);
    for (int i = 0; i < 1000 && !h.size; i++) {
        serve_poll(board->s, 10);
        ssize_t got = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
        h.size = got > 0 ? (size_t)got : 0;
    }
    bytes[h.size] = 0;
    close(fd);
    if (strncmp(bytes, locked ? "HTTP/1.1 401 " : "HTTP/1.1 200 ", 13) || (!locked && !strstr(bytes, "\"tags\":["))) {
        fprintf(stderr, "the tags are not served: %s\n", bytes);
        abort();
    }
    asked++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t varied[ROW * LONGEST / 8];
    static struct heard heard[TOGETHER];
    const struct tagger_event *events;
    int fd[TOGETHER];
    if (size < 1) return 0;
    bool locked = data[0] & 1;
    uint64_t state = sum_of(data, size);
    parse(data + 1, size - 1);
    struct board *board = fresh(locked);
    if (data[0] & 2) {
        size_t count = fixture_see(&board->b, (const char *[]){inputs & 1 ? "cat" : "dog", NULL}, &events);
        serve_push(board->s, events, count);
    }
    for (int i = 0; i < TOGETHER; i++) {
        fd[i] = i ? client(board) : tcp_client(board);
        if (!heard[i].bytes && !(heard[i].bytes = malloc(HEARD + 1))) abort();
        heard[i].size = 0, heard[i].ended = false;
    }
    say_to(fd[0], data + 1, size - 1);
    for (int i = 1; i < TOGETHER; i++)
        say_to(fd[i], varied, i < 4 ? vary(varied, data + 1, size - 1, &state) : make_row(varied, &state));
    for (int i = 0, idle = 0; i < 8 * ROW && idle < 3; i++) {
        bool any = false;
        serve_poll(board->s, 0);
        for (int k = 0; k < TOGETHER; k++) any |= hear(fd[k], &heard[k]);
        idle = any ? 0 : idle + 1;
    }
    for (int i = 0; i < TOGETHER; i++) judge(&heard[i], locked), close(fd[i]);
    for (int i = 0; i < 2; i++) serve_poll(board->s, 0);
    if (inputs++ % ASK == 0) ask(board, locked);
    if (inputs % SAY == 0) say_inputs();
    if (locked && board->b.version != 1) abort();
    fuzz_lines = 0;
    return 0;
}
