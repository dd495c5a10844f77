/* SPDX-License-Identifier: Apache-2.0
 * libpq, loaded when --postgres is given (base/loader.h). A function that is used has a line here, and is then called
 * by its usual name. */
#ifndef OCELLI_LIBRARY_LIBPQ_H
#define OCELLI_LIBRARY_LIBPQ_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBPQ_FUNCTIONS(X)                                                                                             \
    X(PQclear)                                                                                                         \
    X(PQconnectdbParams)                                                                                               \
    X(PQerrorMessage)                                                                                                  \
    X(PQexec)                                                                                                          \
    X(PQexecParams)                                                                                                    \
    X(PQfinish)                                                                                                        \
    X(PQgetResult)                                                                                                     \
    X(PQgetisnull)                                                                                                     \
    X(PQgetlength)                                                                                                     \
    X(PQgetvalue)                                                                                                      \
    X(PQntuples)                                                                                                       \
    X(PQputCopyData)                                                                                                   \
    X(PQputCopyEnd)                                                                                                    \
    X(PQresultStatus)                                                                                                  \
    X(PQsetNoticeProcessor)                                                                                            \
    X(PQstatus)

#define DECLARE(name) extern __typeof__(name) *loaded_##name;
LIBPQ_FUNCTIONS(DECLARE)
#undef DECLARE

#define PQclear loaded_PQclear
#define PQconnectdbParams loaded_PQconnectdbParams
#define PQerrorMessage loaded_PQerrorMessage
#define PQexec loaded_PQexec
#define PQexecParams loaded_PQexecParams
#define PQfinish loaded_PQfinish
#define PQgetResult loaded_PQgetResult
#define PQgetisnull loaded_PQgetisnull
#define PQgetlength loaded_PQgetlength
#define PQgetvalue loaded_PQgetvalue
#define PQntuples loaded_PQntuples
#define PQputCopyData loaded_PQputCopyData
#define PQputCopyEnd loaded_PQputCopyEnd
#define PQresultStatus loaded_PQresultStatus
#define PQsetNoticeProcessor loaded_PQsetNoticeProcessor
#define PQstatus loaded_PQstatus

/* Loads it. false: `why` (capacity) tells what to install. */
bool libpq_open(char *why, size_t capacity);

#endif
