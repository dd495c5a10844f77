/* SPDX-License-Identifier: Apache-2.0 */
#include "source/spec.h"
#include "base/log.h"
#include "prep/prep.h"

#include <string.h>

enum { MOST_RATE = 1000 };

bool spec_number(const char **text, uint32_t *value) {
    size_t digits = strspn(*text, "0123456789");
    if (digits < 1 || digits > 9) return false;
    *value = 0;
    for (size_t i = 0; i < digits; i++) *value = *value * 10 + (uint32_t)((*text)[i] - '0');
    *text += digits;
    return true;
}

static bool take(const char **text, char c) {
    if (**text != c) return false;
    ++*text;
    return true;
}

bool spec_size(const char **text, uint32_t *width, uint32_t *height) {
    return spec_number(text, width) && take(text, 'x') && spec_number(text, height);
}

bool spec_rate(const char **text, uint32_t *rate) {
    return take(text, '@') && spec_number(text, rate) && *rate >= 1 && *rate <= MOST_RATE;
}

int spec_check_size(const char *name, uint32_t width, uint32_t height) {
    if (width < 1 || height < 1 || width > PREP_MAX_SIDE || height > PREP_MAX_SIDE)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %ux%u pixels: a side must be 1 to %d", name, width, height,
                        PREP_MAX_SIDE);
    return OCELLI_OK;
}

static int refuse_format(const char *uri, const char *name, size_t length) {
    char names[128] = "";
    for (int i = 0; i < FRAME_FORMATS; i++) {
        strcat(names, i ? ", " : "");
        strcat(names, frame_format_name((enum frame_format)i));
    }
    return log_fail(OCELLI_ERR_USAGE, "%s: format %.*s: give one of %s", uri, length > 32 ? 32 : (int)length, name,
                    names);
}

int spec_raw_parse(struct spec_raw *raw, const char *text, const char *uri) {
    static const char form[] = "give raw:WxH:FORMAT[@FPS]:PATH, as raw:640x480:nv12@30:-";
    *raw = (struct spec_raw){0};
    if (!spec_size(&text, &raw->width, &raw->height) || !take(&text, ':'))
        return log_fail(OCELLI_ERR_USAGE, "%s: no size: %s", uri, form);
    size_t name = strcspn(text, "@:");
    if (!frame_format_find(&raw->format, text, name)) return refuse_format(uri, text, name);
    text += name;
    if (*text == '@' && !spec_rate(&text, &raw->rate))
        return log_fail(OCELLI_ERR_USAGE, "%s: no rate of 1 to %d: %s", uri, MOST_RATE, form);
    if (!take(&text, ':') || !*text) return log_fail(OCELLI_ERR_USAGE, "%s: no path: %s", uri, form);
    raw->path = text;
    return spec_check_size(uri, raw->width, raw->height);
}
