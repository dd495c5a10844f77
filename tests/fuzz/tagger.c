/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as what tags have learnt, once as they are and once with a checksum that fits: what is taken
 * back can be used and written again, the rest is refused. */
#include "fuzz.h"
#include "base/sha256.h"
#include "tag/tagger.h"

#include <math.h>

static const float vector[2] = {1, 0};
static struct tagger *tagger;

static struct tagger *start(void) {
    struct tagger_tag tag = {.name = "a", .key = "a", .vector = vector, .rules = rules_none()};
    struct tagger_set set = {.tags = &tag, .count = 1, .size = 2, .logit_scale = 100, .model = "m"};
    struct rules none = rules_none();
    struct tagger *t;
    rules_complete(&tag.rules, &none);
    if (tagger_create(&t, &set)) abort();
    return t;
}

/* A scene of some hours, a frame in 50 s. */
static void daemon(struct tagger *t, int frames) {
    static int64_t ms;
    const struct tagger_event *events;
    for (int i = 0; i < frames; i++) {
        float cosine = 0.2f + 0.001f * (float)(i * 37 % 101);
        float embedding[2] = {cosine, sqrtf(1 - cosine * cosine)};
        tagger_step(t, &(struct tagger_frame){embedding, ms += 50000, 0, i % 2 ? 0.1f : 0.9f}, &events);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t *bytes;
    size_t size;
    ocelli_set_log(fuzz_hear, NULL);
    tagger = start();
    daemon(tagger, 1000);
    if (tagger_save(tagger, &bytes, &size)) abort();
    fuzz_seed(*argc, *argv, "seed", bytes, size);
    free(bytes);
    return 0;
}

static void check(const uint8_t *bytes, size_t size) {
    size_t taken, again_size;
    uint8_t *again;
    if (fuzz_judge(tagger_restore(tagger, bytes, size, "fuzz", &taken)) || !taken) return;
    daemon(tagger, 20);
    if (tagger_save(tagger, &again, &again_size)) abort();
    if (tagger_restore(tagger, again, again_size, "fuzz", &taken) || taken != 1) abort();
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_copy(data, size);
    check(copy, size);
    if (size >= SHA256_SIZE) {
        sha256(copy, size - SHA256_SIZE, copy + size - SHA256_SIZE);
        check(copy, size);
    }
    free(copy);
    return 0;
}
