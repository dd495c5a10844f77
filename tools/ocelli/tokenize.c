/* SPDX-License-Identifier: Apache-2.0
 * ocelli tokenize: needs the blob, but no GPU. */
#include "base/log.h"
#include "handle.h"
#include "text/json.h"
#include "ocelli/options.h"

#include <stdlib.h>
#include <string.h>

static int print_ids(const struct encoder *encoder, const char *text, int32_t *ids) {
    size_t count;
    int status = encoder_encode(encoder, text, strlen(text), ids, &count);
    if (status) return status;
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '[');
    for (size_t i = 0; i < count; i++) json_count(&j, NULL, (uint64_t)ids[i]);
    json_end(&j, ']');
    putchar('\n');
    return OCELLI_OK;
}

static int print_all(const struct encoder *encoder, uint32_t context, char **texts) {
    int32_t *ids = calloc(context, sizeof *ids);
    int status = ids ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (; !status && *texts && !ferror(stdout); texts++) status = print_ids(encoder, *texts, ids);
    free(ids);
    return status;
}

static int tokenize(const char *model, char **texts) {
    struct blob *blob = NULL;
    struct clip_config config;
    struct encoder *encoder = NULL;
    int status = blob_open(&blob, model, true);
    if (!status) status = clip_config_read(&config, blob);
    if (!status) status = handle_need_text(blob, &config);
    if (!status) status = handle_tokenizer(blob, config.text.tokens, config.vocabulary, &encoder);
    if (!status) status = print_all(encoder, config.text.tokens, texts);
    encoder_destroy(&encoder);
    blob_close(&blob);
    return status;
}

static int run(int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG, {0}};
    struct options o = {.command = &command_tokenize};
    if (options_next(&o, argc, argv, OPTIONS_LETTERS, table) == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (optind == argc) return options_usage(&o, "no TEXT");
    for (int i = optind; i < argc; i++)
        if (options_text(&o, "TEXT", argv[i])) return EXIT_USAGE;
    return options_exit_code(tokenize(o.model, argv + optind));
}

const struct command command_tokenize = {
    .name = "tokenize",
    .summary = "turn texts into token ids (needs no GPU)",
    .usage = "ocelli tokenize -m BLOB \"TEXT\"...",
    .help = "Prints the token ids of each text as a JSON array, one line a text, start and end\n"
            "marks included. A text longer than the model's context is cut. Needs no GPU.\n\n"
            "Options:\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli tokenize -m clip.gguf \"a photo of a cat\"\n",
    .run = run,
};
