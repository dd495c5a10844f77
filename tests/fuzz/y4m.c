/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a y4m stream, read in one piece and in pieces: the same frames, the same end, and never more than a
 * line of a fault. The first byte says how long the pieces are. */
#include "fuzz.h"
#include "source/y4m.h"

static const char good[] = "\7YUV4MPEG2 W2 H2 F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=FULL\nFRAME\n123456FRAME It\n654321"
                           "YUV4MPEG2 W3 H1 C444\nFRAME\n123456789";
static int warned;

/* A warning (interlaced) is no refusal. */
static void hear(void *user, enum ocelli_log_level level, const char *message) {
    if (level == OCELLI_LOG_WARNING)
        warned++;
    else
        fuzz_hear(user, level, message);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(hear, NULL);
    fuzz_seed(*argc, *argv, "seed", good, sizeof good - 1);
    return 0;
}

struct outcome {
    int status;
    uint64_t frames, bytes; /* bytes: of all frames as announced */
};

static void check_form(const struct y4m *y) {
    if (y->form.width - 1 >= 16384 || y->form.height - 1 >= 16384 || !y->rate_num || !y->rate_den) abort();
}

/* One piece: frames begin in it, or go on. */
static int read_piece(struct y4m *y, struct span *in, uint64_t *skip, struct outcome *o) {
    for (;;) {
        uint64_t n = *skip < span_left(in) ? *skip : span_left(in);
        if (n) span_bytes(in, n);
        *skip -= n;
        if (*skip) return Y4M_MORE;
        int status = y4m_step(y, in);
        if (status) return status;
        check_form(y);
        *skip = frame_bytes(y->form.format, y->form.width, y->form.height);
        o->frames++;
        o->bytes += *skip;
    }
}

static struct outcome read_all(const uint8_t *data, size_t size, size_t piece) {
    struct y4m y = {.name = "fuzz"};
    struct outcome o = {.status = Y4M_MORE};
    uint64_t skip = 0;
    for (size_t at = 0; at < size && o.status == Y4M_MORE; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        uint8_t *copy = fuzz_copy(data + at, n);
        struct span in = span_of(copy, n);
        o.status = read_piece(&y, &in, &skip, &o);
        free(copy);
    }
    if (o.status == Y4M_MORE) o.status = y4m_end(&y);
    fuzz_judge(o.status);
    if (o.frames != y.frames || warned > 1) abort();
    warned = 0;
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct outcome whole = read_all(data + 1, size - 1, size), pieces = read_all(data + 1, size - 1, data[0] % 61 + 1);
    if (whole.status != pieces.status || whole.frames != pieces.frames || whole.bytes != pieces.bytes) abort();
    return 0;
}
