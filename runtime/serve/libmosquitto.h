/* SPDX-License-Identifier: Apache-2.0
 * libmosquitto, loaded when a broker is named (base/loader.h). A function that is used has a line here, and is then
 * called by its usual name. */
#ifndef SERVE_LIBMOSQUITTO_H
#define SERVE_LIBMOSQUITTO_H

#include <mosquitto.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBMOSQUITTO_FUNCTIONS(X)                                                                                      \
    X(mosquitto_connack_string)                                                                                        \
    X(mosquitto_connect_async)                                                                                         \
    X(mosquitto_connect_callback_set)                                                                                  \
    X(mosquitto_destroy)                                                                                               \
    X(mosquitto_disconnect)                                                                                            \
    X(mosquitto_disconnect_callback_set)                                                                               \
    X(mosquitto_int_option)                                                                                            \
    X(mosquitto_lib_init)                                                                                              \
    X(mosquitto_log_callback_set)                                                                                      \
    X(mosquitto_loop_misc)                                                                                             \
    X(mosquitto_loop_read)                                                                                             \
    X(mosquitto_loop_write)                                                                                            \
    X(mosquitto_message_callback_set)                                                                                  \
    X(mosquitto_new)                                                                                                   \
    X(mosquitto_publish)                                                                                               \
    X(mosquitto_socket)                                                                                                \
    X(mosquitto_strerror)                                                                                              \
    X(mosquitto_subscribe)                                                                                             \
    X(mosquitto_tls_set)                                                                                               \
    X(mosquitto_unsubscribe)                                                                                           \
    X(mosquitto_username_pw_set)                                                                                       \
    X(mosquitto_want_write)                                                                                            \
    X(mosquitto_will_set)

#define DECLARE(name) extern __typeof__(name) *loaded_##name;
LIBMOSQUITTO_FUNCTIONS(DECLARE)
#undef DECLARE

#define mosquitto_connack_string loaded_mosquitto_connack_string
#define mosquitto_connect_async loaded_mosquitto_connect_async
#define mosquitto_connect_callback_set loaded_mosquitto_connect_callback_set
#define mosquitto_destroy loaded_mosquitto_destroy
#define mosquitto_disconnect loaded_mosquitto_disconnect
#define mosquitto_disconnect_callback_set loaded_mosquitto_disconnect_callback_set
#define mosquitto_int_option loaded_mosquitto_int_option
#define mosquitto_lib_init loaded_mosquitto_lib_init
#define mosquitto_log_callback_set loaded_mosquitto_log_callback_set
#define mosquitto_loop_misc loaded_mosquitto_loop_misc
#define mosquitto_loop_read loaded_mosquitto_loop_read
#define mosquitto_loop_write loaded_mosquitto_loop_write
#define mosquitto_message_callback_set loaded_mosquitto_message_callback_set
#define mosquitto_new loaded_mosquitto_new
#define mosquitto_publish loaded_mosquitto_publish
#define mosquitto_socket loaded_mosquitto_socket
#define mosquitto_strerror loaded_mosquitto_strerror
#define mosquitto_subscribe loaded_mosquitto_subscribe
#define mosquitto_tls_set loaded_mosquitto_tls_set
#define mosquitto_unsubscribe loaded_mosquitto_unsubscribe
#define mosquitto_username_pw_set loaded_mosquitto_username_pw_set
#define mosquitto_want_write loaded_mosquitto_want_write
#define mosquitto_will_set loaded_mosquitto_will_set

/* Loads it. false: `why` (capacity) tells what to install. */
bool libmosquitto_open(char *why, size_t capacity);

#endif
