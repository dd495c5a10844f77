/* SPDX-License-Identifier: Apache-2.0 */
#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

size_t unicode_check(const char *text, size_t length) {
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    size_t at = 0;
    while (at < length) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = bytes[at] < 0x80 ? 1 : utf8proc_iterate(bytes + at, (utf8proc_ssize_t)(length - at), &c);
        if (n <= 0) break;
        at += (size_t)n;
    }
    return at;
}

const char *unicode_fault(const char *text) {
    size_t length = strlen(text);
    if (unicode_check(text, length) < length) return "is not UTF-8: save the file as UTF-8";
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) return "has a control character: write spaces";
    return NULL;
}

int32_t unicode_next(const char *text, size_t length, size_t *at) {
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text + *at;
    if (*bytes < 0x80) {
        ++*at;
        return *bytes;
    }
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate(bytes, (utf8proc_ssize_t)(length - *at), &c);
    *at += n > 0 ? (size_t)n : 1;
    return c;
}

size_t unicode_put(int32_t c, char *out) {
    return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

static bool between(utf8proc_category_t category, utf8proc_category_t first, utf8proc_category_t last) {
    return category >= first && category <= last;
}

bool unicode_letter(int32_t c) {
    return between(utf8proc_category(c), UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO);
}

bool unicode_number(int32_t c) {
    return between(utf8proc_category(c), UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

bool unicode_space(int32_t c) {
    return (c >= 0x09 && c <= 0x0d) || c == 0x85 ||
           between(utf8proc_category(c), UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP);
}

/* Other_Lowercase and Other_Uppercase that are not case-ignorable: ordinals, Roman numerals,
 * circled, squared and negative letters. */
static bool cased_by_name(int32_t c) {
    return c == 0xaa || c == 0xba || (c >= 0x2160 && c <= 0x217f) || (c >= 0x24b6 && c <= 0x24e9) ||
           (c >= 0x1f130 && c <= 0x1f149) || (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
}

bool unicode_cased(int32_t c) {
    return between(utf8proc_category(c), UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LT) || cased_by_name(c);
}

/* Word_Break (UAX 29) is MidLetter, MidNumLet or Single_Quote: what may stand inside a word. */
static bool inside_word(int32_t c) {
    static const uint16_t marks[] = {0x27,   0x2e,   0x3a,   0xb7,   0x387,  0x55f,  0x5f4,  0x2018, 0x2019,
                                     0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (c == marks[i]) return true;
    return false;
}

bool unicode_case_ignorable(int32_t c) {
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return inside_word(c);
    }
}
