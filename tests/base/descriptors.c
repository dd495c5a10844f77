/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptors.h"
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

static void test_all_above_two(void **state) {
    (void)state;
    int high = fcntl(STDERR_FILENO, F_DUPFD, 200), low = dup(STDERR_FILENO),
        good = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(fcntl(high, F_GETFD) | fcntl(low, F_GETFD), 0);
    descriptors_close_on_exec();
    assert_int_equal(fcntl(high, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(low, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(good, F_GETFD), FD_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) assert_int_equal(fcntl(fd, F_GETFD), 0);
    close(high);
    close(low);
    close(good);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_above_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
