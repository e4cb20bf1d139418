/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wall clock at boot, from the machine's RTC (MC146818) and the time the boot file was
 * written. */
#include <xen/errno.h>

#include "cpu/clock.h"
#include "cpu/asm.h"
#include "abi32.h"
#include "domain.h"
#include "kanzen-abi.h"
#include "time.h"
#include "xenstore.h"

#define RTC_SECONDS  0x00
#define RTC_MINUTES  0x02
#define RTC_HOURS    0x04
#define RTC_DAY      0x07
#define RTC_MONTH    0x08
#define RTC_YEAR     0x09
#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define RTC_CENTURY  0x32 /* where PC firmware keeps it (ACPI FADT CENTURY) */

#define STATUS_A_UPDATING 0x80
#define STATUS_B_BINARY   0x04

#define NS_PER_S 1000000000ULL

static uint8_t cmos(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static unsigned int field(uint8_t reg)
{
    uint8_t v = cmos(reg);

    return cmos(RTC_STATUS_B) & STATUS_B_BINARY ? v : (v >> 4) * 10U + (v & 0xf);
}

/* Days since 1970-01-01 of a Gregorian date: years counted from March, so that the leap day is the
 * last. */
static uint64_t days_since_epoch(unsigned int year, unsigned int month, unsigned int day)
{
    unsigned int y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return 365ULL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static uint64_t rtc_read_s(void)
{
    unsigned int second, minute, hour, day, month, year;

    /* Again when the second changed on the way. */
    do {
        while (cmos(RTC_STATUS_A) & STATUS_A_UPDATING)
            cpu_relax();
        second = field(RTC_SECONDS);
        minute = field(RTC_MINUTES);
        hour = field(RTC_HOURS);
        day = field(RTC_DAY);
        month = field(RTC_MONTH);
        year = field(RTC_YEAR) + 100 * field(RTC_CENTURY);
    } while (second != field(RTC_SECONDS));
    return days_since_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

/* The fields' places depend on the guest's width. */
struct wall {
    uint32_t *version, *sec, *nsec, *sec_hi;
};

static struct wall wall_of(struct domain *d)
{
    struct shared_info_32 *n = (void *)d->shared_info;
    shared_info_t *s = d->shared_info;

    return d->is_32bit
               ? (struct wall){ &n->wc_version, &n->wc_sec, &n->wc_nsec, &n->arch.wc_sec_hi }
               : (struct wall){ &s->wc_version, &s->wc_sec, &s->wc_nsec, &s->wc_sec_hi };
}

/* Unix time at system time 0, without the guest's offset. */
static uint64_t wall_at_0_ns;

/*
 * The RTC knows only seconds. The file was written a moment before the machine started, and the TSC
 * starts at 0 with the machine, so their sum is close; the RTC says within which second it must
 * lie.
 */
void clock_set_wall(struct domain *d, uint64_t epoch_ns, int64_t offset_s)
{
    uint64_t low = rtc_read_s() * NS_PER_S, high = low + NS_PER_S - 1;
    uint64_t wall = epoch_ns ? epoch_ns + clock_tsc_ns() : low + NS_PER_S / 2;
    uint64_t boot_ns, s;
    struct wall w;

    wall = MAX(low, MIN(wall, high));
    boot_ns = wall - now_ns();
    wall_at_0_ns = boot_ns;
    s = boot_ns / NS_PER_S + (uint64_t)offset_s;
    w = wall_of(d);
    (*w.version)++;
    wmb();
    *w.sec = (uint32_t)s;
    *w.sec_hi = (uint32_t)(s >> 32);
    *w.nsec = (uint32_t)(boot_ns % NS_PER_S);
    wmb();
    (*w.version)++;
}

/* Below this the difference is that of asking. */
#define CATCH_UP_MIN_NS (NS_PER_S / 5)

void clock_catch_up(struct domain *d, uint64_t epoch_ns)
{
    uint64_t ours = wall_at_0_ns + now_ns();

    if (epoch_ns > ours && epoch_ns - ours >= CATCH_UP_MIN_NS)
        clock_jump(d, epoch_ns - ours);
}

static void host_clock_written(void *opaque, const char *path)
{
    struct domain *d = opaque;
    uint64_t epoch_ns;

    if (xs_read_u64(d->store, KZ_STORE_CLOCK, &epoch_ns))
        clock_catch_up(d, epoch_ns);
}

int clock_watch_host(struct domain *d)
{
    return xs_watch(d->store, KZ_STORE_CLOCK, host_clock_written, d) ? 0 : -XEN_ENOMEM;
}
