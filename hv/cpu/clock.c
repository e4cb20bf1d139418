/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System time is the TSC scaled with the very factors the guest gets (xen.h struct vcpu_time_info),
 * so that the guest's clock and hv's timers never disagree. Both the TSC and the APIC timer are
 * measured against the ACPI timer over the time that hv takes to build the guest.
 */
#include "cpu/clock.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/power.h"
#include "cpu/vcpu.h"
#include "guest.h"
#include "printk.h"
#include "time.h"

#define NS_PER_S        1000000000ULL
#define PM_TIMER_HZ     3579545ULL          /* ACPI 6.4 4.8.3.3 */
#define PM_TIMER_MASK   0xffffffU           /* 24 bits are sure to be there */
#define CALIBRATE_TICKS (PM_TIMER_HZ / 100) /* at least 10 ms */
#define SAMPLE_TRIES    5

struct sample {
    uint64_t tsc;
    uint32_t pm, apic;
};

static struct {
    struct sample start;
    uint64_t tsc_hz, apic_hz;
    uint32_t mul; /* ns = (ticks << shift) * mul >> 32 */
    int8_t shift;
} clk;

static struct hv_timer *timers; /* by deadline */

/* The ACPI timer and the TSC at one moment: the try with the shortest read wins. */
static struct sample take_sample(void)
{
    struct sample best = { 0 };
    uint64_t best_gap = ~0ULL;

    for (int i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t before = rdtsc();
        uint32_t pm = inl(pm_timer_port()) & PM_TIMER_MASK;
        uint64_t after = rdtsc();

        if (after - before < best_gap) {
            best_gap = after - before;
            best.tsc = before + best_gap / 2;
            best.pm = pm;
        }
    }
    best.apic = apic_timer_current();
    return best;
}

void clock_start(void)
{
    apic_timer_start(~0U);
    clk.start = take_sample();
}

static void set_scale(uint64_t hz)
{
    uint64_t ticks = hz;

    /* Bring ns/tick into [1/2, 1) so that mul uses all of its bits. */
    while (ticks > 2 * NS_PER_S) {
        ticks >>= 1;
        clk.shift--;
    }
    while (ticks <= NS_PER_S) {
        ticks <<= 1;
        clk.shift++;
    }
    clk.mul = (uint32_t)((NS_PER_S << 32) / (clk.shift < 0 ? hz >> -clk.shift : hz << clk.shift));
}

void clock_calibrate(void)
{
    struct sample end;
    uint32_t ticks;

    while (((inl(pm_timer_port()) - clk.start.pm) & PM_TIMER_MASK) < CALIBRATE_TICKS)
        cpu_relax();
    end = take_sample();
    ticks = (end.pm - clk.start.pm) & PM_TIMER_MASK;
    clk.tsc_hz = (end.tsc - clk.start.tsc) * PM_TIMER_HZ / ticks;
    clk.apic_hz = (uint64_t)(clk.start.apic - end.apic) * PM_TIMER_HZ / ticks;
    set_scale(clk.tsc_hz);
    apic_timer_start(0);
    printk(LOG_INFO, "clock: TSC %lu kHz, APIC timer %lu kHz", clk.tsc_hz / 1000,
           clk.apic_hz / 1000);
}

uint32_t clock_tsc_khz(void)
{
    return (uint32_t)(clk.tsc_hz / 1000);
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
    ticks = clk.shift < 0 ? ticks >> -clk.shift : ticks << clk.shift;
    return (uint64_t)((unsigned __int128)ticks * clk.mul >> 32);
}

uint64_t now_ns(void)
{
    return ticks_to_ns(rdtsc() - clk.start.tsc); /* 0 until calibrated */
}

uint64_t clock_tsc_ns(void)
{
    return ticks_to_ns(rdtsc());
}

static void fill_time_info(struct vcpu_time_info *t)
{
    t->tsc_timestamp = clk.start.tsc;
    t->system_time = 0;
    t->tsc_to_system_mul = clk.mul;
    t->tsc_shift = clk.shift;
    t->flags = XEN_PVCLOCK_TSC_STABLE_BIT; /* one clock drives all TSCs of a QEMU machine */
}

void clock_update_vcpu(struct vcpu *v)
{
    struct vcpu_time_info *t = &v->vcpu_info->time;
    uint32_t version = (t->version | 1) + 1;

    /* Odd while it changes (xen.h); the guest reads version before and after. */
    WRITE_ONCE(t->version, version - 1);
    wmb();
    fill_time_info(t);
    wmb();
    WRITE_ONCE(t->version, version);
    if (v->arch->time_area)
        copy_to_guest(v->arch->time_area, t, sizeof(*t));
}

/* The APIC timer for the first deadline; too far away for its 32 bits: it goes off early and is set
 * again. */
static void program(uint64_t now)
{
    uint64_t delta, count;

    if (!timers)
        return;
    if (timers->deadline_ns <= now) {
        work_raise(cpu_info(), WORK_TIMER);
        return;
    }
    delta = MIN(timers->deadline_ns - now, NS_PER_S);
    count = delta * clk.apic_hz / NS_PER_S + 1;
    apic_timer_start((uint32_t)MIN(count, 0xffffffffULL));
}

static void unlink_timer(struct hv_timer *t)
{
    struct hv_timer **p = &timers;

    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    t->armed = false;
}

void hv_timer_cancel(struct hv_timer *t)
{
    if (t->armed)
        unlink_timer(t);
}

void hv_timer_set(struct hv_timer *t, uint64_t deadline_ns)
{
    struct hv_timer **p = &timers;

    hv_timer_cancel(t);
    while (*p && (*p)->deadline_ns <= deadline_ns)
        p = &(*p)->next;
    t->deadline_ns = deadline_ns;
    t->next = *p;
    t->armed = true;
    *p = t;
    if (timers == t)
        program(now_ns());
}

void timers_run(void)
{
    uint64_t now = now_ns();

    while (timers && timers->deadline_ns <= now) {
        struct hv_timer *t = timers;

        unlink_timer(t);
        t->fn(t->opaque);
    }
    program(now);
}
