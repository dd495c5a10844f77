/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/code.h"

static const struct {
    const char *word;
    int coap; /* RFC 7252 section 12.1.2; 4.29 is of RFC 8516 */
} codes[SERVE_CODES] = {
    [SERVE_OK] = {"ok", 205},         [SERVE_USAGE] = {"usage", 400},   [SERVE_UTF8] = {"utf8", 400},
    [SERVE_ID] = {"id", 400},         [SERVE_CRC] = {"crc", 400},       [SERVE_LONG] = {"long", 413},
    [SERVE_VERB] = {"verb", 404},     [SERVE_NONE] = {"none", 404},     [SERVE_DENIED] = {"denied", 403},
    [SERVE_PROVE] = {"prove", 401},   [SERVE_BUSY] = {"busy", 429},     [SERVE_LIMIT] = {"limit", 503},
    [SERVE_ABSENT] = {"absent", 501}, [SERVE_FAILED] = {"failed", 500},
};

const char *serve_code_word(enum serve_code code) {
    return codes[code].word;
}

int serve_code_coap(enum serve_code code) {
    return codes[code].coap;
}
