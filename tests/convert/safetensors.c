/* SPDX-License-Identifier: Apache-2.0
 * A file whole, cut at every length, and with one broken field each; numbers of every bit pattern. */
#include "support/test.h"
#include "convert/read/safetensors.h"
#include "convert/compute/quantize.h"
#include "support/heard.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

/* A file on exactly its bytes of heap, so that a sanitizer sees a read past the end. */
struct file {
    uint8_t *bytes;
    size_t size;
    size_t data; /* where the data start */
};

static void put_length(struct file *f, uint64_t length) {
    for (int i = 0; i < 8; i++) f->bytes[i] = (uint8_t)(length >> (8 * i));
}

/* ' stands for " in `header`; the data are 1, 2, 3, ... */
static struct file make(const char *header, size_t data_size) {
    size_t length = strlen(header);
    struct file f = {.size = 8 + length + data_size, .data = 8 + length};
    f.bytes = malloc(f.size);
    assert_non_null(f.bytes);
    put_length(&f, length);
    for (size_t i = 0; i < length; i++) f.bytes[8 + i] = (uint8_t)(header[i] == '\'' ? '"' : header[i]);
    for (size_t i = 0; i < data_size; i++) f.bytes[f.data + i] = (uint8_t)(1 + i);
    return f;
}

static int parse(struct safetensors *s, struct storage_memory *in, const struct file *f) {
    storage_of_memory(in, f->bytes, f->size, "x.bin");
    return safetensors_parse(s, &in->base);
}

/* Refused as FILE, nothing to free, and one line that names the file and says `words`. */
static void refused(const struct file *f, const char *what, const char *words) {
    struct storage_memory in;
    struct safetensors s;
    listen();
    int status = parse(&s, &in, f);
    bool named = strncmp(heard.text, "x.bin: ", 7) == 0;
    if (status != OCELLI_ERR_FILE || heard.lines != 1 || !named || !strstr(heard.text, words))
        fail_msg("%s: status %d, %d lines, expected '%s', said: %s", what, status, heard.lines, words, heard.text);
    assert_null(s.arena.last);
    assert_int_equal(s.count, 0);
}

/* ---- whole ---- */

/* Not in the order of the data: that is how they are given. One without bytes shares another's place. */
static const char good[] = "{'half':{'dtype':'F16','shape':[3],'data_offsets':[16,22]},"
                           "'__metadata__':{'format':'pt'},"
                           "'brain':{'dtype':'BF16','shape':[],'data_offsets':[22,24]},"
                           "'none':{'dtype':'I64','shape':[4,0],'data_offsets':[22,22]},"
                           "'full':{'data_offsets':[0,16],'shape':[1,2,1,2],'dtype':'F32'}}  ";
enum { GOOD_DATA = 24 };

static void check_tensor(const struct stored_tensor *t, const struct file *f, const char *name, const char *type,
                         uint64_t count, uint64_t begin, uint64_t size) {
    assert_string_equal(t->name, name);
    assert_string_equal(t->type, type);
    assert_int_equal(t->count, count);
    assert_int_equal(t->begin, f->data + begin);
    assert_int_equal(t->size, size);
    assert_true(stored_is_float(t) == (strcmp(type, "I64") != 0));
    if (size) assert_int_equal(f->bytes[t->begin], 1 + begin);
}

static void whole(void **state) {
    (void)state;
    struct file f = make(good, GOOD_DATA);
    struct storage_memory in;
    struct safetensors s;
    assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
    assert_int_equal(s.count, 4);
    check_tensor(&s.tensors[0], &f, "full", "F32", 4, 0, 16);
    check_tensor(&s.tensors[1], &f, "half", "F16", 3, 16, 6);
    check_tensor(&s.tensors[2], &f, "none", "I64", 0, 22, 0);
    check_tensor(&s.tensors[3], &f, "brain", "BF16", 1, 22, 2);
    assert_int_equal(s.tensors[0].dimensions, 4);
    assert_memory_equal(s.tensors[0].shape, ((uint64_t[]){1, 2, 1, 2}), 32);
    assert_int_equal(s.tensors[3].dimensions, 0);
    safetensors_finish(&s);
    assert_int_equal(s.count, 0);
    free(f.bytes);
}

static void no_tensors(void **state) {
    (void)state;
    struct file f = make("{}", 0);
    struct storage_memory in;
    struct safetensors s;
    assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
    assert_int_equal(s.count, 0);
    safetensors_finish(&s);
    free(f.bytes);
}

static void every_type(void **state) {
    static const struct {
        const char *name;
        size_t size;
    } types[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8},     {"I64", 8},
                 {"U64", 8}, {"I32", 4}, {"U32", 4},  {"I16", 2},     {"U16", 2},
                 {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char header[128];
        struct storage_memory in;
        struct safetensors s;
        snprintf(header, sizeof header, "{'a':{'dtype':'%s','shape':[3],'data_offsets':[0,%zu]}}", types[i].name,
                 3 * types[i].size);
        struct file f = make(header, 3 * types[i].size);
        assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
        assert_int_equal(s.tensors[0].size, 3 * types[i].size);
        assert_true(stored_is_float(&s.tensors[0]) == (i < 3));
        safetensors_finish(&s);
        free(f.bytes);
    }
}

/* ---- numbers ---- */

/* Four floats whose place in memory is `shift` bytes off a multiple of 4. */
static void check_shift(size_t shift) {
    char header[128];
    struct storage_memory in;
    struct safetensors s;
    float values[4] = {1.5f, -0.0f, INFINITY, 1e-45f}, out[2];
    int length = snprintf(header, sizeof header, "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}");
    for (; (8 + (size_t)length) % 4 != shift; length++) strcat(header, " ");
    struct file f = make(header, 16);
    memcpy(f.bytes + f.data, values, sizeof values);
    assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
    assert_int_equal(stored_read(&s.tensors[0], 2, 2, out), OCELLI_OK);
    assert_memory_equal(out, values + 2, sizeof out);
    safetensors_finish(&s);
    free(f.bytes);
}

static void shifts(void **state) {
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) check_shift(shift);
}

/* All numbers of 16 bits of one type, read in two goes. */
static float *all_numbers(const char *type) {
    enum { COUNT = 65536, FIRST = 1000 };
    char header[128];
    struct storage_memory in;
    struct safetensors s;
    float *out = malloc(COUNT * sizeof *out);
    assert_non_null(out);
    snprintf(header, sizeof header, "{'a':{'dtype':'%s','shape':[256,256],'data_offsets':[0,131072]}}", type);
    struct file f = make(header, 2 * COUNT);
    for (size_t i = 0; i < 2 * COUNT; i++) f.bytes[f.data + i] = (uint8_t)(i / 2 >> (i % 2 * 8));
    assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
    assert_int_equal(stored_read(&s.tensors[0], 0, FIRST, out), OCELLI_OK);
    assert_int_equal(stored_read(&s.tensors[0], FIRST, COUNT - FIRST, out + FIRST), OCELLI_OK);
    safetensors_finish(&s);
    free(f.bytes);
    return out;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* IEEE 754, 3.4: 5 bits of exponent biased by 15, 10 of fraction. NaN keeps its fraction. */
static uint32_t half_bits(uint32_t h) {
    uint32_t sign = h >> 15, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31) return sign << 31 | 0x7f800000 | fraction << 13;
    double size = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
    return bits_of((float)(sign ? -size : size));
}

static void numbers(void **state) {
    (void)state;
    float *half = all_numbers("F16"), *brain = all_numbers("BF16");
    for (uint32_t i = 0; i < 65536; i++) {
        if (bits_of(half[i]) != half_bits(i)) fail_msg("F16 %04x is %a", i, half[i]);
        if (bits_of(brain[i]) != i << 16) fail_msg("BF16 %04x is %a", i, brain[i]);
    }
    assert_true(half[0x3c00] == 1 && half[0xc500] == -5 && half[0x7bff] == 65504);
    assert_true(half[0x0001] == 0x1p-24f && half[0x83ff] == -0x1.ff8p-15f);
    assert_true(isinf(half[0x7c00]) && isinf(half[0xfc00]) && isnan(half[0x7c01]) && isnan(half[0xffff]));
    assert_true(brain[0x3f80] == 1 && isinf(brain[0xff80]) && isnan(brain[0x7fc0]));
    free(half);
    free(brain);
}

/* ---- broken ---- */

struct fault {
    const char *header;
    size_t data;
    const char *words;
};
#define TENSOR(name, type, shape, offsets) "'" name "':{'dtype':" type ",'shape':" shape ",'data_offsets':" offsets "}"
#define ONE(type, shape, offsets) "{" TENSOR("a", type, shape, offsets) "}"
#define TWO(first, second) "{" TENSOR("a", "'U8'", "[4]", first) "," TENSOR("b", "'U8'", "[4]", second) "}"

static const struct fault faults[] = {
    {"", 0, "not JSON"},
    {"nothing", 0, "not JSON"},
    {"{", 0, "not JSON"},
    {"{}x", 0, "not JSON"},
    {"{'a':1,}", 0, "not JSON"},
    {"[]", 0, "the header is not an object"},
    {"null", 0, "the header is not an object"},
    {"'a'", 0, "the header is not an object"},
    {"{'a':1}", 0, "tensor a has no shape"},
    {"{'a':[]}", 0, "tensor a has no shape"},
    {"{'a':null}", 0, "tensor a has no shape"},
    {"{'__metadata__':[]}", 0, "__metadata__ is not an object of strings"},
    {"{'__metadata__':'pt'}", 0, "__metadata__ is not an object of strings"},
    {"{'__metadata__':{'format':'pt','a':1}}", 0, "__metadata__ is not an object of strings"},
    {"{'__metadata__':{'a':{}}}", 0, "__metadata__ is not an object of strings"},
    {"{'__metadata__':{},'__metadata__':{}}", 0, "'__metadata__' stands there twice"},
    /* dtype */
    {"{'a':{'shape':[4],'data_offsets':[0,4]}}", 4, "tensor a has a dtype unknown"},
    {ONE("'U4'", "[4]", "[0,4]"), 4, "tensor a has a dtype unknown"},
    {ONE("'u8'", "[4]", "[0,4]"), 4, "tensor a has a dtype unknown"},
    {ONE("''", "[4]", "[0,4]"), 4, "tensor a has a dtype unknown"},
    {ONE("8", "[4]", "[0,4]"), 4, "tensor a has a dtype unknown"},
    {ONE("['U8']", "[4]", "[0,4]"), 4, "tensor a has a dtype unknown"},
    /* shape */
    {"{'a':{'dtype':'U8','data_offsets':[0,4]}}", 4, "tensor a has no shape"},
    {ONE("'U8'", "4", "[0,4]"), 4, "tensor a has no shape"},
    {ONE("'U8'", "{'x':4}", "[0,4]"), 4, "tensor a has no shape"},
    {ONE("'U8'", "[1,1,1,1,1,1,1,1,4]", "[0,4]"), 4, "of more than 8 dimensions"},
    {ONE("'U8'", "[-4]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[-2,-2]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[0.5,8]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "['4']", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[[4]]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[null]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[1e400]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[18446744073709551620]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'U8'", "[4294967296,4294967296]", "[0,0]"), 0, "tensor a has an impossible shape"},
    {ONE("'U8'", "[4294967296,4294967297,4]", "[0,4]"), 4, "tensor a has an impossible shape"},
    {ONE("'F32'", "[4294967296,1073741824]", "[0,0]"), 0, "tensor a has a size that does not fit"},
    /* data_offsets */
    {"{'a':{'dtype':'U8','shape':[4]}}", 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "4"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "{'0':0,'1':4}"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[4]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[0,4,4]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "['0',4]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[0,null]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[-4,0]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[0.5,4.5]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[4,0]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[0,1e300]"), 4, "tensor a has no usable data_offsets"},
    {ONE("'U8'", "[4]", "[1,5]"), 4, "tensor a ends past the end"},
    {ONE("'U8'", "[4]", "[9007199254740988,9007199254740992]"), 4, "tensor a ends past the end"},
    {ONE("'U8'", "[3]", "[0,4]"), 4, "tensor a has a size that does not fit"},
    {ONE("'U8'", "[5]", "[0,4]"), 4, "tensor a has a size that does not fit"},
    {ONE("'F32'", "[2]", "[0,4]"), 4, "tensor a has a size that does not fit"},
    {ONE("'U8'", "[]", "[0,4]"), 4, "tensor a has a size that does not fit"},
    {ONE("'U8'", "[0]", "[0,4]"), 4, "tensor a has a size that does not fit"},
    /* one beside the other */
    {ONE("'U8'", "[4]", "[0,4]"), 5, "bytes behind the last tensor"},
    {"{}", 1, "bytes behind the last tensor"},
    {ONE("'U8'", "[4]", "[1,5]"), 5, "tensor a lies behind a hole"},
    {TWO("[0,4]", "[3,7]"), 7, "tensor b overlaps"},
    {TWO("[0,4]", "[0,4]"), 4, "overlaps"},
    {TWO("[4,8]", "[1,5]"), 8, "tensor b lies behind a hole"},
    {TWO("[0,4]", "[5,9]"), 9, "tensor b lies behind a hole"},
    {TWO("[5,9]", "[0,4]"), 9, "tensor a lies behind a hole"},
    {"{" TENSOR("a", "'U8'", "[4]", "[0,4]") "," TENSOR("a", "'U8'", "[4]", "[4,8]") "}", 8, "'a' stands there twice"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4],'shape':[4]}}", 4, "'shape' stands there twice"},
};

static void one_broken_field(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct file f = make(faults[i].header, faults[i].data);
        refused(&f, faults[i].header, faults[i].words);
        free(f.bytes);
    }
}

static void header_length(void **state) {
    static const struct {
        uint64_t length;
        const char *words;
    } cases[] = {
        {0, "not JSON"},
        {sizeof good - 4, "not JSON"},               /* ends before the last brace */
        {sizeof good + 1, "tensor brain ends past"}, /* two bytes of data, which cJSON skips as space */
        {sizeof good + GOOD_DATA, "cut short in its header"},
        {100000000, "cut short in its header"},
        {100000001, "header length makes no sense"},
        {UINT64_MAX - 7, "header length makes no sense"}, /* 8 + that is 0 */
        {UINT64_MAX, "header length makes no sense"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file f = make(good, GOOD_DATA);
        put_length(&f, cases[i].length);
        refused(&f, "header length", cases[i].words);
        free(f.bytes);
    }
}

static void cut(void **state) {
    (void)state;
    struct file f = make(good, GOOD_DATA);
    for (size_t size = 0; size < f.size; size++) {
        struct file shorter = {.bytes = malloc(size ? size : 1), .size = size};
        assert_non_null(shorter.bytes);
        memcpy(shorter.bytes, f.bytes, size);
        refused(&shorter, "cut",
                size < 8        ? "header length"
                : size < f.data ? "cut short in its header"
                                : "past the end");
        free(shorter.bytes);
    }
    free(f.bytes);
}

/* Any byte of the header with another value: whole or a clean refusal. */
static void any_byte(void **state) {
    (void)state;
    struct file f = make(good, GOOD_DATA);
    for (size_t i = 0; i < f.data * 256; i += 3) {
        struct storage_memory in;
        struct safetensors s;
        uint8_t was = f.bytes[i / 256];
        f.bytes[i / 256] = (uint8_t)i;
        listen();
        int status = parse(&s, &in, &f);
        assert_int_equal(heard.lines, status ? 1 : 0);
        assert_int_equal(status, status ? OCELLI_ERR_FILE : OCELLI_OK);
        safetensors_finish(&s);
        f.bytes[i / 256] = was;
    }
    free(f.bytes);
}

/* Bytes of ones are NaN in each type: the file is whole, its numbers are refused. */
static void not_numbers(void **state) {
    static const char *const types[] = {"F32", "F16", "BF16"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char header[128];
        struct storage_memory in;
        struct safetensors s;
        float values[8] = {0};
        size_t size = i ? 16 : 32;
        snprintf(header, sizeof header, "{'some.weight':{'dtype':'%s','shape':[8],'data_offsets':[0,%zu]}}", types[i],
                 size);
        struct file f = make(header, size);
        memset(f.bytes + f.data + size / 8 * 5, 0xff, size / 8 * 3);
        assert_int_equal(parse(&s, &in, &f), OCELLI_OK);
        assert_int_equal(stored_read(&s.tensors[0], 0, 8, values), OCELLI_OK);
        listen();
        assert_int_equal(quantize_check("x.bin", s.tensors[0].name, values, 8), OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text, "x.bin: tensor some.weight is not finite at 5"));
        safetensors_finish(&s);
        free(f.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),         cmocka_unit_test(no_tensors), cmocka_unit_test(every_type),
        cmocka_unit_test(shifts),        cmocka_unit_test(numbers),    cmocka_unit_test(one_broken_field),
        cmocka_unit_test(header_length), cmocka_unit_test(cut),        cmocka_unit_test(any_byte),
        cmocka_unit_test(not_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
