/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/postgres_rows.h"

#include <stdlib.h>
#include <string.h>

/* PostgreSQL counts microseconds from 2000. */
#define FROM_1970_MS INT64_C(946684800000)
enum { FIELDS = 8 };

static uint64_t mix(uint64_t sum, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) sum = (sum ^ at[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return sum;
}

int64_t postgres_row_sum(const struct postgres_row *row) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    sum = mix(sum, row->tags, strlen(row->tags) + 1);
    if (row->path) sum = mix(sum, row->path, strlen(row->path) + 1);
    sum = mix(sum, &row->fact->time_ms, sizeof row->fact->time_ms);
    sum = mix(sum, &row->fact->scale, sizeof row->fact->scale);
    return (int64_t)mix(sum, row->vector, row->size);
}

uint16_t postgres_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x47800000) return sign | 0x7c00; /* 65536 and more, which a unit vector has not */
    if (magnitude < 0x38800000) {                      /* below 2^-14: in steps of 2^-24 */
        float small;
        memcpy(&small, &magnitude, sizeof small);
        small += 0.5f; /* the last bit of 0.5 is 2^-24: the processor rounds */
        memcpy(&magnitude, &small, sizeof magnitude);
        return sign | (uint16_t)(magnitude - 0x3f000000);
    }
    uint32_t odd = magnitude >> 13 & 1;
    return sign | (uint16_t)((magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

static uint8_t *reserve(struct postgres_rows *r, size_t more) {
    if (r->used + more > r->capacity) {
        size_t capacity = 2 * r->capacity + more;
        uint8_t *grown = r->full ? NULL : realloc(r->bytes, capacity);
        r->full = !grown;
        if (!grown) return NULL;
        r->bytes = grown, r->capacity = capacity;
    }
    r->used += more;
    return r->bytes + r->used - more;
}

static void put(struct postgres_rows *r, uint64_t value, size_t bytes) {
    uint8_t *at = reserve(r, bytes);
    for (size_t i = 0; at && i < bytes; i++) at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static void put_text(struct postgres_rows *r, const char *text) {
    size_t size = text ? strlen(text) : 0;
    put(r, text ? size : UINT32_MAX, 4);
    uint8_t *at = reserve(r, size);
    if (at && size) memcpy(at, text, size);
}

static void put_number(struct postgres_rows *r, int64_t value) {
    put(r, 8, 4);
    put(r, (uint64_t)value, 8);
}

/* halfvec_send(): how many, 0, the halves. */
static void put_vector(struct postgres_rows *r, const struct postgres_row *row) {
    put(r, 4 + 2 * row->size, 4);
    put(r, row->size, 2);
    put(r, 0, 2);
    for (size_t i = 0; i < row->size; i++) put(r, postgres_half(row->fact->scale * (float)row->vector[i]), 2);
}

void postgres_rows_begin(struct postgres_rows *rows) {
    rows->used = rows->count = 0;
    uint8_t *at = reserve(rows, 11);
    if (at) memcpy(at, "PGCOPY\n\377\r\n\0", 11);
    put(rows, 0, 8);
}

void postgres_rows_add(struct postgres_rows *rows, const struct postgres_row *row) {
    put(rows, FIELDS, 2);
    put_text(rows, row->board);
    put_text(rows, row->model);
    put_number(rows, row->fact->id);
    put_number(rows, (row->fact->time_ms - FROM_1970_MS) * 1000);
    put_text(rows, row->tags);
    put_text(rows, row->path);
    put_number(rows, row->sum);
    put_vector(rows, row);
    rows->count++;
}

void postgres_rows_end(struct postgres_rows *rows) {
    put(rows, 0xffff, 2);
}

void postgres_rows_finish(struct postgres_rows *rows) {
    free(rows->bytes);
    *rows = (struct postgres_rows){0};
}
