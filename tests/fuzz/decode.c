/* SPDX-License-Identifier: Apache-2.0
 * Any bytes, by whatever decoder they ask for: a whole picture, or a clean refusal in one line, within the budget. */
#include "fuzz.h"
#include "prep/decode.h"
#include "prep/prep.h"

static volatile uint8_t seen; /* keeps the read below */

static void decode(const void *data, size_t size, const struct decode_rule *rule) {
    struct ocelli_image image;
    fuzz_lines = 0;
    if (rule->cut) *rule->cut = false;
    int status = decode_memory(&image, data, size, "fuzz", rule);
    bool silent = status && rule->cut && *rule->cut;
    if (silent ? fuzz_lines : fuzz_lines != (status ? 1 : 0)) abort();
    if (!status != !!image.rgb) abort();
    if (image.rgb) {
        size_t bytes = (size_t)image.width * image.height * 3;
        if (image.width - 1 >= PREP_MAX_SIDE || image.height - 1 >= PREP_MAX_SIDE || bytes > rule->budget) abort();
        seen = image.rgb[bytes - 1];
    }
    decode_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool cut;
    ocelli_set_log(fuzz_hear, NULL);
    void *copy = fuzz_copy(data, size);
    decode(copy, size, &(struct decode_rule){.budget = 48 << 20});
    decode(copy, size, &(struct decode_rule){.budget = 16 << 20, .ignore_orientation = true, .cut = &cut});
    free(copy);
    return 0;
}
