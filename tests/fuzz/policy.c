/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a policy file: policies that judge, whose learnt lines can be written and read back, or a refusal. */
#include "fuzz.h"
#include "base/ini_edit.h"
#include "policy/policy_judge.h"

#include <math.h>

enum { SIZE = 4 };

static const char good[] =
    "template = a photo of {}.\n[templates]\ntemplate = {}\n; comment\n[policy a]\nprompt = x\nprompt = y\nagainst: "
    "z\naction = blur\n"
    "false_alarms = 1%\nlearnt = 0.1\nlearnt_for = 1% 0123456789abcdef\nlearnt_from = people\n[policy b]\nprompt = x\n"
    "template = {}\nthreshold = -0.5\naction = drop\n[abstain]\nfalse_alarms = 0.5%\n";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "seed", good, sizeof good - 1);
    return 0;
}

static int along(void *user, const char *const *texts, size_t count, float *out) {
    (void)user;
    memset(out, 0, SIZE * count * sizeof *out);
    for (size_t i = 0; i < count; i++) out[SIZE * i + (unsigned char)texts[i][0] % SIZE] = 1;
    return OCELLI_OK;
}

static void judge(const struct policy_file *file) {
    const struct policy_model model = {.texts = along, .size = SIZE, .logit_scale = 1, .key = "m"};
    struct policy_finding *findings = calloc(file->count, sizeof *findings);
    struct policy_verdict verdict;
    struct policy_judge *j;
    int status = policy_judge_create(&j, file, &model);
    fuzz_lines = 0; /* prompts may cancel out */
    if (!status) policy_judge_see(j, (const float[]){0.5f, 0.5f, 0.5f, 0.5f}, findings, &verdict);
    for (size_t i = 0; !status && i < file->count; i++)
        if (findings[i].found && isnan(policy_threshold(&file->policies[i].rule))) abort();
    policy_judge_destroy(&j);
    free(findings);
}

/* As `ocelli moderate --learn` does. */
static void learn(const struct policy_file *file, const uint8_t *data, size_t size) {
    const struct policy *p = &file->policies[0];
    char learnt_for[64], key[POLICY_KEY_SIZE];
    const char *const value = "0.250000", *const for_what = learnt_for;
    const struct ini_lines lines[] = {{"learnt", &value, 1}, {"learnt_for", &for_what, 1}};
    struct ini_text text = {fuzz_copy(data, size), size, "fuzz"}, edited;
    struct policy_file again;
    policy_file_key(file, p, "m", key);
    snprintf(learnt_for, sizeof learnt_for, "%g%% %s", 100 * p->rule.budget, key);
    if (ini_edit_set(&text, (struct ini_name){"policy", p->name}, lines, 2, &edited)) abort();
    if (policy_file_parse(&again, edited.bytes, edited.size, "fuzz", NULL)) abort();
    if (again.policies[0].rule.learnt != 0.25 || strcmp(again.policies[0].rule.learnt_key, key)) abort();
    policy_file_finish(&again);
    free(edited.bytes);
    free(text.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct policy_file file;
    void *bytes = fuzz_copy(data, size);
    int status = fuzz_judge(policy_file_parse(&file, bytes, size, "fuzz", NULL));
    free(bytes);
    if (status) return file.count ? abort(), 0 : 0;
    if (!file.count || !file.policies[0].prompts.count) abort();
    judge(&file);
    if (file.policies[0].rule.budget_line) learn(&file, data, size);
    policy_file_finish(&file);
    return 0;
}
