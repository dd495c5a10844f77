/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/options.h"
#include "base/log.h"
#include "convert/report/compare.h"
#include "text/unicode.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char help[] =
    "usage: ocelli-convert CHECKPOINT -o OUT.gguf [option]...\n"
    "       ocelli-convert --compare A.gguf B.gguf\n"
    "\n"
    "Makes the one file that ocelli runs from a CLIP checkpoint: int8 weights, tokenizer,\n"
    "preprocessing and a self-test.\n"
    "\n"
    "CHECKPOINT is a folder as transformers or open_clip save it, or a file of weights: .safetensors,\n"
    ".pt or .bin of torch (a state dict, a training checkpoint, OpenAI's own), or a GGUF of CLIP.\n"
    "\n"
    "  -o, --output FILE        the blob to write\n"
    "      --tokenizer PATH     folder or file of the tokenizer, where the checkpoint has none:\n"
    "                           vocab.json with merges.txt, tokenizer.json, or CLIP's\n"
    "                           bpe_simple_vocab_16e6.txt.gz\n"
    "      --calibrate DIR      take the ranges of activations of the pictures there (default: of a\n"
    "                           few built-in ones): channels that stand out are balanced, and\n"
    "                           products that int8 inputs cost too much keep float ones\n"
    "      --no-calibrate       do neither\n"
    "      --no-text            leave out the text tower, the token table and the tokenizer: the blob\n"
    "                           then knows the texts of --prompts alone, and boards of 1 GB have room\n"
    "      --prompts FILE       with --no-text: a tags.ini, whose tags and vectors go into the blob\n"
    "      --report FILE        what was decided and why, and what int8 cost each tensor and layer:\n"
    "                           JSON, or a page to look at if FILE ends in .html; both may be given\n"
    "      --name NAME          name of the model (default: the last part of CHECKPOINT)\n"
    "      --license-file FILE  licence text to keep in the blob (default: the checkpoint's own)\n"
    "      --compare            print what differs between two blobs: keys, tensors, embeddings of\n"
    "                           the self-test\n"
    "  -h, --help               this text\n"
    "\n"
    "what a file without a configuration beside it does not tell, or an option that is to replace it:\n"
    "      --activation NAME    quick_gelu, gelu or gelu_tanh, in both towers\n"
    "      --mean R,G,B         of the pixels in 0..1, or openai\n"
    "      --std R,G,B          their standard deviation, or openai\n"
    "      --resize WAY         crop (the short side, then the centre) or squash\n"
    "      --filter NAME        bicubic or bilinear\n"
    "      --heads IMAGE,TEXT   attention heads of the towers\n"
    "      --logit-scale N      what similarities are multiplied with, such as 100\n"
    "\n"
    "examples:\n"
    "  ocelli-convert clip-vit-base-patch32/ -o clip-b32.gguf --report clip-b32.json\n"
    "  ocelli-convert ViT-B-32/open_clip_model.safetensors -o b32.gguf \\\n"
    "      --tokenizer bpe_simple_vocab_16e6.txt.gz\n"
    "  ocelli-convert ViT-B-32.pt -o b32.gguf --tokenizer bpe_simple_vocab_16e6.txt.gz\n"
    "\n"
    "exit status: 0 done, 1 failed (one line tells why, nothing is written), 2 wrong usage;\n"
    "with --compare 0 equal, 1 different, 2 a file that cannot be read or wrong usage\n";

static enum options_result wrong(const char *word, const char *what) {
    log_error("%s%s: see ocelli-convert --help", word, what);
    return OPTIONS_WRONG;
}

static enum options_result wrong_fact(const char *value) {
    log_error("'%s' is no value of the option before it: see ocelli-convert --help", value);
    return OPTIONS_WRONG;
}

/* getopt's optopt is a short option that is unknown, 0 for an unknown long one. */
static enum options_result refuse(int option, char **argv) {
    char letter[] = {'-', (char)optopt, '\0'};
    if (option == ':') return wrong(argv[optind - 1], " needs a value");
    if (optopt == 'h') return wrong(argv[optind - 1], ": this option takes no value");
    log_error("unknown option %s: see ocelli-convert --help; a CHECKPOINT that begins with - goes behind --",
              optopt ? letter : argv[optind - 1]);
    return OPTIONS_WRONG;
}

/* An empty value is what an unset variable of a script leaves. */
static enum options_result check(const struct convert_params *p, int operands) {
    const char *const values[] = {p->checkpoint,   p->out,  p->tokenizer, p->report, p->name,
                                  p->license_file, p->page, p->pictures,  p->prompts};
    if (p->compared) return operands == 2 ? OPTIONS_COMPARE : wrong("", "--compare needs two blobs");
    if (operands != 1) return wrong("", "exactly one CHECKPOINT is needed");
    if (!p->out) return wrong("", "-o OUT.gguf is needed");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i] && !*values[i]) return wrong("", "CHECKPOINT or the value of an option is empty");
    if (p->name && unicode_check(p->name, strlen(p->name)) != strlen(p->name)) return wrong("--name", " is not UTF-8");
    if (p->no_text && !p->prompts) return wrong("", "--no-text needs --prompts tags.ini: the texts it is to know");
    if (p->prompts && !p->no_text)
        return wrong("", "--prompts goes with --no-text: with a text tower a board embeds any tags.ini itself");
    if (p->pictures && p->uncalibrated) return wrong("", "--calibrate and --no-calibrate exclude each other");
    if (!strcmp(p->out, "-") || (p->report && !strcmp(p->report, "-")))
        return wrong("-o or --report -",
                     ": name a file, as both are put into their place at the end (./- has that name)");
    if ((p->report && !strcmp(p->report, p->out)) || (p->page && !strcmp(p->page, p->out)))
        return wrong("", "-o and --report name the same file");
    return OPTIONS_RUN;
}

static bool is_page(const char *path) {
    const char *end = strrchr(path, '.');
    return end && (strcasecmp(end, ".html") == 0 || strcasecmp(end, ".htm") == 0);
}

enum options_result options_read(struct convert_params *params, int argc, char **argv) {
    enum {
        TOKENIZER = 256,
        REPORT,
        NAME,
        LICENSE,
        CALIBRATE,
        NO_CALIBRATE,
        COMPARE,
        PROMPTS,
        NO_TEXT,
        FACT
    }; /* FACT: and on, a bit each */
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"tokenizer", required_argument, NULL, TOKENIZER},
                                            {"report", required_argument, NULL, REPORT},
                                            {"name", required_argument, NULL, NAME},
                                            {"license-file", required_argument, NULL, LICENSE},
                                            {"calibrate", required_argument, NULL, CALIBRATE},
                                            {"no-calibrate", no_argument, NULL, NO_CALIBRATE},
                                            {"prompts", required_argument, NULL, PROMPTS},
                                            {"no-text", no_argument, NULL, NO_TEXT},
                                            {"compare", no_argument, NULL, COMPARE},
                                            {"activation", required_argument, NULL, FACT + CONFIG_ACTIVATION},
                                            {"mean", required_argument, NULL, FACT + CONFIG_MEAN},
                                            {"std", required_argument, NULL, FACT + CONFIG_STD},
                                            {"resize", required_argument, NULL, FACT + CONFIG_RESIZE},
                                            {"filter", required_argument, NULL, FACT + CONFIG_FILTER},
                                            {"heads", required_argument, NULL, FACT + CONFIG_HEADS},
                                            {"logit-scale", required_argument, NULL, FACT + CONFIG_LOGIT_SCALE},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    *params = (struct convert_params){0};
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1;) {
        switch (option) {
        case 'o': params->out = optarg; break;
        case TOKENIZER: params->tokenizer = optarg; break;
        case REPORT: *(is_page(optarg) ? &params->page : &params->report) = optarg; break;
        case CALIBRATE: params->pictures = optarg; break;
        case PROMPTS: params->prompts = optarg; break;
        case NO_TEXT: params->no_text = true; break;
        case COMPARE: params->compared = true; break;
        case NO_CALIBRATE: params->uncalibrated = true; break;
        case NAME: params->name = optarg; break;
        case LICENSE: params->license_file = optarg; break;
        case 'h': fputs(help, stdout); return OPTIONS_HELP;
        default:
            if (option <= FACT) return refuse(option, argv);
            if (!config_given_set(&params->given, (enum config_fact)(option - FACT), optarg)) return wrong_fact(optarg);
        }
    }
    params->checkpoint = argv[optind];
    if (params->compared && argc - optind == 2) params->out = argv[optind + 1];
    return check(params, argc - optind);
}

int options_main(int argc, char **argv) {
    struct convert_params p;
    struct convert_result result;
    enum options_result read = options_read(&p, argc, argv);
    if (read == OPTIONS_COMPARE) return compare_blobs(p.checkpoint, p.out);
    if (read != OPTIONS_RUN) return read == OPTIONS_HELP ? 0 : 2;
    p.told = true;
    if (convert(&p, &result) != OCELLI_OK) return 1;
    printf("%s: %.1f MB; int8 against float: cosine %.6f image, ", p.out, (double)result.size / 1e6,
           result.judge.image.worst[REFERENCE_INT8]);
    if (p.no_text)
        puts("texts as floats");
    else
        printf("%.6f text\n", result.judge.text.worst[REFERENCE_INT8]);
    judge_print(&result.judge);
    return 0;
}
