/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv's log: lines to the debug-console port KZ_IOPORT_LOG, and panic. */
#include "lib/log.h"
#include "cpu/asm.h"
#include "cpu/power.h"
#include "kanzen-abi.h"
#include "lock.h"
#include "printk.h"
#include "string.h"
#include "time.h"

#define LINE_MAX_LEN 512

/* A guest may fill the log at this rate at most; what exceeds it is counted and said when there is
 * room. */
#define GUEST_BURST     20
#define GUEST_PERIOD_NS 1000000000ULL

static const char *const level_names[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARNING] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "debug: ",
};

static enum log_level log_threshold = LOG_INFO;

static struct {
    uint64_t period_start_ns;
    unsigned int lines, dropped;
} guest_rate;

bool log_set_level(const char *name, size_t len)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            log_threshold = (enum log_level)i;
            return true;
        }
    return false;
}

void log_write(const char *text, size_t len)
{
    for (; len > 0; len--)
        outb(KZ_IOPORT_LOG, (uint8_t)*text++);
}

/* Lines of several CPUs are not mixed. */
static struct spinlock log_lock;

static void log_line(enum log_level level, const char *fmt, va_list ap)
{
    char line[LINE_MAX_LEN];
    uint64_t us = now_ns() / 1000;
    int head = snprintk(line, sizeof(line), "[%5lu.%06lu] %s", us / 1000000, us % 1000000,
                        level_names[level]);
    int len = head + vsnprintk(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);

    len = MIN(len, (int)sizeof(line) - 2);
    line[len] = '\n';
    LOCK_SCOPE(&log_lock);
    log_write(line, (size_t)len + 1);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    if (level > log_threshold)
        return;
    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
}

void printk_guest(enum log_level level, const char *fmt, ...)
{
    uint64_t now = now_ns();
    va_list ap;

    if (level > log_threshold)
        return;
    if (now - guest_rate.period_start_ns >= GUEST_PERIOD_NS) {
        if (guest_rate.dropped)
            printk(LOG_WARNING, "log: %u lines about the guest dropped", guest_rate.dropped);
        guest_rate.period_start_ns = now;
        guest_rate.lines = guest_rate.dropped = 0;
    }
    if (guest_rate.lines >= GUEST_BURST) {
        guest_rate.dropped++;
        return;
    }
    guest_rate.lines++;
    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintk(text, sizeof(text), fmt, ap);
    va_end(ap);
    printk(LOG_ERROR, "panic: %s", text);
    machine_stop(KZ_STATUS_PANIC, text);
}
