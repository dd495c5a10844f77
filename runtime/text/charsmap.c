/* SPDX-License-Identifier: Apache-2.0
 * A unit of the trie (Darts-clone): bits 0 to 7 its label, 8 has a value, 9 and 10 to 30 the offset of its children;
 * a value has bit 31. */
#include "text/charsmap.h"

#include <string.h>

static uint32_t u32(const uint8_t *b) {
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool charsmap_init(struct charsmap *map, const uint8_t *bytes, size_t size) {
    *map = (struct charsmap){0};
    if (size == 0) return true;
    if (size < 4) return false;
    size_t trie = u32(bytes);
    if (trie > size - 4 || trie % 4 || trie == 0) return false;
    *map = (struct charsmap){bytes + 4, trie / 4, (const char *)bytes + 4 + trie, size - 4 - trie};
    return map->text_size > 0 && map->texts[map->text_size - 1] == 0;
}

static uint32_t offset(uint32_t unit) {
    return (unit >> 10) << ((unit & 1u << 9) >> 6);
}

size_t charsmap_find(const struct charsmap *map, const char *text, size_t length, size_t at, const char **to,
                     size_t *to_length) {
    size_t found = 0;
    if (!map->unit_count) return 0;
    uint32_t unit = u32(map->units), place = offset(unit);
    for (size_t i = at; i < length && text[i]; i++) {
        uint8_t byte = (uint8_t)text[i];
        place ^= byte;
        if (place >= map->unit_count) return found;
        unit = u32(map->units + (size_t)place * 4);
        if ((unit & (1u << 31 | 0xff)) != byte) return found;
        place ^= offset(unit);
        if (place >= map->unit_count) return found;
        uint32_t value = u32(map->units + (size_t)place * 4) & 0x7fffffff;
        if (!(unit >> 8 & 1) || value >= map->text_size) continue;
        found = i + 1 - at;
        *to = map->texts + value;
        *to_length = strlen(*to); /* the last one is ended too */
    }
    return found;
}
