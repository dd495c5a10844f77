/* SPDX-License-Identifier: Apache-2.0
 * A service manager's socket, as sd_notify(3) tells: a datagram each. */
#include "daemon/notify.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int ear;

static void hear(const char *name, bool abstract) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path, name);
    if (abstract) at.sun_path[0] = 0;
    ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(
        bind(ear, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

/* "": nothing was said. */
static const char *heard(void) {
    static char message[1024];
    ssize_t n = recv(ear, message, sizeof message - 1, 0);
    message[n > 0 ? n : 0] = 0;
    return message;
}

static void test_path(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    hear(checkpoint_path(folder, "socket"), false);
    notify_say("READY=1\nSTATUS=%d of %s", 3, "them");
    notify_say("WATCHDOG=1");
    assert_string_equal(heard(), "READY=1\nSTATUS=3 of them");
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_string_equal(heard(), "");
    close(ear);
    notify_say("WATCHDOG=1"); /* the manager is gone: no fault, no signal */
    unsetenv("NOTIFY_SOCKET");
    notify_say("WATCHDOG=1");
    checkpoint_remove(folder);
}

static void test_abstract(void **state) {
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@ocelli-notify-%d", (int)getpid());
    hear(name, true);
    notify_say("STOPPING=1");
    assert_string_equal(heard(), "STOPPING=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    notify_say("STOPPING=1");
    assert_string_equal(heard(), "");
    close(ear);
    unsetenv("NOTIFY_SOCKET");
}

/* A manager that does not read holds nobody up. */
static void test_full(void **state) {
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@ocelli-notify-%d", (int)getpid());
    hear(name, true);
    for (int i = 0; i < 5000; i++) notify_say("WATCHDOG=1");
    assert_string_equal(heard(), "WATCHDOG=1");
    close(ear);
    unsetenv("NOTIFY_SOCKET");
}

static void test_watchdog(void **state) {
    (void)state;
    char pid[20];
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_ms(), 30000);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 30000);
    setenv("WATCHDOG_PID", "1", 1); /* it is for another process */
    assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_path), cmocka_unit_test(test_abstract),
                                       cmocka_unit_test(test_full), cmocka_unit_test(test_watchdog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
