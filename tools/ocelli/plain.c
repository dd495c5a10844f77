/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

void plain_text(FILE *to, const char *text) {
    for (; *text; text++) putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
}
