/* SPDX-License-Identifier: Apache-2.0
 * sd_notify(3) without its library: a datagram to $NOTIFY_SOCKET. Without the variable nothing happens. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

/* "READY=1\nSTATUS=..." and the like. */
void notify_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds within which the service manager wants WATCHDOG=1; 0: it does not. */
int64_t notify_watchdog_ms(void);

#endif
