/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "ocelli/library/postgres_inner.h"

#include <string.h>

/* libpq's messages have several lines; the first one tells. */
static void first_line(char *to, size_t size, const char *message) {
    snprintf(to, size, "%s", message && *message ? message : "no answer");
    to[strcspn(to, "\n")] = '\0';
}

static const char *advice(PGconn *db) {
    if (PQstatus(db) != CONNECTION_OK) return ": what was sent before is kept: run it again";
    return "";
}

int postgres_fault(PGconn *db, const char *what) {
    char why[512];
    const char *message = PQerrorMessage(db);
    first_line(why, sizeof why, strncmp(message, "ERROR:  ", 8) ? message : message + 8);
    return log_fail(OCELLI_ERR_FILE, "PostgreSQL: %s: %s%s", what, why, advice(db));
}

/* "NOTICE: relation already exists" is nobody's concern. */
static void no_notice(void *user, const char *message) {
    (void)user, (void)message;
}

int postgres_connect(PGconn **out, const char *url) {
    static const char *const keys[] = {"dbname", "connect_timeout", "fallback_application_name", NULL};
    const char *const values[] = {url, "10", "ocelli", NULL};
    char why[512];
    *out = NULL;
    if (!libpq_open(why, sizeof why)) return log_fail(OCELLI_ERR_USAGE, "%s", why);
    PGconn *db = *out = PQconnectdbParams(keys, values, 1);
    if (!db) return log_fail(OCELLI_ERR_MEMORY, "out of memory for PostgreSQL");
    PQsetNoticeProcessor(db, no_notice, NULL);
    if (PQstatus(db) == CONNECTION_OK) return OCELLI_OK;
    first_line(why, sizeof why, PQerrorMessage(db));
    PQfinish(db);
    *out = NULL;
    return log_fail(OCELLI_ERR_FILE, "PostgreSQL: cannot connect: %s", why);
}

int postgres_do(PGconn *db, const char *what, const char *sql) {
    PGresult *result = PQexec(db, sql);
    int status = PQresultStatus(result) == PGRES_COMMAND_OK ? OCELLI_OK : postgres_fault(db, what);
    PQclear(result);
    return status;
}

int postgres_ask(PGconn *db, const char *what, const char *sql, int count, const char *const *values, bool binary,
                 PGresult **out) {
    PGresult *result = PQexecParams(db, sql, count, NULL, values, NULL, NULL, binary);
    ExecStatusType code = PQresultStatus(result);
    int status = code == PGRES_COMMAND_OK || code == PGRES_TUPLES_OK ? OCELLI_OK : postgres_fault(db, what);
    if (out && !status)
        *out = result;
    else
        PQclear(result);
    return status;
}

int64_t postgres_int64(const PGresult *result, int row, int column) {
    const unsigned char *at = (const unsigned char *)PQgetvalue(result, row, column);
    uint64_t value = 0;
    for (int i = 0; i < 8 && PQgetlength(result, row, column) == 8; i++) value = value << 8 | at[i];
    return (int64_t)value;
}
