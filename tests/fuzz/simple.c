/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as bpe_simple_vocab_16e6.txt, packed with gzip or not. Its reader wants 48894 merges, so every
 * text is also read with its lines repeated up to so many: slow, hence a target of its own. */
#include "tokenizer.h"
#include "convert/read/gunzip.h"

#include <zlib.h>

static const char good[] = "\"bpe_simple_vocab_16e6.txt#version: 0.2\na b\nc d</w>\n";

/* As gzip packs it. */
static size_t pack(const char *text, size_t size, uint8_t *out, size_t capacity) {
    z_stream z = {.next_in = (Bytef *)text, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};
    if (deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&z);
    return z.total_out;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t packed[256];
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "text", good, sizeof good - 1);
    fuzz_seed(*argc, *argv, "packed", packed, pack(good, sizeof good - 1, packed, sizeof packed));
    return 0;
}

/* What stands behind the first line, over and over. */
static char *repeat(const char *text, size_t size, size_t *out_size) {
    enum { LINES = 48894, MOST = 1 << 20 };
    const char *first = memchr(text, '\n', size);
    size_t head = first ? (size_t)(first + 1 - text) : size, body = size - head, lines = 0;
    for (size_t i = head; i < size; i++) lines += text[i] == '\n';
    size_t times = lines ? LINES / lines + 1 : 1;
    if (times > MOST / size) times = 1;
    char *out = malloc(head + times * body);
    memcpy(out, text, head);
    for (size_t i = 0; i < times; i++) memcpy(out + head + i * body, text + head, body);
    *out_size = head + times * body;
    return out;
}

static void check(const char *text, size_t size) {
    struct tokenizer t = {.file = "fuzz"};
    if (!fuzz_judge(tokenizer_read_simple(&t, text, size))) check_tokenizer(&t);
    tokenizer_finish(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = NULL;
    if (!gunzip_is(data, size)) {
        text = malloc(size + 1);
        memcpy(text, data, size);
    } else if (fuzz_judge(gunzip(data, size, "fuzz", &text, &size))) {
        return 0;
    }
    check(text, size);
    if (size > 0) {
        char *longer = repeat(text, size, &size);
        check(longer, size);
        free(longer);
    }
    free(text);
    return 0;
}
