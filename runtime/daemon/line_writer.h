/* SPDX-License-Identifier: Apache-2.0
 * Lines to a descriptor whose reader may stall: a thread of its own writes them, and nobody else waits. O_NONBLOCK is
 * no way: all programs that share the pipe or terminal would have it. Nor is poll(): another program may take the room
 * that it told of.
 */
#ifndef DAEMON_LINE_WRITER_H
#define DAEMON_LINE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_WRITER_CAPACITY = 1 << 18 };

struct line_writer;

/* `fd` stays the caller's. `name` stands in log lines. NULL: it is the log itself. Then nothing is logged, and a line
 * of its own tells how many lines were lost. Errors: MEMORY. */
int line_writer_open(struct line_writer **lines, int fd, const char *name);
/* Waits up to timeout_ms until all is written, frees, and sets *lines to NULL. A reader that stalls longer is left,
 * with a thread that waits for it and the memory that it uses: false. Accepts NULL and a pointer to NULL. */
bool line_writer_close(struct line_writer **lines, int timeout_ms);

/* Appends a line with its end, at most 4096 bytes. Any thread; waits for nobody. */
void line_writer_add(struct line_writer *writer, const char *line);

/* The same with a line that later ones make old, such as a status. It is dropped, and not counted, while half of the
 * buffer waits for the reader. So events still find space. */
void line_writer_add_optional(struct line_writer *writer, const char *line);

/* Something waits to be written. */
bool line_writer_wait(struct line_writer *writer);
/* Waits until nothing does; false: not within timeout_ms. */
bool line_writer_drain(struct line_writer *writer, int timeout_ms);

/* Errors: FILE (the reader is gone, as was said). A line that cannot be written for another reason (a full disk) is
 * dropped, and the log says so. */
int line_writer_status(struct line_writer *writer);

/* Lines for which there was no room. Any thread. */
uint64_t line_writer_lost(struct line_writer *writer);

#endif
