/* SPDX-License-Identifier: Apache-2.0
 * What was judged, into the report: docs/cli.md, "The report". */
#include "convert/report/judge.h"

#include <stdio.h>

static cJSON *object_in(struct report *r, cJSON *parent, const char *key) {
    cJSON *object = cJSON_AddObjectToObject(parent, key);
    if (!object) r->failed = true;
    return object;
}

static cJSON *array_in(struct report *r, cJSON *parent, const char *key) {
    cJSON *array = cJSON_AddArrayToObject(parent, key);
    if (!array) r->failed = true;
    return array;
}

static cJSON *entry_in(struct report *r, cJSON *array) {
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) r->failed = true;
    return object;
}

static void number_in(struct report *r, cJSON *object, const char *key, double value) {
    if (!cJSON_AddNumberToObject(object, key, value)) r->failed = true;
}

static void text_in(struct report *r, cJSON *object, const char *key, const char *value) {
    if (!cJSON_AddStringToObject(object, key, value)) r->failed = true;
}

static void put_choice(struct report *r, cJSON *object, const struct calibrate_choice *c) {
    text_in(r, object, "balanced", c->how);
    number_in(r, object, "spread_before", c->spread_before);
    number_in(r, object, "spread_after", c->spread_after);
    number_in(r, object, "input_noise_before", c->noise_before);
    number_in(r, object, "input_noise_after", c->noise_after);
    number_in(r, object, "weight_noise_before", c->weights_before);
    number_in(r, object, "weight_noise_after", c->weights_after);
    number_in(r, object, "largest_factor", c->largest_factor);
    if (!cJSON_AddBoolToObject(object, "float_inputs", c->float_inputs)) r->failed = true;
}

static void put_layers(struct report *r, cJSON *layers, const char *prefix, const struct walk_tower *t) {
    for (uint32_t i = 0; i < t->blocks; i++) {
        const struct walk_layer *l = &t->layers[i];
        cJSON *object = entry_in(r, layers);
        char name[32];
        snprintf(name, sizeof name, "%s.blk.%u", prefix, i);
        text_in(r, object, "name", name);
        number_in(r, object, "cosine_int8_weights", l->cosine[REFERENCE_INT8]);
        number_in(r, object, "cosine_int8_activations", l->cosine[REFERENCE_DOT]);
        number_in(r, object, "worst_cosine_int8_weights", l->worst[REFERENCE_INT8]);
        number_in(r, object, "worst_cosine_int8_activations", l->worst[REFERENCE_DOT]);
        if (!l->products[0].how) continue;
        number_in(r, object, "saturated_share", l->ends);
        number_in(r, object, "zero_share", l->zeros);
        cJSON *products = object_in(r, object, "products");
        for (int p = 0; p < REFERENCE_PRODUCTS; p++)
            put_choice(r, object_in(r, products, walk_product_names[p]), &l->products[p]);
    }
}

static void put_tower(struct report *r, const char *key, const struct judge_tower *t) {
    cJSON *object = object_in(r, r->root, key);
    number_in(r, object, "mean_int8_weights", t->mean[REFERENCE_INT8]);
    number_in(r, object, "worst_int8_weights", t->worst[REFERENCE_INT8]);
    number_in(r, object, "mean_int8_activations", t->mean[REFERENCE_DOT]);
    number_in(r, object, "worst_int8_activations", t->worst[REFERENCE_DOT]);
}

static void put_ranges(struct report *r, cJSON *array, const struct walk_ranges *ranges) {
    if (!ranges->values) return;
    cJSON *object = entry_in(r, array);
    text_in(r, object, "product", ranges->product);
    for (int k = 0; k < 2; k++) {
        cJSON *values = array_in(r, object, k ? "after" : "before");
        for (uint32_t i = 0; i < ranges->columns; i++) {
            cJSON *number = cJSON_CreateNumber((double)ranges->values[(size_t)k * ranges->columns + i]);
            if (!number || !cJSON_AddItemToArray(values, number)) r->failed = true;
        }
    }
}

static void put_seen(const struct judge *j, const struct judge_of *of, struct report *r) {
    cJSON *object = object_in(r, r->root, "calibration");
    text_in(r, object, "pictures", !of->calibrated ? "none" : j->drawn ? "built-in" : "given");
    number_in(r, object, "picture_count", (double)j->pictures);
    number_in(r, object, "text_count", (double)j->texts);
    number_in(r, object, "unreadable_pictures", (double)j->unusable);
    number_in(r, object, "products", j->products);
    number_in(r, object, "balanced", j->balanced);
    number_in(r, object, "float_inputs", j->floats);
    if (!of->calibrated) return;
    number_in(r, object, "saturated_share", j->ends);
    number_in(r, object, "zero_share", j->zeros);
}

void judge_report(const struct judge *judge, const struct judge_of *of, struct report *report) {
    report_cosine(report, "image", judge->image.worst[REFERENCE_INT8]);
    report_cosine(report, "text", judge->text.worst[REFERENCE_INT8]);
    put_tower(report, "image_cosine", &judge->image);
    put_tower(report, "text_cosine", &judge->text);
    put_seen(judge, of, report);
    cJSON *retrieval = object_in(report, report->root, "retrieval"), *worst;
    number_in(report, retrieval, "same_best_text", judge->first);
    number_in(report, retrieval, "rank_correlation", judge->rank);
    worst = object_in(report, report->root, "worst_input");
    text_in(report, worst, "input", judge->worst_input);
    number_in(report, worst, "cosine", judge->worst_cosine);
    cJSON *layers = array_in(report, report->root, "layers"),
          *ranges = array_in(report, report->root, "channel_ranges");
    put_layers(report, layers, "v", of->images);
    put_layers(report, layers, "t", of->texts);
    put_ranges(report, ranges, &of->images->ranges);
    put_ranges(report, ranges, &of->texts->ranges);
    report_number(report, "weight_bytes_float", (double)judge->input_bytes);
    report_number(report, "seconds", judge->seconds);
    report_text(report, "recommendation", judge->advice);
}
