/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "serve/framing.h"

#include <stdlib.h>
#include <string.h>

static struct framing w;
static int lines, messages;
static uint8_t last[FRAMING_MESSAGE + 3];
static size_t last_size;

static int setup(void **state) {
    (void)state;
    memset(&w, 0, sizeof w);
    lines = messages = 0;
    return 0;
}

static void feed(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        enum framing_kind kind = framing_take(&w, ((const uint8_t *)bytes)[i]);
        if (kind == FRAMING_NOTHING) continue;
        lines += kind == FRAMING_LINE, messages += kind == FRAMING_COAP;
        memcpy(last, w.bytes, last_size = w.size);
    }
}

static void text(const char *bytes) {
    feed(bytes, strlen(bytes));
}

static void assert_last(const char *want) {
    assert_int_equal(last_size, strlen(want));
    assert_memory_equal(last, want, last_size);
}

static void line_ends(void **state) {
    (void)state;
    text("\r\n\nping\r\n");
    assert_int_equal(lines, 1);
    assert_last("ping");
    text("a\rb\nc\n\r\n");
    assert_int_equal(lines, 4);
    assert_last("c");
    text("a\xc0\nb\n"); /* half a line, damaged: no diagnostic frame begins */
    assert_int_equal(lines, 6);
    assert_last("b");
    text("\xc0\nb\n\xc0\r\nc\n");
    assert_int_equal(lines, 7);
    assert_last("c");
    char longest[1100];
    memset(longest, 'x', sizeof longest);
    feed(longest, sizeof longest);
    text("\n");
    assert_int_equal(last_size, SERVE_LINE + 1); /* known to be over */
    text("ok\n");
    assert_last("ok");
}

/* Bytes that nobody sent, as a half-duplex line gives before the first one: any, in any number, before lines and
 * frames. */
static void glitches(void **state) {
    (void)state;
    uint8_t frame[FRAMING_FRAME];
    size_t size = framing_frame("message", 7, frame);
    int count = 0;
    for (int byte = 0; byte < 256; byte++) {
        if (byte == '\n' || byte == '\r' || (byte >= ' ' && byte < 0x7f)) continue;
        if (byte == 0xa9) continue; /* behind the end of a frame the next one begins with it: no pulse gives it */
        for (size_t times = 1; times < 4; times++) {
            const uint8_t junk[3] = {(uint8_t)byte, (uint8_t)byte, (uint8_t)byte};
            feed(junk, times);
            text("#1 ping\n");
            assert_last("#1 ping");
            feed(junk, times);
            feed(frame, size);
            assert_last("message");
            count++;
        }
    }
    assert_int_equal(lines, count);
    assert_int_equal(messages, count);
    text("\xff\xff\n\x80\r\n"); /* nothing but noise is no line */
    assert_int_equal(lines, count);
    text("#2 ping \xff\n"); /* within it is */
    assert_last("#2 ping \xff");
}

static void frames(void **state) {
    (void)state;
    uint8_t message[FRAMING_MESSAGE], frame[FRAMING_FRAME];
    for (int i = 0; i < FRAMING_MESSAGE; i++) message[i] = (uint8_t)(i % 3 ? 0xc0 + i : 0xdb);
    static const size_t sizes[] = {0, 1, 4, 255, FRAMING_MESSAGE - 1, FRAMING_MESSAGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        text("half a li");
        feed(frame, framing_frame(message, sizes[i], frame));
        assert_int_equal(messages, i + 1);
        assert_int_equal(last_size, sizes[i]);
        if (last_size) assert_memory_equal(last, message, last_size);
        text("ping\n");
        assert_last("ping");
    }
}

/* RFC 7252's ping: an empty confirmable message. The bytes were computed by hand from the draft. */
static void known_frame(void **state) {
    (void)state;
    uint8_t frame[FRAMING_FRAME];
    size_t size = framing_frame("\x40\x00\x12\x34", 4, frame);
    assert_true(size == 9 || size == 10);
    assert_int_equal(frame[0], 0xc0);
    assert_int_equal(frame[1], 0xa9);
    assert_int_equal(frame[size - 1], 0xc0);
    feed(frame, size - 1); /* an end may be the next one's beginning */
    feed(frame, size);
    assert_int_equal(messages, 2);
    feed(frame + 1, size - 1);
    assert_int_equal(messages, 3);
}

static void broken(void **state) {
    (void)state;
    uint8_t frame[FRAMING_FRAME], big[2 * FRAMING_MESSAGE];
    size_t size = framing_frame("hello", 5, frame);
    for (size_t i = 1; i < size - 1; i++) { /* a damaged byte is no message, and the next one is */
        frame[i] ^= 0x10;
        feed(frame, size);
        frame[i] ^= 0x10;
        assert_int_equal(messages, i - 1);
        text("\n");
        feed(frame, size);
        assert_int_equal(messages, i);
    }
    memset(big, 'x', sizeof big);
    text("\xC0\xA9"), feed(big, sizeof big), text("\n");
    lines = 0;
    text("ping\n");
    assert_int_equal(lines, 1);
    text("\xC0\xA9\xDBx"), text("\nping\n"); /* no such escape */
    assert_int_equal(lines, 2);
    text("\xC0\xA9"), feed(big, FRAMING_MESSAGE + 3), text("\xC0#k ping\n"); /* too long by one: it goes alone */
    assert_int_equal(lines, 3);
    assert_last("#k ping");
    lines = 2;
    text("\xC0\xA9 abc"), framing_idle(&w), text("ping\n");
    assert_int_equal(lines, 3);
    assert_last("ping");
    text("say \xC0remove cat\n");
    assert_last("say \xC0remove cat");
    text("\xC0remove\n");
    assert_last("remove");
}

/* 1 % of bytes flipped, dropped or doubled: no message arrives that was not sent. FRAMES=2000000: how often 16 bits are
 * too few.
 */
static void noise(void **state) {
    (void)state;
    uint8_t frame[FRAMING_FRAME], message[64];
    const char *frames = getenv("FRAMES");
    unsigned seed = 1, sent = frames ? (unsigned)atoi(frames) : 20000, wrong = 0, arrived = 0;
    for (unsigned n = 0; n < sent; n++) {
        for (int i = 0; i < 64; i++) message[i] = (uint8_t)(n * 31 + (unsigned)i * 7);
        size_t size = framing_frame(message, 64, frame);
        for (size_t i = 0; i < size; i++) {
            int before = messages, fate = rand_r(&seed) % 300;
            uint8_t byte = fate == 0 ? frame[i] ^ (uint8_t)(1 << rand_r(&seed) % 8) : frame[i];
            if (fate != 1) feed(&byte, 1);
            if (fate == 2) feed(&byte, 1);
            if (messages == before) continue;
            arrived++; /* by the next one's beginning, when its own end was lost */
            bool right = last_size == 64 && (last[0] == message[0] || last[0] == (uint8_t)(message[0] - 31));
            for (size_t k = 1; k < last_size; k++) right = right && last[k] == (uint8_t)(last[0] + k * 7);
            wrong += !right;
        }
    }
    print_message("%u of %u arrived, %u wrong\n", arrived, sent, wrong);
    assert_true(arrived > sent / 3);
    assert_true(frames || wrong == 0);
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup(line_ends, setup), cmocka_unit_test_setup(frames, setup),
        cmocka_unit_test_setup(glitches, setup),  cmocka_unit_test_setup(known_frame, setup),
        cmocka_unit_test_setup(broken, setup),    cmocka_unit_test_setup(noise, setup),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
