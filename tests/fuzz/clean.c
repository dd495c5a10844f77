/* SPDX-License-Identifier: Apache-2.0
 * Any bytes into clean_text(): what comes out is UTF-8 without needless spaces. */
#include "fuzz.h"
#include "text/clean.h"
#include "text/unicode.h"

#include <ocelli.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    ocelli_set_log(fuzz_hear, NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *out;
    size_t length;
    bool good = unicode_check((const char *)data, size) == size;
    int status = clean_text((const char *)data, size, &out, &length);
    if (status != (good ? OCELLI_OK : OCELLI_ERR_USAGE)) abort();
    if (status) return 0;
    if (out[length] != 0 || length > 3 * size || unicode_check(out, length) != length) abort();
    if (length > 0 && (out[0] == ' ' || out[length - 1] == ' ')) abort();
    for (size_t i = 0; i + 1 < length; i++)
        if (out[i] == ' ' && out[i + 1] == ' ') abort();
    free(out);
    return 0;
}
