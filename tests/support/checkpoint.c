/* SPDX-License-Identifier: Apache-2.0 */
#include "support/checkpoint.h"
#include "golden/random_weights.h"
#include "support/test.h"

#include <cjson/cJSON.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const checkpoint_names[] = {"quick",   "patch14", "image336", "patch32", "onehead", "head80",
                                        "wide768", "legacy",  "deep",     "minimal", "outlier", NULL};
const char *const checkpoint_family_names[] = {"tinyclip", "mobileclip", NULL};

const char *const checkpoint_siglip_names[] = {"siglip", "siglip2", NULL};

/* ---- files ---- */

enum { PATHS = 64 };

const char *checkpoint_path(const char *folder, const char *name) {
    static char buffers[64][512]; /* a call far back must still be good: outputs are written to these */
    static int next;
    char joined[sizeof buffers[0]]; /* `folder` may be one of the buffers */
    assert_true((size_t)snprintf(joined, sizeof joined, "%s/%s", folder, name) < sizeof joined);
    return strcpy(buffers[next++ % 64], joined);
}

static const char *towers(void) {
    const char *source = getenv("OCELLI_SOURCE");
    return checkpoint_path(source ? source : ".", "tests/golden/towers");
}

char *checkpoint_get(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s: cannot open; OCELLI_SOURCE is the source folder", path);
    fseek(f, 0, SEEK_END);
    long length = ftell(f);
    rewind(f);
    char *bytes = malloc((size_t)length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)length, f), length);
    bytes[length] = 0;
    fclose(f);
    if (size) *size = (size_t)length;
    return bytes;
}

void checkpoint_put(const char *folder, const char *name, const void *bytes, size_t size) {
    FILE *f = fopen(checkpoint_path(folder, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void copy(const char *from, const char *folder, const char *name) {
    size_t size;
    char *bytes = checkpoint_get(checkpoint_path(from, name), &size);
    checkpoint_put(folder, name, bytes, size);
    free(bytes);
}

char *checkpoint_folder(void) {
    const char *base = getenv("TMPDIR");
    char *folder = strdup(checkpoint_path(base ? base : "/tmp", "ocelli-test.XXXXXX"));
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void checkpoint_remove(char *folder) {
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

/* ---- what transformers says ---- */

static cJSON *parse(const char *folder, const char *name) {
    char *text = checkpoint_get(checkpoint_path(folder, name), NULL);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    free(text);
    return root;
}

static const cJSON *member(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item) fail_msg("no %s", key);
    return item;
}

static double number(const cJSON *object, const char *key) {
    return member(object, key)->valuedouble;
}

static const char *string(const cJSON *object, const char *key) {
    return member(object, key)->valuestring;
}

static void draw_images(struct checkpoint_golden *g) {
    uint32_t size = g->image_size;
    size_t bytes = (size_t)size * size * 3;
    const cJSON *entry, *images = member(g->index, "images");
    uint8_t *to = g->images = malloc(CHECKPOINT_INPUTS * bytes);
    assert_non_null(to);
    cJSON_ArrayForEach(entry, images) {
        const char *name = string(entry, "name");
        uint64_t key = golden_key(g->seed, name, strlen(name));
        for (uint32_t i = 0; i < bytes; i++) to[i] = golden_pixel(key, i / 3 % size, i / 3 / size, i % 3, size);
        assert_int_equal(golden_fnv1a(GOLDEN_FNV, to, bytes), strtoull(string(entry, "fnv1a"), NULL, 16));
        to += bytes;
    }
}

static void read_texts(struct checkpoint_golden *g) {
    const cJSON *entry, *id;
    size_t n = 0;
    cJSON_ArrayForEach(entry, member(g->index, "texts")) {
        const cJSON *ids = member(entry, "ids");
        g->texts[n] = string(entry, "text");
        g->ids[n] = calloc((size_t)cJSON_GetArraySize(ids), sizeof *g->ids[n]);
        assert_non_null(g->ids[n]);
        cJSON_ArrayForEach(id, ids) g->ids[n][g->id_count[n]++] = id->valueint;
        n++;
    }
    assert_int_equal(n, CHECKPOINT_INPUTS);
}

void checkpoint_golden_open(struct checkpoint_golden *golden, const char *name) {
    char folder[512];
    size_t size;
    snprintf(folder, sizeof folder, "%s/%s", towers(), name);
    *golden = (struct checkpoint_golden){.index = parse(folder, "index.json")};
    golden->seed = (uint64_t)number(golden->index, "seed");
    golden->image_size = (uint32_t)number(golden->index, "image_size");
    golden->dim = (uint32_t)number(golden->index, "dim");
    golden->f16w = number(member(golden->index, "cosine"), "f16w");
    golden->dot = number(member(golden->index, "cosine"), "dot");
    draw_images(golden);
    read_texts(golden);
    const cJSON *row, *scores = cJSON_GetObjectItemCaseSensitive(golden->index, "scores");
    size_t at = 0;
    cJSON_ArrayForEach(row, scores) for (int i = 0; i < CHECKPOINT_INPUTS; i++) golden->scores[at++] =
        cJSON_GetArrayItem(row, i)->valuedouble;
    golden->embeddings =
        (float *)(void *)checkpoint_get(checkpoint_path(folder, string(golden->index, "embeddings")), &size);
    assert_int_equal(size, 2 * CHECKPOINT_INPUTS * golden->dim * sizeof(float));
}

void checkpoint_golden_close(struct checkpoint_golden *golden) {
    for (size_t i = 0; i < CHECKPOINT_INPUTS; i++) free(golden->ids[i]);
    free(golden->images);
    free(golden->embeddings);
    cJSON_Delete(golden->index);
    *golden = (struct checkpoint_golden){0};
}

/* ---- the tensors ---- */

struct tensor {
    char name[96];
    size_t dimensions, shape[4], count;
    float *values; /* NULL: int64 0, 1, 2, ... */
};

struct tensors {
    struct tensor *list;
    size_t count;
};

static struct tensor *find(struct tensors *t, const char *name) {
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->list[i].name, name) == 0) return &t->list[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void take_out(struct tensors *t, struct tensor *gone) {
    free(gone->values);
    size_t behind = (size_t)(t->list + t->count-- - (gone + 1));
    memmove(gone, gone + 1, behind * sizeof *gone);
}

/* A row or column of a tensor whose numbers are larger: those `i` with i / below % size == index. */
struct outlier {
    size_t below, size, index;
    double factor;
};

enum { MOST_OUTLIERS = 64 };

static size_t read_outliers(const cJSON *entry, const struct tensor *t, struct outlier outliers[MOST_OUTLIERS]) {
    const cJSON *item;
    size_t count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(entry, "outliers")) {
        assert_true(count < MOST_OUTLIERS);
        size_t axis = (size_t)number(item, "axis"), below = 1;
        for (size_t d = axis + 1; d < t->dimensions; d++) below *= t->shape[d];
        outliers[count++] =
            (struct outlier){below, t->shape[axis], (size_t)number(item, "index"), number(item, "factor")};
    }
    return count;
}

/* Product of the factors of the outlier rows or columns that hold number `i`. */
static double factor(const struct outlier *outliers, size_t count, size_t i) {
    double product = 1;
    for (const struct outlier *o = outliers; o < outliers + count; o++)
        if (i / o->below % o->size == o->index) product *= o->factor;
    return product;
}

static void generate(struct tensor *t, const cJSON *entry, uint64_t seed) {
    const cJSON *side;
    t->count = 1;
    snprintf(t->name, sizeof t->name, "%s", string(entry, "name"));
    cJSON_ArrayForEach(side, member(entry, "shape")) t->count *= t->shape[t->dimensions++] = (size_t)side->valueint;
    if (strcmp(string(entry, "kind"), "uniform") != 0) return;
    uint64_t key = golden_key(seed, t->name, strlen(t->name));
    float scale = (float)number(entry, "scale"), offset = (float)number(entry, "offset");
    struct outlier outliers[MOST_OUTLIERS];
    size_t outlier_count = read_outliers(entry, t, outliers);
    t->values = malloc(t->count * sizeof *t->values);
    assert_non_null(t->values);
    for (size_t i = 0; i < t->count; i++)
        t->values[i] = (float)(golden_uniform(key, i, scale, offset) * factor(outliers, outlier_count, i));
}

static void generate_all(struct tensors *t, const cJSON *index) {
    const cJSON *entry, *list = member(index, "tensors");
    uint64_t hash = GOLDEN_FNV;
    t->list = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *t->list); /* 1: an extra one */
    assert_non_null(t->list);
    cJSON_ArrayForEach(entry, list) {
        struct tensor *made = &t->list[t->count++];
        generate(made, entry, (uint64_t)number(index, "seed"));
        if (made->values) hash = golden_fnv1a(hash, made->values, made->count * sizeof(float));
    }
    assert_int_equal(hash, strtoull(string(index, "weights_fnv1a"), NULL, 16));
}

/* ---- as open_clip has them ---- */

static void flat_name(char *name, size_t size) {
    static const char *const parts[][2] = {
        {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
        {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
        {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
        {"vision_model.pre_layrnorm", "visual.ln_pre"},
        {"vision_model.post_layernorm", "visual.ln_post"},
        {"vision_model.encoder.layers", "visual.transformer.resblocks"},
        {"visual_projection.weight", "visual.proj"},
        {"text_model.embeddings.token_embedding", "token_embedding"},
        {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
        {"text_model.final_layer_norm", "ln_final"},
        {"text_model.encoder.layers", "transformer.resblocks"},
        {"text_projection.weight", "text_projection"},
        {"self_attn.q_proj.", "attn.in_proj_"},
        {"self_attn.out_proj", "attn.out_proj"},
        {"layer_norm1", "ln_1"},
        {"layer_norm2", "ln_2"},
        {"mlp.fc1", "mlp.c_fc"},
        {"mlp.fc2", "mlp.c_proj"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *at = strstr(name, parts[i][0]), rest[96];
        if (!at) continue;
        snprintf(rest, sizeof rest, "%s", at + strlen(parts[i][0]));
        snprintf(at, size - (size_t)(at - name), "%s%s", parts[i][1], rest);
    }
}

static void turn(struct tensor *t) {
    size_t rows = t->shape[0], columns = t->shape[1];
    float *turned = malloc(t->count * sizeof *turned);
    assert_non_null(turned);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) turned[c * rows + r] = t->values[r * columns + c];
    free(t->values);
    t->values = turned;
    t->shape[0] = columns, t->shape[1] = rows;
}

/* k and v, which come later in the list, behind q in q's tensor. */
static void join(struct tensors *all, struct tensor *q) {
    for (int part = 1; part < 3; part++) {
        char name[96];
        snprintf(name, sizeof name, "%s", q->name);
        strstr(name, ".q_proj.")[1] = "qkv"[part];
        struct tensor *from = find(all, name);
        assert_true(from > q);
        q->values = realloc(q->values, (q->count + from->count) * sizeof *q->values);
        assert_non_null(q->values);
        memcpy(q->values + q->count, from->values, from->count * sizeof *q->values);
        q->count += from->count;
        q->shape[0] += from->shape[0];
        take_out(all, from);
    }
}

static void flatten(struct tensors *t) {
    turn(find(t, "visual_projection.weight"));
    turn(find(t, "text_projection.weight"));
    for (size_t i = 0; i < t->count; i++)
        if (!t->list[i].values) take_out(t, &t->list[i--]);
    for (size_t i = 0; i < t->count; i++) {
        if (strstr(t->list[i].name, ".q_proj.")) join(t, &t->list[i]);
        flat_name(t->list[i].name, sizeof t->list[i].name);
    }
}

static void add_number(cJSON *object, const char *key, double value) {
    assert_non_null(cJSON_AddNumberToObject(object, key, value));
}

static cJSON *flat_tower(cJSON *model, const char *name, const cJSON *from, double width) {
    cJSON *to = cJSON_AddObjectToObject(model, name);
    const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(from, "intermediate_size");
    add_number(to, "layers", number(from, "num_hidden_layers"));
    add_number(to, "width", width);
    add_number(to, "mlp_ratio", (hidden ? hidden->valuedouble : 4 * width) / width);
    return to;
}

static double number_or(const cJSON *object, const char *key, double absent) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return item ? item->valuedouble : absent;
}

static void flat_model(cJSON *model, const cJSON *config) {
    const cJSON *image = member(config, "vision_config"), *text = member(config, "text_config");
    double width = number_or(image, "hidden_size", 768), text_width = number_or(text, "hidden_size", 512);
    const cJSON *act = cJSON_GetObjectItemCaseSensitive(image, "hidden_act");
    add_number(model, "embed_dim", number(config, "projection_dim"));
    if (!act || strcmp(act->valuestring, "quick_gelu") == 0) cJSON_AddTrueToObject(model, "quick_gelu");
    cJSON *to = flat_tower(model, "vision_cfg", image, width);
    add_number(to, "image_size", number_or(image, "image_size", 224));
    add_number(to, "patch_size", number_or(image, "patch_size", 32));
    add_number(to, "head_width", width / number_or(image, "num_attention_heads", 12));
    to = flat_tower(model, "text_cfg", text, text_width);
    add_number(to, "context_length", number_or(text, "max_position_embeddings", 77));
    add_number(to, "vocab_size", number_or(text, "vocab_size", 49408));
    add_number(to, "heads", number_or(text, "num_attention_heads", 8));
}

static void write_flat_config(const char *from, const char *folder) {
    cJSON *config = parse(from, "config.json"), *old = parse(from, "preprocessor_config.json");
    cJSON *root = cJSON_CreateObject();
    flat_model(cJSON_AddObjectToObject(root, "model_cfg"), config);
    cJSON *prep = cJSON_AddObjectToObject(root, "preprocess_cfg");
    cJSON_AddItemToObject(prep, "mean", cJSON_Duplicate(member(old, "image_mean"), 1));
    cJSON_AddItemToObject(prep, "std", cJSON_Duplicate(member(old, "image_std"), 1));
    cJSON_AddStringToObject(prep, "interpolation", number(old, "resample") == 2 ? "bilinear" : "bicubic");
    cJSON_AddStringToObject(prep, "resize_mode", cJSON_IsTrue(member(old, "do_center_crop")) ? "shortest" : "squash");
    char *text = cJSON_Print(root);
    assert_non_null(text);
    checkpoint_put(folder, "open_clip_config.json", text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(root);
    cJSON_Delete(config);
    cJSON_Delete(old);
}

/* ---- as a file ---- */

static size_t item_size(const struct tensor *t, const char *type) {
    return !t->values ? 8 : strcmp(type, "F32") == 0 ? 4 : 2;
}

/* Upper half of a float, and the float16 of a number that has one of normal size or is cut to 0. */
static uint16_t to_16(float value, const char *type) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (type[0] == 'B') return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    int exponent = (int)(bits >> 23 & 255) - 112;
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    return exponent < 1 ? sign : (uint16_t)(sign | exponent << 10 | (bits >> 13 & 1023));
}

static void write_values(FILE *f, const struct tensor *t, const char *type) {
    if (item_size(t, type) == sizeof *t->values) {
        assert_int_equal(fwrite(t->values, sizeof *t->values, t->count, f), t->count);
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        int64_t place = (int64_t)i;
        uint16_t half = t->values ? to_16(t->values[i], type) : 0;
        size_t size = item_size(t, type);
        const void *from = size == 8 ? (const void *)&place : &half;
        assert_int_equal(fwrite(from, size, 1, f), 1);
    }
}

static char *header(const struct tensors *tensors, const struct checkpoint_form *form, const char *type) {
    cJSON *root = cJSON_CreateObject();
    double place = 0;
    cJSON_AddStringToObject(cJSON_AddObjectToObject(root, "__metadata__"), "format", "pt");
    for (size_t i = 0; i < tensors->count; i++) {
        const struct tensor *tensor = &tensors->list[i];
        char name[200];
        snprintf(name, sizeof name, "%s%s", form->prefix ? form->prefix : "", tensor->name);
        cJSON *entry = cJSON_AddObjectToObject(root, name);
        cJSON_AddStringToObject(entry, "dtype", tensor->values ? type : "I64");
        cJSON *shape = cJSON_AddArrayToObject(entry, "shape"), *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
        for (size_t d = 0; d < tensor->dimensions; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[d]));
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber(place));
        place += (double)(tensor->count * item_size(tensor, type));
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber(place));
    }
    char *text = cJSON_PrintUnformatted(root);
    assert_non_null(text);
    cJSON_Delete(root);
    return text;
}

static void write_tensors(const struct tensors *t, const struct checkpoint_form *form, const char *path) {
    const char *type = form->type ? form->type : "F32";
    char *text = header(t, form, type);
    uint64_t length = strlen(text);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(&length, sizeof length, 1, f);
    fwrite(text, 1, length, f);
    for (size_t i = 0; i < t->count; i++) write_values(f, &t->list[i], type);
    assert_int_equal(fclose(f), 0);
    free(text);
}

static void edit(struct tensors *tensors, const struct checkpoint_form *form) {
    if (form->without) take_out(tensors, find(tensors, form->without));
    if (form->broken) find(tensors, form->broken)->values[7] = NAN;
    if (form->narrow) {
        struct tensor *narrow = find(tensors, form->narrow);
        narrow->count = narrow->count / narrow->shape[0] * (narrow->shape[0] - 1);
        narrow->shape[0]--;
    }
    if (form->padded) {
        struct tensor *padded = find(tensors, form->padded);
        size_t row = padded->count / padded->shape[0];
        padded->values = realloc(padded->values, (padded->count + row) * sizeof *padded->values);
        assert_non_null(padded->values);
        memset(padded->values + padded->count, 0, row * sizeof *padded->values);
        padded->count += row;
        padded->shape[0]++;
    }
    if (form->extra) {
        struct tensor *added = &tensors->list[tensors->count++];
        *added = (struct tensor){.dimensions = 1, .shape = {4}, .count = 4, .values = calloc(4, sizeof(float))};
        assert_non_null(added->values);
        snprintf(added->name, sizeof added->name, "%s", form->extra);
    }
}

static void copy_tokenizer(const char *from, const char *folder) {
    static const char *const own[] = {"spiece.model", "tokenizer.json", "tokenizer_config.json"};
    bool has_own = access(checkpoint_path(from, own[2]), F_OK) == 0;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (access(checkpoint_path(from, own[i]), F_OK) == 0) copy(from, folder, own[i]);
    if (has_own) return;
    copy(towers(), folder, "vocab.json");
    copy(towers(), folder, "merges.txt");
}

void checkpoint_write(const char *name, const char *folder, const struct checkpoint_form *form) {
    char from[512];
    snprintf(from, sizeof from, "%s/%s", towers(), name);
    cJSON *index = parse(from, "index.json");
    struct tensors all = {0};
    generate_all(&all, index);
    bool as_is = access(checkpoint_path(from, "open_clip_config.json"), R_OK) == 0; /* tests/golden/families.py */
    if (form->open_clip && !as_is) flatten(&all);
    edit(&all, form);
    const char *file = form->open_clip || as_is ? "open_clip_model.safetensors" : "model.safetensors";
    write_tensors(&all, form, checkpoint_path(folder, file));
    copy_tokenizer(from, folder);
    if (as_is) {
        copy(from, folder, "open_clip_config.json");
    } else if (form->open_clip) {
        write_flat_config(from, folder);
    } else {
        copy(from, folder, "config.json");
        copy(from, folder, "preprocessor_config.json");
    }
    for (size_t i = 0; i < all.count; i++) free(all.list[i].values);
    free(all.list);
    cJSON_Delete(index);
}
