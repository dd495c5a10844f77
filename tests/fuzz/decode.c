/* SPDX-License-Identifier: Apache-2.0
 * Any bytes: a whole picture or a clean refusal. -rss_limit_mb must leave room for stb_image. */
#include "prep/decode.h"
#include "prep/prep.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t seen; /* keeps the read below */

static void ignore(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level, (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ocelli_image image;
    ocelli_set_log(ignore, NULL);
    int status = decode_memory(&image, data, size, "fuzz", NULL);
    if (!status != !!image.rgb) abort();
    if (image.rgb) {
        if (image.width - 1 >= PREP_MAX_SIDE || image.height - 1 >= PREP_MAX_SIDE) abort();
        seen = image.rgb[(size_t)image.width * image.height * 3 - 1];
    }
    decode_free(&image);
    return 0;
}
