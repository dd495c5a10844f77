/* SPDX-License-Identifier: Apache-2.0
 * Small files of every format, whole, cut at every length, and with one broken field each. */
#include "support/test.h"
#include "prep/decode.h"
#include "base/file.h"
#include "support/heard.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Refused with `status`, nothing to free, and one line that names the file and says `words`. */
static void check_refused(int got, int status, const struct ocelli_image *image, const char *words) {
    if (got != status || !strstr(heard.text, words)) print_error("status %d, said: %s\n", got, heard.text);
    assert_int_equal(got, status);
    assert_null(image->rgb);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, words));
}

static void refused(const void *bytes, size_t size, int status, const char *words) {
    struct ocelli_image image;
    void *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    if (size) memcpy(exact, bytes, size);
    listen();
    check_refused(decode_memory(&image, exact, size, "x.bin", NULL), status, &image, words);
    assert_ptr_equal(strstr(heard.text, "x.bin: "), heard.text);
    free(exact);
}

struct bytes {
    unsigned char data[8192];
    size_t size;
};

static struct bytes golden(const char *name) {
    const char *source = getenv("OCELLI_SOURCE");
    char path[4096];
    struct bytes b;
    snprintf(path, sizeof path, "%s/tests/golden/preprocess/%s", source ? source : ".", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    b.size = fread(b.data, 1, sizeof b.data, f);
    assert_in_range(b.size, 1, sizeof b.data - 1);
    fclose(f);
    return b;
}

/* Two pixels side by side, red then 1 2 3, in formats that need no compressor. */
struct sample {
    const char *name, *data;
    size_t size;
    size_t enough; /* bytes that hold all pixels; what follows is not needed */
};
#define SAMPLE(name, text, rest)                                                                                       \
    { name, text, sizeof text - 1, sizeof text - 1 - (rest) }
static const struct sample samples[] = {
    SAMPLE("PNM", "P6 2 1 255\n\377\0\0\1\2\3", 0),
    SAMPLE("BMP",
           "BM\76\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\2\0\0\0\1\0\0\0\1\0\30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
           "\0\0\0\0\0\0"
           "\0\0\0\377\3\2\1\0\0",
           2), /* rows are padded to 4 bytes */
    SAMPLE("TGA", "\0\0\2\0\0\0\0\0\0\0\0\0\2\0\1\0\30\40\0\0\377\3\2\1", 0),
    SAMPLE("TGA, run length", "\0\0\12\0\0\0\0\0\0\0\0\0\2\0\1\0\30\40\1\0\0\377\3\2\1", 0),
    SAMPLE("GIF", "GIF89a\2\0\1\0\200\0\0\377\0\0\1\2\3,\0\0\0\0\2\0\1\0\0\2\2\104\12\0;", 2),
};
enum { SAMPLE_COUNT = sizeof samples / sizeof *samples };

static void every_format(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct ocelli_image image;
        print_message("%s\n", samples[i].name);
        assert_int_equal(decode_memory(&image, samples[i].data, samples[i].size, samples[i].name, NULL), OCELLI_OK);
        assert_int_equal(image.width, 2);
        assert_int_equal(image.height, 1);
        assert_memory_equal(image.rgb, "\377\0\0\1\2\3", 6);
        decode_free(&image);
        assert_null(image.rgb);
    }
}

/* Grey is spread, alpha dropped and not blended, of 16 bits the high byte stays. */
static void to_rgb(void **state) {
    (void)state;
    static const struct {
        const char *data;
        size_t size;
        const char *rgb;
    } cases[] = {
        {"P5 1 1 255\n\173", 12, "\173\173\173"},
        {"\0\0\2\0\0\0\0\0\0\0\0\0\1\0\1\0\40\50\3\2\1\0", 22, "\1\2\3"},     /* TGA, alpha 0 */
        {"\0\0\3\0\0\0\0\0\0\0\0\0\1\0\1\0\20\50\144\0", 20, "\144\144\144"}, /* grey and alpha 0 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ocelli_image image;
        assert_int_equal(decode_memory(&image, cases[i].data, cases[i].size, "x", NULL), OCELLI_OK);
        assert_memory_equal(image.rgb, cases[i].rgb, 3);
        decode_free(&image);
    }
}

static void cut_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        for (size_t size = 0; size < samples[i].enough; size++)
            refused(samples[i].data, size, OCELLI_ERR_FILE, size ? "" : "empty");
}

static void cut_png_and_jpeg(void **state) {
    (void)state;
    static const char *const names[] = {"tiny.png", "palette.png", "adam7.png", "photo420.jpg", "progressive.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes file = golden(names[i]);
        struct ocelli_image image;
        assert_int_equal(decode_memory(&image, file.data, file.size, names[i], NULL), OCELLI_OK);
        decode_free(&image);
        size_t step = file.size / 300 + 1; /* the last bytes one by one */
        for (size_t cut = 1; cut < file.size; cut += cut < 64 ? 1 : step)
            refused(file.data, file.size - cut, OCELLI_ERR_FILE, "");
        refused(file.data, file.size - 1, OCELLI_ERR_FILE, "cut short");
    }
}

static const struct {
    const char *file; /* below golden/preprocess */
    size_t at;        /* where `patch` goes */
    const char *patch;
    size_t size;
    int status;
    const char *words;
} broken[] = {
    {"tiny.png", 0, "\211PNX", 4, OCELLI_ERR_FILE, "not a picture"},
    {"tiny.png", 12, "IHDX", 4, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 16, "\0\0\0\0", 4, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 20, "\0\0\0\0", 4, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 16, "\0\0\100\1", 4, OCELLI_ERR_LIMIT, "over the limit of 16384"},               /* 16385 wide */
    {"tiny.png", 16, "\0\0\352\140\0\0\352\140", 8, OCELLI_ERR_LIMIT, "over the limit of 16384"}, /* 60000 x 60000 */
    {"tiny.png", 16, "\377\377\377\377", 4, OCELLI_ERR_LIMIT, "over the limit of 16384"},
    {"tiny.png", 16, "\0\0\100\0\0\0\100\0", 8, OCELLI_ERR_FILE, "cannot hold 16384x16384 pixels"},
    {"tiny.png", 16, "\0\0\0\6", 4, OCELLI_ERR_FILE, "broken picture"}, /* one more column */
    {"tiny.png", 24, "\3", 1, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 25, "\5", 1, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 26, "\1", 1, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 27, "\1", 1, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 28, "\2", 1, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 33, "\177\377\377\377", 4, OCELLI_ERR_FILE, ""}, /* length of IDAT */
    {"tiny.png", 37, "IDAX", 4, OCELLI_ERR_FILE, "broken picture"},
    {"tiny.png", 41, "\170\234\7", 3, OCELLI_ERR_FILE, "broken picture"}, /* deflate block of type 3 */
    {"tiny.png", 41, "\171", 1, OCELLI_ERR_FILE, "broken picture"},
    {"photo420.jpg", 0, "\377\331", 2, OCELLI_ERR_FILE, "not a picture"},
};

static void put_header_sum(unsigned char *png) {
    unsigned long sum = crc32(0, png + 12, 17);
    for (int byte = 0; byte < 4; byte++) png[29 + byte] = (unsigned char)(sum >> (24 - 8 * byte));
}

static void one_broken_field(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct bytes file = golden(broken[i].file);
        memcpy(file.data + broken[i].at, broken[i].patch, broken[i].size);
        if (broken[i].at >= 12 && broken[i].at < 29) { /* the header's checksum, so that the field is what is wrong */
            put_header_sum(file.data);
        }
        refused(file.data, file.size, broken[i].status, broken[i].words);
    }
}

/* As Pillow does not; decode.h says so. */
static void png_checksum_is_not_read(void **state) {
    (void)state;
    struct bytes file = golden("tiny.png");
    file.data[file.size - 13] ^= 1; /* last byte of IDAT's */
    struct ocelli_image image;
    assert_int_equal(decode_memory(&image, file.data, file.size, "x", NULL), OCELLI_OK);
    decode_free(&image);
}

static const struct {
    const char *data;
    size_t size;
    int status;
    const char *words;
} odd[] = {
    {"", 0, OCELLI_ERR_FILE, "empty"},
    {"\377", 1, OCELLI_ERR_FILE, ""},
    {"a garage door that is open\n", 27, OCELLI_ERR_FILE, "not a picture (PNG, JPEG, WebP, BMP, GIF, TGA or PNM)"},
    {"{\"tag\":\"a cat\"}\n", 16, OCELLI_ERR_FILE, "not a picture"},
    {"P6 0 5 255\nabcdefgh", 19, OCELLI_ERR_FILE, ""},
    {"P6 5 0 255\nabcdefgh", 19, OCELLI_ERR_FILE, ""},
    {"P6 20000 1 255\nabcdefgh", 23, OCELLI_ERR_LIMIT, "over the limit"},
    {"P6 99999999999 1 255\nabcdefgh", 29, OCELLI_ERR_FILE, ""},
    {"P5 1 1 65535\nab", 15, OCELLI_ERR_LIMIT, "a grey PNM of 16 bits"},
    {"P7\nWIDTH 1\nHEIGHT 1\n", 20, OCELLI_ERR_LIMIT, "a PAM picture is not read; convert it to PNG first"},
    {"II*\0\10\0\0\0", 8, OCELLI_ERR_LIMIT, "a TIFF picture is not read"},
    {"8BPS\0\1", 6, OCELLI_ERR_LIMIT, "a PSD picture is not read"},
    {"#?RADIANCE\n", 11, OCELLI_ERR_LIMIT, "a Radiance HDR picture is not read"},
    {"\0\0\0\34ftypheic", 12, OCELLI_ERR_LIMIT, "a HEIF or AVIF picture is not read"},
    {"P6 1 1 65536\nabcdef", 19, OCELLI_ERR_FILE, ""},
    {"\0\0\2\0\0\0\0\0\0\0\0\0\377\77\377\77\30\40\1\2\3", 21, OCELLI_ERR_FILE, "cannot hold 16383x16383"}, /* TGA */
    {"GIF89a\0\100\0\100\0\0\0,\0\0\0\0\0\100\0\100\0\2\2\104\12\0;", 28, OCELLI_ERR_FILE, "cannot hold"},
};

static void odd_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        refused(odd[i].data, odd[i].size, odd[i].status, odd[i].words);
}

#ifdef OCELLI_JPEG
#define HUFFMAN "broken picture: Bogus Huffman table definition"
#else
#define HUFFMAN "a Huffman table of over 256 symbols"
#endif

/* Both make stb_image 2.27 write or read outside of its tables when nothing is in the way. */
static void jpeg_tables(void **state) {
    (void)state;
    struct bytes file = golden("photo420.jpg");
    unsigned char *table = memmem(file.data, file.size, "\377\304", 2);
    assert_non_null(table);
    table[5 + 15] = 255, table[5 + 14] = 255; /* counts of the two greatest lengths */
    refused(file.data, file.size, OCELLI_ERR_FILE, HUFFMAN);
    memmove(file.data + 1, file.data, file.size++); /* the first 0xff twice: no JPEG to libjpeg and Pillow */
    refused(file.data, file.size, OCELLI_ERR_FILE, "not a picture");

    static const char *const names[] = {"photo420.jpg", "progressive.jpg"};
    for (size_t i = 0; i < 2; i++) { /* scans that use tables never defined: no crash */
        file = golden(names[i]);
        for (unsigned char *p; (p = memmem(file.data, file.size, "\377\304", 2));) p[1] = 0xfe; /* a comment */
        struct ocelli_image image;
        decode_memory(&image, file.data, file.size, names[i], NULL);
        decode_free(&image);
    }
}

/* The file, its pixels and what the decoder needs beside are counted; of a progressive JPEG the coefficients, too. */
static void budget(void **state) {
    (void)state;
    static const struct {
        const char *file;
        uint64_t extra; /* bytes that it needs beside file and pixels, at least */
    } cases[] = {{"tiny.png", 0}, {"photo420.jpg", 0}, {"progressive.jpg", 90 * 121 * 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = golden(cases[i].file);
        struct ocelli_image image;
        assert_int_equal(decode_memory(&image, file.data, file.size, "x", NULL), OCELLI_OK);
        uint64_t need = file.size + UINT64_C(3) * image.width * image.height;
        decode_free(&image);
        struct decode_rule rule = {.budget = need + cases[i].extra - 1};
        listen();
        check_refused(decode_memory(&image, file.data, file.size, "x", &rule), OCELLI_ERR_LIMIT, &image,
                      "over the budget");
        rule.budget = need + cases[i].extra + (8 << 20); /* row buffers, tables */
        assert_int_equal(decode_memory(&image, file.data, file.size, "x", &rule), OCELLI_OK);
        decode_free(&image);
    }
    /* 32 KB that unpack to 768 MiB: not in a daemon, and nothing of it is reserved. */
    struct bytes file = golden("tiny.png");
    struct decode_rule daemon = {.budget = DECODE_BUDGET_DAEMON};
    static unsigned char large[40000];
    memcpy(large, file.data, file.size);
    memcpy(large + 16, "\0\0\100\0\0\0\100\0", 8);
    put_header_sum(large);
    struct ocelli_image image;
    listen();
    check_refused(decode_memory(&image, large, sizeof large, "x", &daemon), OCELLI_ERR_LIMIT, &image,
                  "over the budget of 256");
}

static bool stop_after(void *user) {
    int *left = user;
    return (*left)-- == 0;
}

/* Given up at any row, in silence and without a leak. */
static void stopped(void **state) {
    (void)state;
    static const char *const names[] = {"palette.png", "adam7.png", "photo420.jpg", "progressive.jpg"};
    for (size_t i = 0; i < SAMPLE_COUNT + 4; i++) {
        struct bytes file = {.size = 0};
        if (i < 4) file = golden(names[i]);
        const void *bytes = i < 4 ? (const void *)file.data : samples[i - 4].data;
        size_t size = i < 4 ? file.size : samples[i - 4].size;
        int left = 0, status = OCELLI_ERR_FILE, asked = 0;
        for (; status; asked++) {
            struct ocelli_image image;
            left = asked;
            listen();
            status =
                decode_memory(&image, bytes, size, "x", &(struct decode_rule){.stopping = stop_after, .user = &left});
            assert_int_equal(heard.lines, 0);
            assert_true(!status || (status == OCELLI_ERR_FILE && left < 0 && !image.rgb));
            decode_free(&image);
        }
        assert_true(asked > (i < 4 ? 4 : 1)); /* it was asked, and more than once where there are rows */
    }
}

static void from_files(void **state) {
    (void)state;
    struct ocelli_image image;
    char folder[] = "/tmp/ocelli-decode-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    listen();
    check_refused(decode_file(&image, folder, NULL), OCELLI_ERR_FILE, &image, "a folder: name the pictures in it, as ");
    snprintf(path, sizeof path, "%s/x.txt", folder);
    listen();
    check_refused(decode_file(&image, path, NULL), OCELLI_ERR_FILE, &image, "No such file");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    listen();
    check_refused(decode_file(&image, path, NULL), OCELLI_ERR_FILE, &image, "x.txt: empty");
    f = fopen(path, "w");
    fputs("some words", f);
    fclose(f);
    listen();
    check_refused(decode_file(&image, path, NULL), OCELLI_ERR_FILE, &image, "x.txt: not a picture (PNG, JPEG");
    f = fopen(path, "w");
    fwrite(samples[0].data, 1, samples[0].size, f);
    fclose(f);
    assert_int_equal(decode_file(&image, path, NULL), OCELLI_OK);
    decode_free(&image);
    decode_free(&image); /* zeroed */
    decode_free(NULL);
    unlink(path);
    rmdir(folder);
}

static void picture_names(void **state) {
    (void)state;
    static const char *const yes[] = {"a.png", "a.JPG", "a.b.jpeg", "a.webp", "a.pgm"};
    static const char *const no[] = {".png", ".a.png", "a.txt", "png", "a.", "", "a.png.part"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(decode_is_picture_name(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(decode_is_picture_name(no[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format),     cmocka_unit_test(to_rgb),
        cmocka_unit_test(cut_samples),      cmocka_unit_test(cut_png_and_jpeg),
        cmocka_unit_test(one_broken_field), cmocka_unit_test(png_checksum_is_not_read),
        cmocka_unit_test(odd_bytes),        cmocka_unit_test(from_files),
        cmocka_unit_test(jpeg_tables),      cmocka_unit_test(budget),
        cmocka_unit_test(stopped),          cmocka_unit_test(picture_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
