/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tag/tag_show.h"
#include "text/json.h"
#include "ocelli/common/csv.h"
#include "ocelli/common/plain.h"

#include <stdio.h>

/* Numbers before the tag: then they stand in columns whatever its letters' widths. */
void tag_show_plain(const struct tag_result *r) {
    plain_text(stdout, r->image);
    putchar('\n');
    for (size_t i = 0; i < r->count; i++) {
        const struct tag_row *row = &r->rows[i];
        printf("  %6.2f%%  %6.3f  ", 100 * (double)row->score, (double)row->cosine);
        if (r->has_rivals) printf("%+6.3f  ", (double)row->margin);
        plain_text(stdout, row->tag);
        putchar('\n');
    }
}

/* The daemon compares the margin with its thresholds. Tags of -t have no rivals, so it would only be the cosine again.
 */
void tag_show_json(const struct tag_result *r) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "image", r->image);
    json_begin(&j, "tags", '[');
    for (size_t i = 0; i < r->count; i++) {
        const struct tag_row *row = &r->rows[i];
        json_begin(&j, NULL, '{');
        json_text(&j, "tag", row->tag);
        json_number(&j, "score", (double)row->score, JSON_SHORT);
        json_number(&j, "cosine", (double)row->cosine, JSON_SHORT);
        if (r->from_files) {
            json_number(&j, "margin", (double)row->margin, JSON_SHORT);
            json_text(&j, "rival", row->rival);
        }
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end(&j, '}');
    putchar('\n');
}

void tag_show_csv_header(const struct tag_result *r) {
    static const char *const names[] = {"image", "rank", "tag", "score", "cosine", "margin", "rival"};
    struct csv csv = {.to = stdout};
    for (size_t i = 0; i < (r->from_files ? 7u : 5u); i++) csv_text(&csv, names[i]);
    csv_end_line(&csv);
}

void tag_show_csv(const struct tag_result *r) {
    struct csv csv = {.to = stdout};
    for (size_t i = 0; i < r->count; i++) {
        const struct tag_row *row = &r->rows[i];
        csv_text(&csv, r->image);
        csv_number(&csv, (double)(i + 1), JSON_FLOAT);
        csv_text(&csv, row->tag);
        csv_number(&csv, (double)row->score, JSON_SHORT);
        csv_number(&csv, (double)row->cosine, JSON_SHORT);
        if (r->from_files) {
            csv_number(&csv, (double)row->margin, JSON_SHORT);
            csv_text(&csv, row->rival);
        }
        csv_end_line(&csv);
    }
}
