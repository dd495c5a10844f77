/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "base/clock.h"
#include "support/heard.h"
#include "text/bpe.h"
#include "text/vocabulary.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

static void expect_line(const char *said) {
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, said)) print_error("said `%s`, not `%s`\n", heard.text, said);
    assert_non_null(strstr(heard.text, said));
}

/* ---- memory that runs out: the n-th allocation from now on fails (not under a sanitizer) ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL 1
static int until_failure = -1; /* allocations; negative: never */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

void *malloc(size_t size) {
    return until_failure >= 0 && until_failure-- == 0 ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    return until_failure >= 0 && until_failure-- == 0 ? NULL : __libc_calloc(count, size);
}
#endif

/* ---- a few merges, ids worked out by hand ---- */

enum { AB = 512, ABAB, CA, BA, CAT_END, AA, START, END, MOST = 2000 };

static struct bpe *few(struct vocabulary *v, uint32_t context) {
    struct bpe *bpe;
    vocabulary_init(v, "a b\nab ab\nc a\nb a\nca t</w>\na a\n", 6, context);
    assert_int_equal(v->params.end_id, END);
    assert_int_equal(bpe_create(&bpe, &v->params), OCELLI_OK);
    return bpe;
}

static void finish(struct bpe *bpe, struct vocabulary *v) {
    bpe_destroy(&bpe);
    assert_null(bpe);
    vocabulary_finish(v);
}

static size_t encode(const struct bpe *bpe, const char *text, size_t length, int32_t *ids) {
    size_t count;
    assert_int_equal(bpe_encode(bpe, text, length, ids, &count), OCELLI_OK);
    assert_in_range(count, 2, MOST);
    return count;
}

static void merges_by_rank(void **state) {
    (void)state;
    enum { A = 'a' - '!', B, C, S = 's' - '!', T, LAST = 256 };
    static const struct {
        const char *text;
        int32_t ids[10]; /* without the marks; -1 at the end */
    } rows[] = {
        {"", {-1}},
        {" \n ", {-1}},
        {"a", {A + LAST, -1}},
        {"cat", {CAT_END, -1}},
        {"CAT cats", {CAT_END, CA, T, S + LAST, -1}},
        {"catcat", {CA, T, CAT_END, -1}},
        {"abab", {AB, A, B + LAST, -1}}, /* the last b is another symbol */
        {"ababc", {ABAB, C + LAST, -1}},
        {"abababc", {ABAB, AB, C + LAST, -1}},
        {"aaaaa", {AA, AA, A + LAST, -1}}, /* left to right */
        {"aaaac", {AA, AA, C + LAST, -1}},
        {"aabc", {A, AB, C + LAST, -1}}, /* lower rank first */
        {"bac", {BA, C + LAST, -1}},
        {"cabc", {C, AB, C + LAST, -1}},
        {"<|startoftext|>a<|endoftext|>", {START, A + LAST, END, -1}},
        {"<|StartOfText|>", {START, -1}},
    };
    struct vocabulary v;
    struct bpe *bpe = few(&v, 77);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t ids[77];
        size_t count = encode(bpe, rows[i].text, strlen(rows[i].text), ids), n = 0;
        assert_int_equal(ids[0], START);
        assert_int_equal(ids[count - 1], END);
        for (; rows[i].ids[n] >= 0; n++) assert_int_equal(ids[n + 1], rows[i].ids[n]);
        assert_int_equal(count, n + 2);
    }
    finish(bpe, &v);
}

/* ---- the pattern: words are told by the </w> of their last symbol ---- */

static int byte_of(int32_t symbol) {
    if (symbol < 94) return symbol + '!';
    if (symbol < 94 + 12) return symbol - 94 + 0xa1;
    if (symbol < 188) return symbol - 106 + 0xae;
    symbol -= 188;
    return symbol < 0x21 ? symbol : symbol < 0x21 + 34 ? symbol - 0x21 + 0x7f : 0xad;
}

/* The words with a space between them. */
static void check_words(const struct bpe *bpe, const struct vocabulary *vocabulary, const char *text, size_t length,
                        const char *want) {
    int32_t ids[MOST];
    char got[16 * MOST] = "", *end = got;
    size_t count = encode(bpe, text, length, ids);
    for (size_t i = 1; i + 1 < count; i++) {
        struct bpe_text t = vocabulary->tokens[ids[i]];
        bool marked = t.length > 4 && memcmp(t.text + t.length - 4, "</w>", 4) == 0;
        if (ids[i] < 512)
            end += sprintf(end, "%c", byte_of(ids[i] % 256));
        else
            end += sprintf(end, "%.*s", (int)t.length - (marked ? 4 : 0), t.text);
        if ((marked || ids[i] >= START) && i + 2 < count) end += sprintf(end, " ");
    }
    if (strcmp(got, want)) print_error("`%s` became `%s`, not `%s`\n", text, got, want);
    assert_string_equal(got, want);
}

static void words(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"a photo, of", "a photo , of"},
        {"it's I'LL they'Ve", "it 's i 'll they 've"},
        {"'s't're've'm'll'd'x", "'s 't 're 've 'm 'll 'd ' x"},
        {"''s", "'' s"},
        {"!'s", "!' s"},
        {"'sx", "'s x"},
        {"'lx 'rx 'vx", "' lx ' rx ' vx"},
        {"'", "'"},
        {"'l", "' l"},
        {"1234", "1 2 3 4"},
        {"a1b2", "a 1 b 2"},
        {"a.b!!?c", "a . b !!? c"},
        {"a_b __c", "a _ b __ c"},
        {"<|endoftext|", "<| endoftext |"},
        {"<<|endoftext|>", "<<| endoftext |>"},
        {"<|endoftext|>!", "<|endoftext|> !"},
        {"<|end&#111;ftext|>", "<|endoftext|>"},
        {"猫ねこ1１½Ⅷx", "猫ねこ 1 １ ½ ⅷ x"},
        {"½²٣", "½ ² ٣"},
        {"q\u0301a", "q \u0301 a"}, /* a combining accent is no letter */
        {"e\u0301a", "éa"},         /* unless it is part of one */
        {"a\u200db😀😀!", "a \u200d b 😀😀!"},
        {"it'ſ ſ'ſs", "it 'ſ ſ 'ſ s"},          /* the long s is an s, ignoring case */
        {"<|ſtartoftext|>", "<|ſtartoftext|>"}, /* one word, but no mark */
        {"<|ſtartoftext|>a", "<|ſtartoftext|> a"},
        {"a\u0345b !\u0345! \u0345", "a b ! !"}, /* the combining iota is in no class */
        {"'\u0345s", "' s"},
        {"\ufffe\uffff\U0010ffff", "\ufffe\uffff\U0010ffff"},
        {"\xee\x80\x80!", "\xee\x80\x80!"}, /* private use */
        {"a\x1c"
         "b\x7f",
         "a \x1c b \x7f"},
    };
    struct vocabulary v;
    struct bpe *bpe = few(&v, MOST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_words(bpe, &v, rows[i].text, strlen(rows[i].text), rows[i].want);
    finish(bpe, &v);
}

/* Each byte there is in UTF-8 comes back. */
static void bytes(void **state) {
    (void)state;
    struct vocabulary v;
    struct bpe *bpe = few(&v, MOST);
    char text[3] = "";
    for (int c = '!'; c < 0x800; c++) {
        if ((c >= 'A' && c <= 'Z') || (c >= 0x7f && c < 0x250) || c == '&') continue;
        if (c == 0x340 || c == 0x341 || c == 0x343 || c == 0x344) continue; /* composing makes others of these */
        int n = c < 0x80 ? sprintf(text, "%c", c) : sprintf(text, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
        int32_t ids[MOST];
        if (encode(bpe, text, (size_t)n, ids) == (size_t)n + 2)
            for (int i = 0; i < n; i++) {
                assert_in_range(ids[1 + i], i + 1 == n ? 256 : 0, i + 1 == n ? 511 : 255);
                if (c < 0x370) assert_int_equal(byte_of(ids[1 + i] % 256), (unsigned char)text[i]);
            }
    }
    int32_t ids[MOST];
    size_t count = encode(bpe, "a\0b", 3, ids);
    assert_int_equal(count, 5);
    assert_int_equal(byte_of(ids[2] - 256), 0);
    finish(bpe, &v);
}

/* ---- the context ---- */

static void context(void **state) {
    (void)state;
    for (uint32_t size = 2; size < 12; size++) {
        struct vocabulary v;
        struct bpe *bpe = few(&v, size);
        for (uint32_t n = 0; n < 16; n++) {
            /* n ids as words, as one word, as numbers; one more id than fits would be overrun */
            static const char *const texts[] = {"x x x x x x x x x x x x x x x x", "xxxxxxxxxxxxxxxx",
                                                "1111111111111111"};
            for (int t = 0; t < 3; t++) {
                int32_t *ids = malloc(size * sizeof *ids);
                size_t count = encode(bpe, texts[t], t == 0 && n ? 2 * n - 1 : n, ids);
                assert_int_equal(count, n + 2 < size ? n + 2 : size);
                assert_int_equal(ids[0], START);
                assert_int_equal(ids[count - 1], END);
                for (size_t i = 1; i + 1 < count; i++) assert_in_range(ids[i], 0, 511);
                free(ids);
            }
        }
        finish(bpe, &v);
    }
}

/* What stands behind the cut may change the id before it: the whole word counts. */
static void cut_word(void **state) {
    (void)state;
    struct vocabulary v;
    struct bpe *bpe = few(&v, 3);
    int32_t ids[3];
    assert_int_equal(encode(bpe, "xca", 3, ids), 3);
    assert_int_equal(encode(bpe, "cat", 3, ids), 3);
    assert_int_equal(ids[1], CAT_END);
    assert_int_equal(encode(bpe, "caty", 4, ids), 3);
    assert_int_equal(ids[1], CA);
    assert_int_equal(ids[2], END);
    finish(bpe, &v);
}

/* ---- against the obvious way of doing it ---- */

static uint64_t noise(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static uint32_t find(const struct vocabulary *v, struct bpe_text t) {
    uint32_t id = 0;
    while (v->tokens[id].length != t.length || memcmp(v->tokens[id].text, t.text, t.length)) id++;
    return id;
}

/* Merges names, the first merge that fits anywhere first, all its places left to right. */
static size_t slow(const struct vocabulary *vocabulary, const char *text, size_t length, struct bpe_text *parts) {
    for (size_t i = 0; i < length; i++) parts[i] = vocabulary->tokens[text[i] - '!' + (i + 1 == length ? 256 : 0)];
    for (size_t m = 0; m < vocabulary->params.merge_count; m++) {
        size_t kept = 0;
        for (size_t i = 0; i < length; i++, kept++) {
            parts[kept] = parts[i];
            if (i + 1 == length) continue;
            struct bpe_text rule = vocabulary->merges[m], a = parts[i], b = parts[i + 1];
            if (a.length + 1 + b.length != rule.length || memcmp(rule.text, a.text, a.length) ||
                rule.text[a.length] != ' ' || memcmp(rule.text + a.length + 1, b.text, b.length))
                continue;
            struct bpe_text joined = vocabulary_joined(rule);
            parts[kept] = vocabulary->tokens[find(vocabulary, joined)];
            free((char *)joined.text);
            i++;
        }
        if (kept < length) m = (size_t)-1; /* start again with the best */
        length = kept;
    }
    return length;
}

/* Merges made of what earlier ones gave, in any order, also several for one token. */
static void random_vocabulary(struct vocabulary *vocabulary, uint64_t *seed, char *list) {
    char names[44][16] = {"a", "b", "a</w>", "b</w>"};
    int count = 4, lines_made = 0;
    *list = 0;
    for (int i = 0; i < 40; i++) {
        const char *left = names[noise(seed) % (unsigned)count], *right = names[noise(seed) % (unsigned)count];
        char line[40], both[48], joined[32];
        sprintf(line, "%s %s\n", left, right);
        if (strstr(left, "</w>") || strlen(left) + strlen(right) > 15) continue;
        sprintf(both, "\n%s", line);
        if (strstr(list, both) || strncmp(list, line, strlen(line)) == 0) continue;
        size_t at = noise(seed) % 2 ? strlen(list) : 0; /* the order of ranks is free */
        memmove(list + at + strlen(line), list + at, strlen(list + at) + 1);
        memcpy(list + at, line, strlen(line));
        lines_made++;
        snprintf(joined, sizeof joined, "%s%s", left, right);
        memcpy(names[count++], joined, 16);
    }
    vocabulary_init(vocabulary, list, (size_t)lines_made, MOST);
}

static void any_merges(void **state) {
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 400; round++) {
        struct vocabulary v;
        struct bpe *bpe;
        char list[2048];
        random_vocabulary(&v, &seed, list);
        assert_int_equal(bpe_create(&bpe, &v.params), OCELLI_OK);
        for (int k = 0; k < 50; k++) {
            char text[64];
            struct bpe_text parts[64];
            int32_t ids[MOST];
            size_t length = 1 + noise(&seed) % 60;
            for (size_t i = 0; i < length; i++) text[i] = (char)('a' + noise(&seed) % 2);
            size_t want = slow(&v, text, length, parts), count = encode(bpe, text, length, ids);
            assert_int_equal(count, want + 2);
            for (size_t i = 0; i < want; i++) assert_ptr_equal(v.tokens[ids[i + 1]].text, parts[i].text);
        }
        finish(bpe, &v);
    }
}

/* ---- broken vocabularies, one thing each ---- */

struct fault {
    const char *name, *said;
    int token, merge; /* replaced by `with`; 0: none (none of them is broken at 0) */
    const char *with;
    uint32_t start, end, context; /* 0: as it should be */
    size_t token_count, merge_count;
};

static const struct fault faults[] = {
    {"a name twice", "tokens 64 and 511", .token = 511, .with = "a"},
    {"an empty name", "token 511 is empty", .token = 511, .with = ""},
    {"no byte", "no token `a` for byte 0x61", .token = 64, .with = "nothing"},
    {"no first byte", "no token `Ā` for byte 0x00", .token = 188, .with = "nothing"},
    {"no last byte", "no token `a</w>` for byte 0x61", .token = 320, .with = "nothing"},
    {"no merged token", "merge 1 `ab ab` has a part or a result", .token = ABAB, .with = "nothing"},
    {"no tokens", "start mark 518", .token_count = 1},
    {"only some bytes", "no token", .token_count = 300, .start = 1, .end = 2},
    {"no space", "merge 1 `abab` is not two symbols", .merge = 1, .with = "abab"},
    {"two spaces", "merge 1 `ab  ab` is not two symbols", .merge = 1, .with = "ab  ab"},
    {"three parts", "merge 1 `a b ab` is not two symbols", .merge = 1, .with = "a b ab"},
    {"space at the end", "is not two symbols", .merge = 1, .with = "ab "},
    {"space at the start", "is not two symbols", .merge = 1, .with = " ab"},
    {"only a space", "is not two symbols", .merge = 1, .with = " "},
    {"an empty merge", "merge 1 `` is not two symbols", .merge = 1, .with = ""},
    {"unknown left", "merge 1 `zz ab` has a part or a result", .merge = 1, .with = "zz ab"},
    {"unknown right", "merge 1 `ab zz` has a part or a result", .merge = 1, .with = "ab zz"},
    {"unknown result", "merge 1 `ab ca` has a part or a result", .merge = 1, .with = "ab ca"},
    {"a merge twice", "merge 1 `a b` is there twice", .merge = 1, .with = "a b"},
    {"start out of range", "start mark 520", .start = END + 1},
    {"end out of range", "end mark 4294967295", .end = UINT32_MAX},
    {"one mark", "start mark 519 and end mark 519", .start = END},
    {"context of one", "a context of 1", .context = 1},
    {"too many tokens", "tokens and", .token_count = (size_t)1 << 27},
    {"too many merges", "merges, at most", .merge_count = SIZE_MAX},
};

static void broken(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        struct vocabulary v;
        vocabulary_init(&v, "a b\nab ab\nc a\nb a\nca t</w>\na a\n", 6, 77);
        struct bpe_params p = v.params;
        struct bpe_text tokens[END + 1], merges[6];
        memcpy(tokens, v.tokens, sizeof tokens);
        memcpy(merges, v.merges, sizeof merges);
        p.tokens = tokens;
        p.merges = merges;
        if (f->token) tokens[f->token] = (struct bpe_text){f->with, strlen(f->with)};
        if (f->merge) merges[f->merge] = (struct bpe_text){f->with, strlen(f->with)};
        if (f->start) p.start_id = f->start;
        if (f->end) p.end_id = f->end;
        if (f->context) p.context = f->context;
        if (f->token_count) p.token_count = f->token_count;
        if (f->merge_count) p.merge_count = f->merge_count;
        struct bpe *bpe = (struct bpe *)&v;
        listen();
        int status = bpe_create(&bpe, &p);
        ocelli_set_log(NULL, NULL);
        if (status != OCELLI_ERR_FILE) print_error("%s: %d\n", f->name, status);
        assert_int_equal(status, OCELLI_ERR_FILE);
        assert_null(bpe);
        expect_line(f->said);
        vocabulary_finish(&v);
    }
    bpe_destroy(NULL);
}

static void no_merges(void **state) {
    (void)state;
    struct vocabulary v;
    struct bpe *bpe;
    vocabulary_init(&v, "", 0, 4);
    v.params.merges = NULL;
    assert_int_equal(bpe_create(&bpe, &v.params), OCELLI_OK);
    int32_t ids[4];
    assert_int_equal(encode(bpe, "abc", 3, ids), 4);
    assert_int_equal(ids[1], 'a' - '!');
    finish(bpe, &v);
}

/* ---- texts that are none ---- */

static void refused(void **state) {
    (void)state;
    struct vocabulary v;
    struct bpe *bpe = few(&v, 77);
    static const char *const texts[] = {"\x80", "cat \xc3", "\xed\xa0\xbd\xed\xb8\x80", "\xc0\xaf", "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int32_t ids[77];
        size_t count;
        listen();
        assert_int_equal(bpe_encode(bpe, texts[i], strlen(texts[i]), ids, &count), OCELLI_ERR_USAGE);
        ocelli_set_log(NULL, NULL);
        expect_line("text is not UTF-8");
    }
    finish(bpe, &v);
}

/* ---- time ---- */

static void long_texts(void **state) {
    (void)state;
    enum { SIZE = 1 << 18 };
    struct vocabulary v;
    struct bpe *bpe;
    vocabulary_init(&v, "a a\naa aa\naaaa aaaa\na b\nb a\nab ab\nc a\naaaaaaaa aaaaaaaa\n", 8, 77);
    assert_int_equal(bpe_create(&bpe, &v.params), OCELLI_OK);
    char *text = malloc(SIZE);
    static const char *const pieces[] = {"a", "ab", "aab", "a ", "1", "'", "&", "Σ", "😀", "'ſ", "<|", " "};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t length = 0, piece = strlen(pieces[i]);
        for (; length + piece <= SIZE; length += piece) memcpy(text + length, pieces[i], piece);
        int32_t ids[77];
        int64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        encode(bpe, text, length, ids);
        double took = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e6;
        print_message("256 KiB of `%s`: %.0f ms\n", pieces[i], took);
        assert_true(took < 20000); /* of the processor: a quadratic way takes many minutes, the sanitizers seconds */
    }
    free(text);
    finish(bpe, &v);
}

/* ---- the golden texts of the small models ---- */

static char *slurp(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    text[n] = 0;
    return text;
}

static cJSON *tower(const char *source, const char *name, const char *file) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/towers/%s/%s", source, name, file);
    char *text = slurp(path);
    cJSON *json = text ? cJSON_Parse(text) : NULL;
    if (!json) fail_msg("%s: missing or not JSON", path);
    free(text);
    return json;
}

static int check_tower(const char *source, const char *name, const char *merges, size_t merge_count) {
    cJSON *config = tower(source, name, "config.json"), *index = tower(source, name, "index.json"), *row;
    const cJSON *text = cJSON_GetObjectItem(config, "text_config");
    const cJSON *size = cJSON_GetObjectItem(text, "max_position_embeddings");
    struct vocabulary v;
    struct bpe *bpe;
    int checked = 0;
    vocabulary_init(&v, merges, merge_count, size ? (uint32_t)size->valueint : 77);
    assert_int_equal(bpe_create(&bpe, &v.params), OCELLI_OK);
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(index, "texts")) {
        const char *words_of = cJSON_GetObjectItem(row, "text")->valuestring;
        const cJSON *want = cJSON_GetObjectItem(row, "ids");
        int32_t ids[77];
        size_t count = encode(bpe, words_of, strlen(words_of), ids);
        assert_int_equal(count, cJSON_GetArraySize(want));
        for (size_t i = 0; i < count; i++) assert_int_equal(ids[i], cJSON_GetArrayItem(want, (int)i)->valueint);
        checked++;
    }
    cJSON_Delete(config);
    cJSON_Delete(index);
    finish(bpe, &v);
    return checked;
}

static void golden_towers(void **state) {
    (void)state;
    static const char *const names[] = {"quick",   "patch14", "image336", "patch32", "onehead", "head80",
                                        "wide768", "legacy",  "deep",     "minimal", "outlier"};
    const char *source = getenv("OCELLI_SOURCE");
    if (!source) {
        print_message("SKIP: OCELLI_SOURCE is not set\n");
        skip();
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/towers/merges.txt", source);
    char *list = slurp(path), *merges = list ? strchr(list, '\n') : NULL;
    assert_non_null(merges);
    size_t count = 0;
    for (const char *c = ++merges; *c; c++) count += *c == '\n';
    int checked = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) checked += check_tower(source, names[i], merges, count);
    print_message("%d texts\n", checked);
    assert_int_equal(checked, 88);
    free(list);
}

/* ---- memory ---- */

static void out_of_memory(void **state) {
    (void)state;
#ifdef CAN_FAIL
    struct vocabulary v;
    struct bpe *bpe = NULL;
    int32_t ids[77];
    size_t count;
    vocabulary_init(&v, "a b\nab ab\n", 2, 77);
    listen();
    int status = OCELLI_ERR_MEMORY, tries = 0;
    for (; status == OCELLI_ERR_MEMORY; tries++) {
        heard.lines = 0;
        until_failure = tries;
        status = bpe_create(&bpe, &v.params);
        until_failure = -1;
        assert_int_equal(heard.lines, status ? 1 : 0);
        assert_true((bpe == NULL) == (status != 0));
    }
    assert_int_equal(status, OCELLI_OK);
    assert_int_equal(tries, 5);
    status = OCELLI_ERR_MEMORY;
    for (tries = 0; status == OCELLI_ERR_MEMORY; tries++) {
        heard.lines = 0;
        until_failure = tries;
        status = bpe_encode(bpe, "ab abab", 7, ids, &count);
        until_failure = -1;
        assert_int_equal(heard.lines, status ? 1 : 0);
    }
    ocelli_set_log(NULL, NULL);
    assert_int_equal(status, OCELLI_OK);
    assert_int_equal(tries, 6);
    finish(bpe, &v);
#else
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_by_rank), cmocka_unit_test(words),         cmocka_unit_test(bytes),
        cmocka_unit_test(context),        cmocka_unit_test(cut_word),      cmocka_unit_test(any_merges),
        cmocka_unit_test(broken),         cmocka_unit_test(no_merges),     cmocka_unit_test(refused),
        cmocka_unit_test(long_texts),     cmocka_unit_test(golden_towers), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
