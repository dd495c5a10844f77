/* SPDX-License-Identifier: Apache-2.0
 * A file with every type, whole, cut at every length, and with one broken field each. */
#include "support/test.h"
#include "blob/gguf.h"
#include "blob/bytes.h"
#include "support/heard.h"

#include <ocelli.h>
#include <stdlib.h>

/* Exactly `size` bytes of heap, so that a sanitizer sees a read past the end. */
static void *exact(const void *bytes, size_t size) {
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

/* Refused as FILE, nothing to free, and one line that names the file and says `words`. */
static void refused(const void *bytes, size_t size, const char *what, const char *words) {
    struct gguf g;
    void *copy = exact(bytes, size);
    listen();
    int status = gguf_parse(&g, copy, size, "x.gguf");
    if (status != OCELLI_ERR_FILE || heard.lines != 1 || !strstr(heard.text, words) ||
        strncmp(heard.text, "x.gguf: ", 8) != 0)
        fail_msg("%s: status %d, %d lines, expected '%s', said: %s", what, status, heard.lines, words, heard.text);
    assert_null(g.arena.last);
    assert_int_equal(g.value_count + g.tensor_count, 0);
    free(copy);
}

/* ---- whole ---- */

static void check_number(const struct gguf *g, const char *key, enum gguf_type type, uint64_t number) {
    const struct gguf_value *v = gguf_value(g, key);
    assert_non_null(v);
    assert_int_equal(v->type, type);
    assert_int_equal(v->count, 1);
    assert_true(v->number.u == number);
}

static void check_real(const struct gguf *g, const char *key, enum gguf_type type, double number) {
    const struct gguf_value *v = gguf_value(g, key);
    assert_non_null(v);
    assert_int_equal(v->type, type);
    assert_true(v->number.f == number);
}

static void check_arrays(const struct gguf *gguf) {
    const struct gguf_value *v = gguf_value(gguf, "s.text");
    assert_int_equal(v->type, GGUF_STRING);
    assert_int_equal(v->strings[0].length, 5);
    assert_memory_equal(v->strings[0].text, "hello", 5);
    v = gguf_value(gguf, "a.u16");
    assert_int_equal(v->type, GGUF_ARRAY);
    assert_int_equal(v->element, GGUF_U16);
    assert_int_equal(v->count, 3);
    assert_memory_equal(v->bytes, "\1\0\2\0\3\0", 6);
    v = gguf_value(gguf, "a.text");
    assert_int_equal(v->element, GGUF_STRING);
    assert_int_equal(v->count, 2);
    assert_int_equal(v->strings[0].length, 1);
    assert_int_equal(v->strings[0].text[0], 'x');
    assert_int_equal(v->strings[1].length, 0);
    assert_int_equal(gguf_value(gguf, "a.none")->count, 0);
}

static void check_tensor(const struct gguf *g, const char *name, enum gguf_tensor_type type, const uint64_t *ne,
                         uint64_t size) {
    const struct gguf_tensor *t = gguf_tensor(g, name);
    assert_non_null(t);
    assert_int_equal(t->type, type);
    assert_memory_equal(t->ne, ne, sizeof t->ne);
    assert_int_equal(t->size, size);
    assert_int_equal(g->data[t->offset], t->offset + 1);
}

static void whole(void **state) {
    (void)state;
    struct bytes b;
    struct gguf g;
    bytes_good(&b);
    void *copy = exact(b.data, b.size);
    assert_int_equal(gguf_parse(&g, copy, b.size, "x.gguf"), OCELLI_OK);
    check_number(&g, "general.alignment", GGUF_U32, 32);
    check_number(&g, "n.u8", GGUF_U8, 200);
    check_number(&g, "n.i8", GGUF_I8, 0xfb);
    check_number(&g, "n.u16", GGUF_U16, 60000);
    check_number(&g, "n.i16", GGUF_I16, 0xfffb);
    check_number(&g, "n.i32", GGUF_I32, 0xfffffffb);
    check_number(&g, "n.bool", GGUF_BOOL, 1);
    check_number(&g, "n.u64", GGUF_U64, UINT64_MAX - 1);
    check_number(&g, "n.i64", GGUF_I64, (uint64_t)-5);
    check_real(&g, "n.f32", GGUF_F32, 1.5);
    check_real(&g, "n.f64", GGUF_F64, -2.5);
    check_arrays(&g);
    check_tensor(&g, "t.f32", GGUF_TENSOR_F32, (const uint64_t[]){4, 2, 1, 1}, 32);
    check_tensor(&g, "t.f16", GGUF_TENSOR_F16, (const uint64_t[]){5, 1, 1, 1}, 10);
    check_tensor(&g, "t.i8", GGUF_TENSOR_I8, (const uint64_t[]){2, 1, 3, 1}, 6);
    assert_null(gguf_value(&g, "n.u"));
    assert_null(gguf_tensor(&g, "t.f32x"));
    assert_int_equal(g.data_size, 70);
    assert_int_equal(g.header_size, b.size - 70);
    gguf_finish(&g);
    assert_null(gguf_value(&g, "n.u8"));
    free(copy);
}

/* Nothing in it, and no alignment said: 32 then. */
static void nothing_in_it(void **state) {
    (void)state;
    struct bytes b;
    struct gguf g;
    bytes_begin(&b, 0, 0);
    refused(b.data, b.size, "no padding", "cut short before the data");
    bytes_align(&b, 32);
    assert_int_equal(gguf_parse(&g, b.data, b.size, "x.gguf"), OCELLI_OK);
    assert_int_equal(g.alignment, 32);
    assert_int_equal(g.data_size, 0);
    gguf_finish(&g);
}

/* ---- broken ---- */

/* `patch` goes `skip` bytes behind the first place where `text` stands in the good file. */
struct fault {
    const char *what, *text;
    int skip;
    const char *patch;
    size_t size;
    const char *words;
};
#define PATCH(bytes) bytes, sizeof bytes - 1
#define MOST "\377\377\377\377\377\377\377\377"

static const struct fault faults[] = {
    {"magic", "GGUF", -1, PATCH("X"), "not a GGUF file"},
    {"version 2", "GGUF", 0, PATCH("\2\0\0\0"), "version 2, this reader knows 3"},
    {"version 4", "GGUF", 0, PATCH("\4\0\0\0"), "version 4, this reader knows 3"},
    {"big-endian", "GGUF", 0, PATCH("\0\0\0\3"), "version 50331648"},
    {"tensors: 2^64 - 1", "GGUF", 4, PATCH(MOST), "counts of values or tensors"},
    {"tensors: 2^63", "GGUF", 11, PATCH("\200"), "counts of values or tensors"},
    {"tensors: one too many", "GGUF", 4, PATCH("\4"), ""},
    {"values: 2^64 - 1", "GGUF", 12, PATCH(MOST), "counts of values or tensors"},
    {"values: 2^56", "GGUF", 19, PATCH("\1"), "counts of values or tensors"},
    {"values: one too many", "GGUF", 12, PATCH("\20"), ""},
    {"values: one too few", "GGUF", 12, PATCH("\16"), ""},
    /* values */
    {"alignment 0", "general.alignment", 4, PATCH("\0\0\0\0"), "general.alignment is not"},
    {"alignment 4", "general.alignment", 4, PATCH("\4\0\0\0"), "general.alignment is not"},
    {"alignment 33", "general.alignment", 4, PATCH("\41\0\0\0"), "general.alignment is not"},
    {"alignment 2^21", "general.alignment", 4, PATCH("\0\0\40\0"), "general.alignment is not"},
    {"alignment 2^31", "general.alignment", 4, PATCH("\0\0\0\200"), "general.alignment is not"},
    {"alignment i32", "general.alignment", 0, PATCH("\5\0\0\0"), "general.alignment is not"},
    {"alignment f32", "general.alignment", 0, PATCH("\6\0\0\0"), "general.alignment is not"},
    {"alignment beyond the file", "general.alignment", 4, PATCH("\0\20\0\0"), "cut short before the data"},
    {"key twice", "n.u8", -4, PATCH("n.i8"), "'n.i8' stands there twice"},
    {"empty key", "n.u8", -12, PATCH("\0"), "a name that is empty"},
    {"key's length", "n.u8", -9, PATCH("\1"), "a string longer than the file"},
    {"key's length 2^64 - 1", "n.u8", -12, PATCH(MOST), "a string longer than the file"},
    {"NUL in a key", "n.u8", -2, PATCH("\0"), "has a NUL"},
    {"type 13", "n.u8", 0, PATCH("\15\0\0\0"), "n.u8: a value of unknown type"},
    {"type 2^32 - 1", "n.f64", 0, PATCH("\377\377\377\377"), "n.f64: a value of unknown type"},
    {"bool 2", "n.bool", 4, PATCH("\2"), "n.bool: a bool that is neither"},
    {"text's length", "s.text", 6, PATCH("\1"), "s.text: a string longer than the file"},
    {"text's length 2^64 - 1", "s.text", 4, PATCH(MOST), "s.text: a string longer than the file"},
    {"array of arrays", "a.u16", 4, PATCH("\11\0\0\0"), "a.u16: an array of arrays"},
    {"array of type 13", "a.u16", 4, PATCH("\15\0\0\0"), "a.u16: an array of unknown type"},
    {"array's count", "a.u16", 10, PATCH("\1"), "a.u16: an array longer than the file"},
    {"array's bytes 2^64", "a.u16", 15, PATCH("\200"), "a.u16: an array longer than the file"},
    {"array's bytes 2^64 - 2", "a.u16", 8, PATCH("\377\377\377\377\377\377\377\177"),
     "a.u16: an array longer than the file"},
    {"empty array's count", "a.none", 8, PATCH(MOST), "a.none: an array longer than the file"},
    {"texts' count", "a.text", 10, PATCH("\1"), "a.text: an array longer than the file"},
    {"texts' count 2^64 - 1", "a.text", 8, PATCH(MOST), "a.text: an array longer than the file"},
    {"length of a text in an array", "a.text", 16, PATCH(MOST), "a.text: a string longer than the file"},
    /* tensors */
    {"name twice", "t.f16", -5, PATCH("t.f32"), "'t.f32' stands there twice"},
    {"empty name", "t.f16", -13, PATCH("\0"), "a name that is empty"},
    {"NUL in a name", "t.f16", -1, PATCH("\0"), "has a NUL"},
    {"name's length", "t.f16", -9, PATCH("\1"), "a string longer than the file"},
    {"no dimensions", "t.f32", 0, PATCH("\0\0\0\0"), "t.f32: a tensor that has not 1 to 4"},
    {"5 dimensions", "t.f32", 0, PATCH("\5\0\0\0"), "t.f32: a tensor that has not 1 to 4"},
    {"2^32 - 1 dimensions", "t.f32", 0, PATCH("\377\377\377\377"), "t.f32: a tensor that has not 1 to 4"},
    {"no columns", "t.f32", 4, PATCH("\0"), "t.f32: a tensor of impossible size"},
    {"no rows", "t.f32", 12, PATCH("\0"), "t.f32: a tensor of impossible size"},
    {"2^64 numbers", "t.f32", 4, PATCH("\0\0\0\0\0\0\0\200"), "t.f32: a tensor of impossible size"},
    {"2^64 bytes", "t.f32", 4, PATCH("\0\0\0\0\0\0\0\40"), "t.f32: a tensor of impossible size"},
    {"2^63 bytes", "t.f32", 4, PATCH("\0\0\0\0\0\0\0\20"), "t.f32 ends past the end"},
    {"tensor of Q4_0", "t.f32", 20, PATCH("\2\0\0\0"), "t.f32: a tensor of a type"},
    {"tensor of type 2^32 - 1", "t.f32", 20, PATCH("\377\377\377\377"), "t.f32: a tensor of a type"},
    {"not aligned", "t.f16", 16, PATCH("\41"), "t.f16 is not aligned to 32"},
    {"half aligned", "t.f16", 16, PATCH("\60"), "t.f16 is not aligned to 32"},
    {"one place", "t.f16", 16, PATCH("\0"), "tensors t.f"},
    {"overlap", "t.f32", 4, PATCH("\5"), "tensors t.f32 and t.f16 overlap"},
    {"overlap by one byte", "t.f16", 4, PATCH("\41\0\0\0\0\0\0\0\30"), "tensors t.f16 and t.i8 overlap"}, /* 33 of I8 */
    {"two bytes past the end", "t.i8", 20, PATCH("\4"), "t.i8 ends past the end"},
    {"behind the end", "t.i8", 40, PATCH("\140"), "t.i8 ends past the end"},
    {"offset 2^64 - 32", "t.i8", 40, PATCH("\340\377\377\377\377\377\377\377"), "t.i8 ends past the end"},
};

static uint8_t *find(struct bytes *b, const char *text) {
    uint8_t *at = memmem(b->data, b->size, text, strlen(text));
    if (!at) fail_msg("no %s in the good file", text);
    return at + strlen(text);
}

static void one_broken_field(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        struct bytes b;
        bytes_good(&b);
        memcpy(find(&b, f->text) + f->skip, f->patch, f->size);
        refused(b.data, b.size, f->what, f->words);
    }
}

static void cut(void **state) {
    (void)state;
    struct bytes b;
    bytes_good(&b);
    for (size_t size = 0; size < b.size; size++) refused(b.data, size, "cut", size < b.size - 70 ? "" : "t.");
}

/* Any byte of the header with another value: whole or a clean refusal. */
static void any_byte(void **state) {
    (void)state;
    struct bytes b;
    struct gguf g;
    bytes_good(&b);
    uint8_t *copy = exact(b.data, b.size);
    for (size_t i = 0; i < (b.size - 70) * 256; i++) {
        listen();
        copy[i / 256] = (uint8_t)i;
        int status = gguf_parse(&g, copy, b.size, "x.gguf");
        assert_int_equal(heard.lines, status ? 1 : 0);
        assert_int_equal(status, status ? OCELLI_ERR_FILE : OCELLI_OK);
        gguf_finish(&g);
        copy[i / 256] = b.data[i / 256];
    }
    free(copy);
}

/* ---- long names ---- */

/* A file of one value or one tensor whose name has `length` letters. */
static uint8_t *with_name(size_t length, bool tensor, size_t *size) {
    uint8_t *bytes = calloc(1, length + 256);
    struct bytes b;
    assert_non_null(bytes);
    bytes_begin(&b, tensor, !tensor);
    bytes_number(&b, length, 8);
    memcpy(bytes, b.data, b.size);
    memset(bytes + b.size, 'n', length);
    size_t behind = b.size + length;
    b.size = 0;
    if (tensor) {
        bytes_number(&b, 1, 4); /* dimensions */
        bytes_number(&b, 1, 8); /* ne */
        bytes_number(&b, GGUF_TENSOR_I8, 4);
        bytes_number(&b, 0, 8); /* offset */
    } else {
        bytes_number(&b, GGUF_U8, 5); /* type, 0 */
    }
    memcpy(bytes + behind, b.data, b.size);
    *size = (behind + b.size + 31) / 32 * 32 + 1;
    return bytes;
}

static void long_names(void **state) {
    static const struct {
        size_t longest;
        bool tensor;
    } cases[] = {{65536, false}, {256, true}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct gguf g;
        size_t size;
        uint8_t *bytes = with_name(cases[i].longest, cases[i].tensor, &size);
        assert_int_equal(gguf_parse(&g, bytes, size, "x.gguf"), OCELLI_OK);
        gguf_finish(&g);
        free(bytes);
        bytes = with_name(cases[i].longest + 1, cases[i].tensor, &size);
        refused(bytes, size, "long name", "too long");
        free(bytes);
    }
}

/* ---- types of other programs ---- */

/* Q8_0: 34 bytes for 32 numbers, and rows of whole blocks. */
static void other_types(void **state) {
    static const uint64_t rows[] = {64, 2}, half[] = {48, 2};
    struct bytes b;
    struct gguf g;
    (void)state;
    bytes_begin(&b, 2, 0);
    bytes_tensor(&b, "q", GGUF_TENSOR_Q8_0, 2, rows, 0);
    bytes_tensor(&b, "b", GGUF_TENSOR_BF16, 2, rows, 160);
    bytes_align(&b, 32);
    for (int i = 0; i < 160 + 256; i++) bytes_put(&b, "x", 1);
    assert_int_equal(gguf_parse(&g, b.data, b.size, "x.gguf"), OCELLI_OK);
    assert_int_equal(g.tensors[0].size, 4 * 34);
    assert_int_equal(g.tensors[1].size, 256);
    gguf_finish(&g);
    bytes_begin(&b, 1, 0);
    bytes_tensor(&b, "q", GGUF_TENSOR_Q8_0, 2, half, 0);
    bytes_align(&b, 32);
    refused(b.data, b.size, "half a block", "q: a tensor of impossible size");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),       cmocka_unit_test(nothing_in_it), cmocka_unit_test(one_broken_field),
        cmocka_unit_test(cut),         cmocka_unit_test(any_byte),      cmocka_unit_test(long_names),
        cmocka_unit_test(other_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
