/* SPDX-License-Identifier: Apache-2.0
 * libmicrohttpd, loaded when the page is wanted (base/loader.h). A function that is used has a line here, and is then
 * called by its usual name. */
#ifndef SERVE_LIBMICROHTTPD_H
#define SERVE_LIBMICROHTTPD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBMICROHTTPD_FUNCTIONS(X)                                                                                     \
    X(MHD_add_response_header)                                                                                         \
    X(MHD_create_response_from_buffer)                                                                                 \
    X(MHD_create_response_from_callback)                                                                               \
    X(MHD_create_response_from_iovec)                                                                                  \
    X(MHD_destroy_response)                                                                                            \
    X(MHD_get_connection_info)                                                                                         \
    X(MHD_get_connection_values_n)                                                                                     \
    X(MHD_get_daemon_info)                                                                                             \
    X(MHD_get_timeout)                                                                                                 \
    X(MHD_lookup_connection_value)                                                                                     \
    X(MHD_queue_response)                                                                                              \
    X(MHD_resume_connection)                                                                                           \
    X(MHD_run)                                                                                                         \
    X(MHD_set_connection_option)                                                                                       \
    X(MHD_start_daemon)                                                                                                \
    X(MHD_stop_daemon)                                                                                                 \
    X(MHD_suspend_connection)

#define DECLARE(name) extern __typeof__(name) *loaded_##name;
LIBMICROHTTPD_FUNCTIONS(DECLARE)
#undef DECLARE

#define MHD_add_response_header loaded_MHD_add_response_header
#define MHD_create_response_from_buffer loaded_MHD_create_response_from_buffer
#define MHD_create_response_from_callback loaded_MHD_create_response_from_callback
#define MHD_create_response_from_iovec loaded_MHD_create_response_from_iovec
#define MHD_destroy_response loaded_MHD_destroy_response
#define MHD_get_connection_info loaded_MHD_get_connection_info
#define MHD_get_connection_values_n loaded_MHD_get_connection_values_n
#define MHD_get_daemon_info loaded_MHD_get_daemon_info
#define MHD_get_timeout loaded_MHD_get_timeout
#define MHD_lookup_connection_value loaded_MHD_lookup_connection_value
#define MHD_queue_response loaded_MHD_queue_response
#define MHD_resume_connection loaded_MHD_resume_connection
#define MHD_run loaded_MHD_run
#define MHD_set_connection_option loaded_MHD_set_connection_option
#define MHD_start_daemon loaded_MHD_start_daemon
#define MHD_stop_daemon loaded_MHD_stop_daemon
#define MHD_suspend_connection loaded_MHD_suspend_connection

/* Loads it. false: `why` (capacity) tells what to install. */
bool libmicrohttpd_open(char *why, size_t capacity);

#endif
