/* SPDX-License-Identifier: Apache-2.0
 * Between postgres.c, postgres_export.c and postgres_search.c. */
#ifndef LIBRARY_POSTGRES_INNER_H
#define LIBRARY_POSTGRES_INNER_H

#include "ocelli/library/libpq.h"
#include "ocelli/library/postgres.h"

/* On error *out is NULL. Errors: FILE, said without the URL, which may have a password. */
int postgres_connect(PGconn **out, const char *url);
/* Says what libpq says and what to do; gives FILE. */
int postgres_fault(PGconn *db, const char *what);
/* Runs a statement without an answer. Errors: FILE, said as `what` went wrong. */
int postgres_do(PGconn *db, const char *what, const char *sql);
/* The same with $1, $2, ...; *out (may be NULL): PQclear() it. binary: how the answer comes. */
int postgres_ask(PGconn *db, const char *what, const char *sql, int count, const char *const *values, bool binary,
                 PGresult **out);
/* Of a result's field that came as 8 bytes, the highest first. */
int64_t postgres_int64(const PGresult *result, int row, int column);

#endif
