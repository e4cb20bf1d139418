/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv's log (KZ_IOPORT_LOG), assertions and panic. */
#pragma once

#include "types.h"
#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Formats like printf (%d %u %x %lx %llx %p %s %.*s %c %zu %02x %% and widths) and writes one line;
 * no newline needed. What a guest can trigger at will must use printk_guest(), which is
 * rate-limited. */
void printk(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void printk_guest(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes fmt's text to buf (NUL-terminated when size > 0); returns the length it would have had. */
int snprintk(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* hv's own fault: logs, reports KZ_STATUS_PANIC, stops the machine. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(cond)                                                                               \
    do {                                                                                           \
        if (unlikely(!(cond)))                                                                     \
            panic("assertion '%s' failed at %s:%d", #cond, __FILE__, __LINE__);                    \
    } while (0)
