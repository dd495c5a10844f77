/* SPDX-License-Identifier: Apache-2.0
 * Sources that answer, and an open() that does not: the C library's is replaced. */
#include "daemon/opener.h"
#include "base/clock.h"
#include "support/heard.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HANGS "/dev/full" /* it is there, and nothing else opens it */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held: open() of HANGS waits */

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = flags & O_CREAT ? va_arg(more, int) : 0;
    va_end(more);
    if (!strcmp(path, HANGS)) {
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
        path = "/dev/null";
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int setup(void **state) {
    (void)state;
    listen();
    return 0;
}

static void test_opens_and_closes(void **state) {
    (void)state;
    static const struct source_options options = {.rotation = 90};
    struct opener *o;
    struct source *s = NULL;
    struct frame f;
    assert_int_equal(opener_start(&o, NULL, "test:32x32@50", &options), OCELLI_OK);
    assert_true(opener_wait(o, 20000));
    assert_int_equal(opener_take(&o, &s), OCELLI_OK);
    assert_true(!o && s);
    assert_int_equal(source_next(s, 20000, &f), SOURCE_FRAME);
    assert_int_equal(f.rotation, 90);
    source_release(s, &f);
    assert_int_equal(opener_start(&o, s, "files:/no such folder", NULL), OCELLI_OK); /* another in its place */
    assert_true(opener_wait(o, 20000));
    assert_int_equal(opener_take(&o, &s), OCELLI_ERR_FILE);
    assert_true(!s && heard.lines == 1 && !opener_left());
    opener_leave(&o);
    opener_leave(NULL);
}

static void wait_none_left(void) {
    double until = clock_ms() + 20000;
    while (opener_left() && clock_ms() < until) usleep(1000);
    assert_int_equal(opener_left(), 0);
}

/* Those that hang are left behind, up to some, and close what they open once they get so far. */
static void test_left(void **state) {
    (void)state;
    struct opener *o;
    enum { MOST = 8 };
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(opener_start(&o, NULL, "raw:8x8:grey:" HANGS, NULL), OCELLI_OK);
        assert_false(opener_wait(o, 20));
        assert_int_equal(opener_left(), i);
        opener_leave(&o);
        assert_null(o);
    }
    assert_int_equal(opener_left(), MOST);
    assert_int_equal(opener_start(&o, NULL, "test:", NULL), OCELLI_ERR_DEVICE);
    assert_true(!o && heard.lines == 1);
    pthread_mutex_unlock(&lock);
    wait_none_left();
    assert_int_equal(opener_start(&o, NULL, "test:32x32@50", NULL), OCELLI_OK);
    assert_true(opener_wait(o, 20000));
    opener_leave(&o); /* it came, and nobody took it */
    wait_none_left();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_opens_and_closes, setup),
                                       cmocka_unit_test_setup(test_left, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
