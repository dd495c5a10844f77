/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a stream of JPEGs, read in one piece and in pieces: the same pictures, each of which begins and ends as
 * a JPEG. Without them an address: what is shown of it has no log-in and no query. The first byte says how long the
 * pieces are. */
#include "fuzz.h"
#include "source/address.h"
#include "source/jpeg_stream.h"

static const char good[] =
    "\7--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\0\4ab\xff\xda\0\3xyz\xff\0w\xff\xd1v\xff\xd9"
    "\r\n--frame\r\n\r\n\xff\xd8\xff\xda\0\2\xff\xff\xd9";
static const char address[] = "\1http://admin:secret@cam/snap.jpg?key=1";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    fuzz_seed(*argc, *argv, "seed", good, sizeof good - 1);
    fuzz_seed(*argc, *argv, "address", address, sizeof address - 1);
    return 0;
}

struct outcome {
    int status;
    uint64_t pictures, bytes, cut, sum;
};

static void take(struct outcome *o, const struct jpeg_stream *s) {
    if (s->size < 4 || s->size > JPEG_STREAM_MOST) abort();
    if (memcmp(s->bytes, "\xff\xd8", 2) || memcmp(s->bytes + s->size - 2, "\xff\xd9", 2)) abort();
    for (size_t i = 0; i < s->size; i++) o->sum = o->sum * 31 + s->bytes[i];
    o->pictures++, o->bytes += s->size;
}

static struct outcome read_all(const uint8_t *data, size_t size, size_t piece) {
    struct jpeg_stream s = {0};
    struct outcome o = {.status = JPEG_STREAM_MORE};
    for (size_t at = 0; at < size && o.status >= 0; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        uint8_t *copy = fuzz_copy(data + at, n);
        struct span in = span_of(copy, n);
        while ((o.status = jpeg_stream_step(&s, &in)) == JPEG_STREAM_PICTURE) take(&o, &s);
        free(copy);
    }
    o.cut = s.cut;
    jpeg_stream_finish(&s);
    return o;
}

static void show(const uint8_t *data, size_t size) {
    char uri[256], shown[ADDRESS_MOST + 1];
    size_t length = size < sizeof uri ? size : sizeof uri - 1;
    memcpy(uri, data, length);
    uri[length] = '\0';
    address_show(uri, shown);
    if (strlen(shown) > strlen(uri) + 7) abort();
    const char *query = strchr(shown, '?'), *login = strchr(shown, '@');
    if (query && strcmp(query, "?...")) abort();
    if (login && (login - shown < 3 || memcmp(login - 3, "...", 3) || strchr(login + 1, '@'))) abort();
    address_fault(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct outcome whole = read_all(data + 1, size - 1, size), pieces = read_all(data + 1, size - 1, data[0] % 61 + 1);
    if (whole.pictures != pieces.pictures || whole.bytes != pieces.bytes || whole.sum != pieces.sum ||
        whole.cut != pieces.cut)
        abort();
    show(data + 1, size - 1);
    return 0;
}
