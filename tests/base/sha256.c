/* SPDX-License-Identifier: Apache-2.0
 * The examples of FIPS 180-4 (NIST's "SHA Examples") and of NIST's SHAVS. */
#include "support/test.h"
#include "base/sha256.h"

#include <stdlib.h>
#include <string.h>

static void check(const void *data, size_t size, const char *expected) {
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256(data, size, digest);
    sha256_hex(digest, hex);
    assert_string_equal(hex, expected);
}

static void known(void **state) {
    (void)state;
    check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check("\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
    check("\xc9\x8c\x8e\x55", 4, "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504");
}

static void million(void **state) {
    (void)state;
    char *text = malloc(1000000);
    assert_non_null(text);
    memset(text, 'a', 1000000);
    check(text, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* Every length around a block of 64 differs from the one before. */
static void block_edges(void **state) {
    (void)state;
    static const uint8_t zeros[130];
    uint8_t before[SHA256_SIZE] = {0}, now[SHA256_SIZE];
    for (size_t size = 0; size <= sizeof zeros; size++) {
        sha256(zeros, size, now);
        assert_memory_not_equal(before, now, SHA256_SIZE);
        memcpy(before, now, SHA256_SIZE);
    }
    check(zeros, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
    check(zeros, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
    check(zeros, 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785");
    check(zeros, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(million),
        cmocka_unit_test(block_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
