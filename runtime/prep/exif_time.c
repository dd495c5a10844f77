/* SPDX-License-Identifier: Apache-2.0
 * EXIF 2.3: the first directory points to the Exif directory, which has the time as text. */
#include "prep/exif_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { EXIF_DIRECTORY = 0x8769, TAKEN = 0x9003, OFFSET = 0x9011, TEXT = 32 };

struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool little;
};

static uint32_t number(const uint8_t *p, int bytes, bool little) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | p[little ? bytes - 1 - i : i];
    return value;
}

/* The entry of a tag in the directory at `at`; NULL: none. */
static const uint8_t *find(const struct tiff *t, size_t at, uint32_t tag) {
    if (at > t->size || t->size - at < 2) return NULL;
    size_t entries = number(t->bytes + at, 2, t->little), room = (t->size - at - 2) / 12;
    for (size_t i = 0; i < entries && i < room; i++) {
        const uint8_t *entry = t->bytes + at + 2 + 12 * i;
        if (number(entry, 2, t->little) == tag) return entry;
    }
    return NULL;
}

/* An ASCII value; false: none. */
static bool text_of(const struct tiff *t, const uint8_t *entry, char text[TEXT]) {
    size_t count = entry ? number(entry + 4, 4, t->little) : 0;
    if (!count || count > TEXT || number(entry + 2, 2, t->little) != 2) return false;
    size_t at = number(entry + 8, 4, t->little);
    if (count > 4 && (at > t->size || t->size - at < count)) return false;
    memcpy(text, count > 4 ? t->bytes + at : entry + 8, count);
    text[count - 1] = '\0';
    return true;
}

static bool digits(const char *text, const char *form) {
    for (; *form; form++, text++)
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form) return false;
    return true;
}

bool exif_time_parse(const char *text, const char *offset, int64_t *time_ms) {
    struct tm tm = {.tm_isdst = -1};
    int hours = 0, minutes = 0;
    if (!digits(text, "0000:00:00 00:00:00")) return false;
    if (sscanf(text, "%d:%d:%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) !=
        6)
        return false;
    if (tm.tm_year < 1826 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false; /* a camera whose clock was never set writes zeros */
    tm.tm_year -= 1900, tm.tm_mon--;
    bool zone = offset && (digits(offset, "+00:00") || digits(offset, "-00:00"));
    if (zone) sscanf(offset + 1, "%d:%d", &hours, &minutes);
    time_t seconds = zone ? timegm(&tm) - (*offset == '-' ? -1 : 1) * (hours * 3600 + minutes * 60) : mktime(&tm);
    *time_ms = (int64_t)seconds * 1000;
    return true;
}

static bool of_tiff(const uint8_t *exif, size_t size, int64_t *time_ms) {
    char text[TEXT], offset[TEXT];
    if (size > 6 && !memcmp(exif, "Exif\0\0", 6)) exif += 6, size -= 6;
    if (size < 8 || (memcmp(exif, "II*\0", 4) && memcmp(exif, "MM\0*", 4))) return false;
    struct tiff t = {exif, size, *exif == 'I'};
    const uint8_t *pointer = find(&t, number(exif + 4, 4, t.little), EXIF_DIRECTORY);
    if (!pointer) return false;
    size_t at = number(pointer + 8, 4, t.little);
    if (!text_of(&t, find(&t, at, TAKEN), text)) return false;
    return exif_time_parse(text, text_of(&t, find(&t, at, OFFSET), offset) ? offset : NULL, time_ms);
}

/* Headers alone, up to the first scan. */
static bool of_jpeg(const uint8_t *bytes, size_t size, int64_t *time_ms) {
    for (size_t at = 2; at + 4 <= size && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        size_t length = number(bytes + at + 2, 2, false);
        if (marker == 0xff) { /* may be repeated */
            at++;
            continue;
        }
        if (marker == 0xda || length < 2 || length > size - at - 2) return false;
        if (marker == 0xe1 && length > 8 && !memcmp(bytes + at + 4, "Exif\0\0", 6))
            return of_tiff(bytes + at + 4, length - 2, time_ms);
        at += 2 + length;
    }
    return false;
}

/* PNG: length, name, content, checksum. WebP: name, length (little-endian), content, a byte to make it even. */
static bool of_chunks(const uint8_t *bytes, size_t size, bool png, int64_t *time_ms) {
    for (size_t at = png ? 8 : 12; at + 8 <= size;) {
        const uint8_t *chunk = bytes + at;
        size_t length = number(chunk + (png ? 0 : 4), 4, !png), left = size - at - 8;
        if (length > left) return false;
        if (!memcmp(chunk + (png ? 4 : 0), png ? "eXIf" : "EXIF", 4)) return of_tiff(chunk + 8, length, time_ms);
        at += 8 + length + (png ? 4 : length & 1);
    }
    return false;
}

bool exif_time(const uint8_t *bytes, size_t size, int64_t *time_ms) {
    if (size < 16) return false;
    if (bytes[0] == 0xff && bytes[1] == 0xd8) return of_jpeg(bytes, size, time_ms);
    if (!memcmp(bytes, "\211PNG\r\n\032\n", 8)) return of_chunks(bytes, size, true, time_ms);
    return !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4) && of_chunks(bytes, size, false, time_ms);
}
