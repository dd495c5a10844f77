/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as spiece.model or tokenizer.model, or as the tokenizer.json of the same, and any text through what was
 * read. Input: a byte (1: JSON; 2, 4: the rule that cleans texts), the length of the text, the text, the file. */
#include "fuzz.h"
#include "convert/tokenizer/tokenizer.h"

enum { CONTEXT = 16 };

/* Pieces of one or two letters, with scores: message 1 has text 1, score 2, type 3. */
static const char unigram[] = "\1\4a ab\n\x0d\n\4<pad\x15\0\0\0\0\x18\3\n\x0e\n\5</s>\x15\0\0\0\0\x18\3"
                              "\n\x0a\n\1a\x15\0\0\x80\xbf\x18\1\n\x0c\n\3\xe2\x96\x81\x15\0\0\0\xc0\x18\1"
                              "\n\x0b\n\2ab\x15\0\0\x40\xc0\x18\1\x12\2\x18\1\x1a\x06\n\2id\x18\1";
static const char pairs[] =
    "\1\6ab "
    "abb{\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"vocab\":{\"<pad>\":0,\"<eos>\":1,"
    "\"<unk>\":2,\"a\":3,\"b\":4,\"\xe2\x96\x81\":5,\"ab\":6,\"\xe2\x96\x81\x61\":7},\"merges\":[[\"a\",\"b\"],["
    "\"\xe2\x96\x81\","
    "\"a\"]]},\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}}";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(fuzz_hear, NULL);
    char model[sizeof unigram];
    memcpy(model, unigram, sizeof unigram);
    model[0] = 0;
    fuzz_seed(*argc, *argv, "model", model, sizeof model - 1);
    fuzz_seed(*argc, *argv, "json", pairs, sizeof pairs - 1);
    return 0;
}

static void encode(const struct sentencepiece *sp, const struct sentencepiece_params *p, const char *text,
                   size_t length) {
    int32_t ids[CONTEXT];
    size_t count = 0;
    int status = sentencepiece_encode(sp, text, length, ids, &count);
    fuzz_lines = 0; /* a text that is not UTF-8 gives a line */
    if (status && status != OCELLI_ERR_USAGE) abort();
    if (status) return;
    if (count < 1 || count > CONTEXT) abort();
    for (size_t i = 0; i < count; i++)
        if (ids[i] < 0 || (size_t)ids[i] >= p->token_count) abort();
    if (ids[count - 1] != (int32_t)p->end_id) abort();
}

static void use(struct tokenizer *t, const char *text, size_t length) {
    struct sentencepiece_params p = tokenizer_spm_params(t);
    struct sentencepiece *sp;
    p.context = CONTEXT, p.name = "fuzz";
    if (fuzz_judge(sentencepiece_create(&sp, &p))) return;
    encode(sp, &p, text, length);
    sentencepiece_destroy(&sp);
}

static int read_file(struct spm *spm, bool json, const uint8_t *bytes, size_t size) {
    if (!json) {
        void *copy = fuzz_copy(bytes, size);
        int status = fuzz_judge(spm_read_model(spm, copy, size));
        free(copy);
        return status;
    }
    cJSON *root = cJSON_ParseWithLength((const char *)bytes, size);
    int status = root ? fuzz_judge(spm_read_json(spm, root)) : OCELLI_ERR_FILE;
    cJSON_Delete(root);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t length = data[1] < size - 2 ? data[1] : size - 2;
    struct tokenizer t = {.file = "fuzz", .vocabulary = "fuzz", .spm.file = "fuzz"};
    char *text = fuzz_copy(data + 2, length);
    t.clean = (enum canonical_rule)(data[0] / 2 % CANONICAL_RULES);
    if (!read_file(&t.spm, data[0] & 1, data + 2 + length, size - 2 - length)) {
        for (size_t i = 0; i < t.spm.token_count; i++)
            if (t.spm.tokens[i].text[t.spm.tokens[i].length] != 0 || !t.spm.types[i]) abort();
        t.end_id = t.spm.token_count > 1;
        use(&t, text ? text : "", length);
    }
    free(text);
    tokenizer_finish(&t);
    return 0;
}
