/* SPDX-License-Identifier: Apache-2.0
 * The zip archives are written here as well: local headers, a central directory, zlib for what is packed. */
#include "support/torch_file.h"
#include "support/test.h"

#include <string.h>
#include <zlib.h>

enum { MOST_ENTRIES = 256 };

/* ---- bytes ---- */

void torch_put(struct torch_bytes *bytes, const void *data, size_t size) {
    if (bytes->size + size > bytes->room) {
        bytes->room = 2 * (bytes->size + size) + 1024;
        bytes->data = realloc(bytes->data, bytes->room);
        assert_non_null(bytes->data);
    }
    if (size) memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_number(struct torch_bytes *b, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) torch_put(b, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

/* ---- zip ---- */

static void put_entry(struct torch_bytes *b, const struct torch_entry *e, const uint8_t *packed, size_t packed_size,
                      uint32_t crc, bool central, uint32_t offset) {
    torch_put(b, central ? "PK\1\2\24\0" : "PK\3\4", central ? 6 : 4);
    put_number(b, 20, 2);
    put_number(b, 0, 2);
    put_number(b, packed ? 8 : 0, 2);
    put_number(b, 0, 4);
    put_number(b, crc, 4);
    put_number(b, packed_size, 4);
    put_number(b, e->size, 4);
    put_number(b, strlen("model/") + strlen(e->name), 2);
    put_number(b, 0, 2);
    if (central) put_number(b, 0, 8), put_number(b, 0, 2), put_number(b, offset, 4);
    torch_put(b, "model/", 6);
    torch_put(b, e->name, strlen(e->name));
}

static uint8_t *pack(const struct torch_entry *e, size_t *size) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)e->data, .avail_in = (uInt)e->size};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong room = deflateBound(&z, (uLong)e->size);
    uint8_t *packed = malloc(room);
    assert_non_null(packed);
    z.next_out = packed;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *size = z.total_out;
    deflateEnd(&z);
    return packed;
}

void torch_zip(struct torch_bytes *zip, const struct torch_entry *entries, size_t count, bool packed) {
    struct torch_bytes central = {0};
    *zip = (struct torch_bytes){0};
    for (size_t i = 0; i < count; i++) {
        size_t size = entries[i].size;
        uint8_t *small = packed ? pack(&entries[i], &size) : NULL;
        uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), entries[i].data, (uInt)entries[i].size);
        put_entry(&central, &entries[i], small, size, crc, true, (uint32_t)zip->size);
        put_entry(zip, &entries[i], small, size, crc, false, 0);
        torch_put(zip, small ? small : entries[i].data, size);
        free(small);
    }
    uint32_t at = (uint32_t)zip->size;
    torch_put(zip, central.data, central.size);
    torch_code(zip, "PK\5\6\0\0\0\0");
    put_number(zip, count, 2);
    put_number(zip, count, 2);
    put_number(zip, central.size, 4);
    put_number(zip, at, 4);
    put_number(zip, 0, 2);
    free(central.data);
}

/* ---- pickles ---- */

void torch_text(struct torch_bytes *bytes, const char *text) {
    torch_code(bytes, "X");
    put_number(bytes, strlen(text), 4);
    torch_put(bytes, text, strlen(text));
}

static void put_int(struct torch_bytes *b, uint64_t value) {
    torch_code(b, "J");
    put_number(b, value, 4);
}

static bool is_turned(const struct stored_tensor *t, const struct torch_form *form) {
    return form->turned && t->dimensions == 2 && t->kind != STORED_OTHER;
}

/* torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, False, OrderedDict()) */
static void put_tensor(struct torch_bytes *b, const struct stored_tensor *t, size_t key,
                       const struct torch_form *form) {
    char name[24];
    uint64_t stride = 1, strides[STORED_MAX_DIMENSIONS];
    bool more = form->broken && strcmp(form->broken, t->name) == 0;
    snprintf(name, sizeof name, "%zu", key);
    for (uint32_t d = t->dimensions; d-- > 0; stride *= t->shape[d]) strides[d] = stride;
    if (is_turned(t, form)) strides[0] = 1, strides[1] = t->shape[0];
    torch_code(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    torch_text(b, "storage");
    if (t->kind == STORED_OTHER)
        torch_code(b, "ctorch\nLongStorage\n");
    else
        torch_code(b, "ctorch\nHalfStorage\n");
    torch_text(b, name);
    torch_text(b, "cpu");
    put_int(b, t->count + more);
    if (form->kind == TORCH_OLD) torch_code(b, "N");
    torch_code(b, "tQK\0(");
    for (uint32_t d = 0; d < t->dimensions; d++) put_int(b, t->shape[d]);
    torch_code(b, "t(");
    for (uint32_t d = 0; d < t->dimensions; d++) put_int(b, strides[d]);
    torch_code(b, "t\x89"
                  "ccollections\nOrderedDict\n)RtR");
}

static void put_dict(struct torch_bytes *b, const struct stored_tensor *tensors, size_t count,
                     const struct torch_form *form) {
    torch_code(b, "ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < count; i++) {
        char name[300];
        const char *prefix = form->rename ? form->rename(tensors[i].name) : form->prefix;
        snprintf(name, sizeof name, "%s%s", prefix ? prefix : "", tensors[i].name);
        torch_text(b, name);
        put_tensor(b, &tensors[i], i, form);
    }
    torch_code(b, "u}");
    torch_text(b, "_metadata");
    torch_code(b, "}sb");
}

/* Modules inside of modules, as the dots of the names have it. The tensors are sorted by name. */
static void put_module(struct torch_bytes *b, const struct stored_tensor *tensors, size_t first, size_t count,
                       size_t skip, const struct torch_form *form) {
    torch_code(b, "c__torch__.model\nM\n)\x81}(");
    torch_text(b, "training");
    torch_code(b, "\x89");
    for (size_t i = first, next; i < first + count; i = next) {
        const char *rest = tensors[i].name + skip, *dot = strchr(rest, '.');
        size_t length = dot ? (size_t)(dot + 1 - rest) : strlen(rest);
        char part[100];
        snprintf(part, sizeof part, "%.*s", (int)(length - (dot != NULL)), rest);
        for (next = i + 1; dot && next < first + count && strncmp(tensors[next].name + skip, rest, length) == 0;
             next++) {
        }
        torch_text(b, part);
        if (dot)
            put_module(b, tensors, i, next - i, skip + length, form);
        else
            put_tensor(b, &tensors[i], i, form);
    }
    torch_code(b, "ub");
}

/* ---- storages ---- */

static uint16_t half_of(float value) {
    for (uint32_t sign = 0; sign <= 0x8000; sign += 0x8000) { /* the numbers are halves already: found by halving */
        uint32_t low = 0, high = 0x7c00;
        if ((value < 0) != (sign != 0)) continue;
        while (high - low > 1) {
            uint32_t middle = (low + high) / 2;
            float at = stored_from_half((uint16_t)middle);
            if (at <= (sign ? -value : value))
                low = middle;
            else
                high = middle;
        }
        return (uint16_t)(sign | low);
    }
    return 0x7e00; /* NaN */
}

static struct torch_bytes storage_of(const struct stored_tensor *t, const struct torch_form *form) {
    struct torch_bytes b = {0};
    if (t->kind == STORED_OTHER) {
        for (uint64_t i = 0; i < t->count; i++) put_number(&b, i, 8);
        return b;
    }
    float *values = malloc((t->count + 1) * sizeof *values);
    assert_non_null(values);
    assert_int_equal(stored_read(t, 0, t->count, values), 0);
    for (uint64_t i = 0; i < t->count; i++) {
        uint64_t from = is_turned(t, form) ? i % t->shape[0] * t->shape[1] + i / t->shape[0] : i;
        put_number(&b, half_of(values[from]), 2);
    }
    free(values);
    return b;
}

/* ---- files ---- */

static void archive(struct torch_bytes *file, const struct torch_bytes *pickle, const struct stored_tensor *tensors,
                    size_t count, const struct torch_form *form) {
    struct torch_entry entries[MOST_ENTRIES];
    struct torch_bytes storages[MOST_ENTRIES];
    char names[MOST_ENTRIES][32];
    size_t used = 0;
    assert_true(count + 3 < MOST_ENTRIES);
    entries[used++] = (struct torch_entry){"data.pkl", pickle->data, pickle->size};
    entries[used++] = (struct torch_entry){"byteorder", "little", 6};
    if (form->kind == TORCH_SCRIPT) entries[used++] = (struct torch_entry){"constants.pkl", "\x80\x02).", 4};
    for (size_t i = 0; i < count; i++) {
        storages[i] = storage_of(&tensors[i], form);
        snprintf(names[i], sizeof names[i], "data/%zu", i);
        entries[used++] = (struct torch_entry){names[i], storages[i].data, storages[i].size};
    }
    torch_zip(file, entries, used, form->packed);
    for (size_t i = 0; i < count; i++) free(storages[i].data);
}

/* Before torch 1.6. */
static void pickles(struct torch_bytes *file, const struct torch_bytes *pickle, const struct stored_tensor *tensors,
                    size_t count, const struct torch_form *form) {
    *file = (struct torch_bytes){0};
    torch_code(file, "\x80\x02\x8a\nl\xfc\x9c"
                     "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.");
    torch_put(file, pickle->data, pickle->size);
    torch_code(file, "\x80\x02](");
    for (size_t i = count; i-- > 0;) { /* in an order of their own */
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        torch_text(file, name);
    }
    torch_code(file, "e.");
    for (size_t i = count; i-- > 0;) {
        struct torch_bytes storage = storage_of(&tensors[i], form);
        put_number(file, tensors[i].count, 8);
        torch_put(file, storage.data, storage.size);
        free(storage.data);
    }
}

void torch_file(struct torch_bytes *file, const struct stored_tensor *tensors, size_t count,
                const struct torch_form *form) {
    struct torch_bytes pickle = {0};
    torch_code(&pickle, "\x80\x02");
    if (form->inside) {
        torch_code(&pickle, "}(");
        torch_text(&pickle, "epoch");
        torch_code(&pickle, "K\3");
        torch_text(&pickle, "args");
        torch_code(&pickle, "cargparse\nNamespace\n)\x81}");
        torch_text(&pickle, "lr");
        torch_code(&pickle, "G\0\0\0\0\0\0\0\0sb");
        torch_text(&pickle, "state_dict");
    }
    if (form->kind == TORCH_SCRIPT)
        put_module(&pickle, tensors, 0, count, 0, form);
    else
        put_dict(&pickle, tensors, count, form);
    if (form->inside) torch_code(&pickle, "u");
    torch_code(&pickle, ".");
    if (form->kind == TORCH_OLD)
        pickles(file, &pickle, tensors, count, form);
    else
        archive(file, &pickle, tensors, count, form);
    free(pickle.data);
}
