/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

static unsigned int failures;

static void print_line(const char *prefix, const char *fmt, va_list ap)
{
    char line[256];
    unsigned int n = (unsigned int)strlen(prefix);

    memcpy(line, prefix, n);
    n += vformat(line + n, (unsigned int)sizeof(line) - n - 1, fmt, ap);
    line[n++] = '\n';
    console_write(line, n);
}

static _Noreturn void power_off(void)
{
    struct sched_shutdown how = { .reason = SHUTDOWN_poweroff };

    console_drain();
    for (;;)
        sched_op(SCHEDOP_shutdown, &how);
}

void note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print_line("  ", fmt, ap);
    va_end(ap);
}

void fail(const char *fmt, ...)
{
    va_list ap;

    failures++;
    va_start(ap, fmt);
    print_line("wrong: ", fmt, ap);
    va_end(ap);
}

void check_values(const char *file, int line, const char *what, long got, long wanted)
{
    if (got != wanted)
        fail("%s:%d: %s is %ld (0x%lx), not %ld (0x%lx)", file, line, what, got, (unsigned long)got,
             wanted, (unsigned long)wanted);
}

void skip(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print_line("why: ", fmt, ap);
    va_end(ap);
    if (failures)
        finish();
    console_write("SKIP\n", 5);
    power_off();
}

void error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print_line("why: ", fmt, ap);
    va_end(ap);
    console_write("ERROR\n", 6);
    power_off();
}

void finish(void)
{
    if (failures)
        console_write("FAILURE\n", 8);
    else
        console_write("SUCCESS\n", 8);
    power_off();
}

bool in_shim(void)
{
    xen_domain_handle_t uuid = { 0 }, none = { 0 };

    return xen_version(XENVER_guest_handle, uuid) == 0 && memcmp(uuid, none, sizeof(none)) == 0;
}

void guest_start(void);
void guest_start(void)
{
    memory_init();
    traps_init();
    events_init();
    note("%d-bit", WIDTH);
    test_main();
    finish();
}
