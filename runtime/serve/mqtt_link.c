/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mqtt_link.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "serve/libmosquitto.h"
#include "serve/transport.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { KEEPALIVE_S = 30, LOOK_MS = 1000, LEAST_RETRY_MS = 1000, MOST_RETRY_MS = 60000, PASSWORD = 256, LAST_MS = 500 };

/* ---- why TLS fails ---- */

/* Of this thread's last call of libmosquitto, which tells it in its log alone; NULL: nothing. */
static _Thread_local const char *tls_fault;

static void on_log(struct mosquitto *client, void *user, int level, const char *text) {
    (void)client, (void)user;
    if (level != MOSQ_LOG_ERR || tls_fault) return; /* the first is the cause */
    if (strstr(text, "host name verification failed"))
        tls_fault = "TLS: its certificate is for another host name";
    else if (strstr(text, "certificate verify failed"))
        tls_fault = "TLS: its certificate is of another CA, or out of date";
    else if (strstr(text, "Unable to load CA certificates"))
        tls_fault = "TLS: the file of ca holds no certificate in PEM";
}

static const char *fault_of(int result) {
    const char *why = tls_fault ? tls_fault : mosquitto_strerror(result);
    tls_fault = NULL;
    return why;
}

/* ---- the search for the broker ---- */

/* mosquitto_connect_async() asks for the host's address, which may take as long as a name server does not answer. So it
 * runs in a thread of its own, which nobody has to wait for: one that is left frees what it has. */
struct mqtt_connector {
    pthread_mutex_t lock;
    struct mosquitto *client;
    struct serve *serve;
    char host[256];
    int port;
    const char *fault; /* NULL: none */
    bool done, left;   /* under the lock */
};

static void destroy(struct mqtt_connector *c) {
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void *connect_to(void *user) {
    struct mqtt_connector *c = user;
    int result = mosquitto_connect_async(c->client, c->host, c->port, KEEPALIVE_S);
    int cause = errno;
    pthread_mutex_lock(&c->lock);
    bool left = c->left;
    if (result) c->fault = result == MOSQ_ERR_ERRNO ? strerrordesc_np(cause) : fault_of(result);
    c->done = true;
    if (!left) serve_wake(c->serve);
    pthread_mutex_unlock(&c->lock);
    if (left) mosquitto_destroy(c->client), destroy(c);
    return NULL;
}

static void start_connector(struct mqtt_link *l) {
    pthread_t thread;
    struct mqtt_connector *c = calloc(1, sizeof *c);
    if (!c) return;
    pthread_mutex_init(&c->lock, NULL);
    c->client = l->client, c->serve = l->serve, c->port = l->port;
    snprintf(c->host, sizeof c->host, "%s", l->host);
    if (pthread_create(&thread, NULL, connect_to, c)) {
        destroy(c);
        return;
    }
    pthread_detach(thread);
    l->connector = c;
}

/* Has it ended? *fault: why it failed; NULL: it did not. */
static bool take_connector(struct mqtt_link *l, const char **fault) {
    pthread_mutex_lock(&l->connector->lock);
    bool done = l->connector->done;
    *fault = l->connector->fault;
    pthread_mutex_unlock(&l->connector->lock);
    if (!done) return false;
    destroy(l->connector);
    l->connector = NULL;
    return true;
}

/* The client goes with it. */
static void leave_connector(struct mqtt_link *l) {
    struct mqtt_connector *c = l->connector;
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    bool done = c->done;
    c->left = true;
    pthread_mutex_unlock(&c->lock);
    l->connector = NULL;
    if (done)
        destroy(c);
    else
        l->client = NULL;
}

/* ---- up and down ---- */

/* Twice as long after each failure, and never the same for two boards that lost one broker. */
static void plan_retry(struct mqtt_link *l) {
    uint8_t chance = 128;
    if (getrandom(&chance, 1, GRND_NONBLOCK) != 1) chance = 128;
    double ms = ldexp(LEAST_RETRY_MS, l->failures < 6 ? (int)l->failures : 6);
    l->failures++;
    l->next_ms = clock_ms() + fmin(ms, MOST_RETRY_MS) * (0.75 + chance / 512.0);
}

/* One failure has one cause: the first that comes up. */
static void fail(struct mqtt_link *l, const char *why) {
    bool was_up = l->up;
    if (isfinite(l->next_ms)) return;
    int length = (int)strcspn(why, "."); /* of libmosquitto's sentences */
    snprintf(l->fault, sizeof l->fault, "MQTT broker %.60s:%d: %.*s", l->host, l->port, length < 60 ? length : 60, why);
    if (was_up) l->lost_ms = clock_ms();
    if (was_up || !l->told) log_warn("%s; it is tried again now and then", l->fault);
    l->told = true, l->up = false;
    plan_retry(l);
}

static void on_connect(struct mosquitto *client, void *user, int code) {
    struct mqtt_link *l = user;
    (void)client;
    if (code) {
        fail(l, mosquitto_connack_string(code));
        return;
    }
    if (l->lost_ms > 0) /* the same line again would be held back, and the last one say that it is away */
        log_info("MQTT broker %s:%d: connected again, after %.0f s", l->host, l->port,
                 (clock_ms() - l->lost_ms) / 1000);
    else
        log_info("MQTT broker %s:%d: connected", l->host, l->port);
    l->up = true, l->told = false, l->failures = 0, l->fault[0] = '\0';
    mqtt_link_publish(l, l->will, "online", 6, true);
    l->user.up(l->user.user);
}

static void on_disconnect(struct mosquitto *client, void *user, int code) {
    const struct mqtt_link *l = user;
    (void)client;
    fail(user, !l->up && !tls_fault ? "nothing answers there, or it refuses us"
               : code               ? fault_of(code)
                                    : "it ended the connection");
}

static void on_message(struct mosquitto *client, void *user, const struct mosquitto_message *m) {
    struct mqtt_link *l = user;
    (void)client;
    l->user.message(l->user.user, m->topic, m->payload, m->payloadlen > 0 ? (size_t)m->payloadlen : 0, m->retain);
}

/* ---- opening ---- */

static int set_login(struct mqtt_link *l, const struct serve_mqtt *params) {
    char password[PASSWORD] = "";
    if (!params->user) return OCELLI_OK;
    int status = OCELLI_OK;
    if (params->password_file)
        status = file_read_secret(params->password_file, "the password", password, sizeof password);
    if (!status && mosquitto_username_pw_set(l->client, params->user, params->password_file ? password : NULL))
        status = log_fail(OCELLI_ERR_MEMORY, "mqtt: out of memory");
    explicit_bzero(password, sizeof password);
    return status;
}

static int set_tls(struct mqtt_link *l, const struct serve_mqtt *params) {
    if (!params->tls) return OCELLI_OK;
    if (params->ca && access(params->ca, R_OK)) return log_fail(OCELLI_ERR_FILE, "%s: %s", params->ca, strerror(errno));
    int fault = params->ca ? mosquitto_tls_set(l->client, params->ca, NULL, NULL, NULL, NULL)
                           : mosquitto_int_option(l->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    return fault ? log_fail(OCELLI_ERR_FILE, "mqtt: TLS: %s", mosquitto_strerror(fault)) : OCELLI_OK;
}

int mqtt_link_open(struct mqtt_link *link, struct serve *serve, const struct serve_mqtt *params, const char *id,
                   const char *will, const struct mqtt_link_user *user) {
    *link = (struct mqtt_link){.serve = serve, .user = *user, .port = params->port};
    mosquitto_lib_init();
    link->host = strdup(params->host), link->will = strdup(will);
    link->client = mosquitto_new(id, true, link);
    if (!link->host || !link->will || !link->client) return log_fail(OCELLI_ERR_MEMORY, "mqtt: out of memory");
    mosquitto_connect_callback_set(link->client, on_connect);
    mosquitto_disconnect_callback_set(link->client, on_disconnect);
    mosquitto_message_callback_set(link->client, on_message);
    mosquitto_log_callback_set(link->client, on_log);
    if (mosquitto_will_set(link->client, will, 7, "offline", 1, true))
        return log_fail(OCELLI_ERR_USAGE, "mqtt: prefix: \"%s\" is no topic", will);
    int status = set_login(link, params);
    return status ? status : set_tls(link, params);
}

static void say_goodbye(struct mqtt_link *l) {
    double until = clock_ms() + LAST_MS;
    mqtt_link_publish(l, l->will, "offline", 7, true);
    while (mosquitto_want_write(l->client) && clock_ms() < until) {
        struct pollfd p = {mosquitto_socket(l->client), POLLOUT, 0};
        if (p.fd < 0 || poll(&p, 1, LAST_MS) <= 0 || mosquitto_loop_write(l->client, 1)) return;
    }
    mosquitto_disconnect(l->client);
}

void mqtt_link_close(struct mqtt_link *link) {
    leave_connector(link);
    if (link->client && link->up) {
        mosquitto_disconnect_callback_set(link->client, NULL);
        say_goodbye(link);
    }
    if (link->client) mosquitto_destroy(link->client);
    free(link->host), free(link->will);
    *link = (struct mqtt_link){0};
}

/* ---- at work ---- */

size_t mqtt_link_wait(struct mqtt_link *link, double due_ms, struct pollfd *fds, int *timeout_ms) {
    int fd = link->connector ? -1 : mosquitto_socket(link->client);
    if (!link->connector) due_ms = fmin(due_ms, link->next_ms);
    if (fd >= 0) due_ms = fmin(due_ms, link->looked_ms + LOOK_MS);
    if (isfinite(due_ms)) serve_wait_most(timeout_ms, (int)fmin(fmax(ceil(due_ms - clock_ms()), 0), MOST_RETRY_MS));
    if (fd < 0) return 0;
    fds[0] = (struct pollfd){fd, (short)(POLLIN | (mosquitto_want_write(link->client) ? POLLOUT : 0)), 0};
    return 1;
}

void mqtt_link_step(struct mqtt_link *link, const struct pollfd *fds, size_t count, double now_ms) {
    const char *fault;
    if (link->connector) {
        if (take_connector(link, &fault) && fault) fail(link, fault);
        return;
    }
    if (now_ms >= link->next_ms) {
        link->next_ms = INFINITY;
        start_connector(link);
        if (!link->connector) plan_retry(link); /* no memory, or no thread, just now */
        return;
    }
    tls_fault = NULL;
    int result = MOSQ_ERR_SUCCESS;
    if (count && fds[0].revents & (POLLIN | POLLERR | POLLHUP)) result = mosquitto_loop_read(link->client, 1);
    if (count && !result && fds[0].revents & POLLOUT) result = mosquitto_loop_write(link->client, 1);
    if (!result && now_ms - link->looked_ms >= LOOK_MS) {
        link->looked_ms = now_ms;
        result = mosquitto_loop_misc(link->client);
    }
    /* A handshake that fails closes the socket, and calls on_disconnect() only sometimes. */
    if (result && mosquitto_socket(link->client) < 0) fail(link, fault_of(result));
}

bool mqtt_link_free(struct mqtt_link *link) {
    return link->up && !mosquitto_want_write(link->client);
}

void mqtt_link_publish(struct mqtt_link *link, const char *topic, const void *payload, size_t size, bool retained) {
    int fault = mosquitto_publish(link->client, NULL, topic, (int)size, payload, 0, retained);
    if (fault && fault != MOSQ_ERR_NO_CONN) log_warn("mqtt: %s: %s", topic, mosquitto_strerror(fault));
}

void mqtt_link_subscribe(struct mqtt_link *link, const char *topic) {
    mosquitto_subscribe(link->client, NULL, topic, 1);
}

void mqtt_link_unsubscribe(struct mqtt_link *link, const char *topic) {
    mosquitto_unsubscribe(link->client, NULL, topic);
}
