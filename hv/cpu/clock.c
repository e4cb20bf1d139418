/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System time is the TSC scaled with the very factors the guest gets (xen.h struct vcpu_time_info),
 * so that the guest's clock and hv's timers never disagree. Both the TSC and the APIC timer are
 * measured against the ACPI timer over the time that hv takes to build the guest, the TSC again
 * while the guest runs.
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

/* The first measurement is of some 50 ms; two longer ones follow, which may not differ from it by
 * more than this. */
#define REFINE_PPM 500

/* What QEMU's and KVM's APIC timers count at; a measurement this near to it (in percent) means
 * it. */
#define APIC_NOMINAL_HZ      NS_PER_S
#define APIC_NOMINAL_PERCENT 5

struct sample {
    uint64_t tsc;
    uint32_t pm, apic;
};

/* System time is base_ns + ((TSC - base_tsc) << shift) * mul >> 32. */
struct scale {
    uint64_t base_tsc, base_ns;
    uint32_t mul; /* 0 until calibrated */
    int8_t shift;
};

static struct {
    struct sample start;
    uint64_t tsc_hz, apic_hz;
    struct scale scales[2];
    const struct scale *scale; /* the one that counts, read without a lock; NULL: none yet */
    uint64_t emulated_tsc;     /* what a guest has read last */
    uint8_t told;              /* XEN_PVCLOCK_GUEST_STOPPED while that is being told */
} clk;

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

/* Whoever reads it meanwhile has the old one, whole. */
static void publish_scale(struct scale next)
{
    struct scale *to = clk.scale == &clk.scales[0] ? &clk.scales[1] : &clk.scales[0];

    *to = next;
    wmb();
    WRITE_ONCE(clk.scale, to);
}

void clock_start(void)
{
    apic_timer_start(~0U);
    clk.start = take_sample();
    publish_scale((struct scale){ .base_tsc = clk.start.tsc });
}

static void set_scale(uint64_t base_tsc, uint64_t base_ns, uint64_t hz)
{
    struct scale s = { .base_tsc = base_tsc, .base_ns = base_ns };
    uint64_t ticks = hz;

    clk.tsc_hz = hz;
    /* Bring ns/tick into [1/2, 1) so that mul uses all of its bits. */
    while (ticks > 2 * NS_PER_S) {
        ticks >>= 1;
        s.shift--;
    }
    while (ticks <= NS_PER_S) {
        ticks <<= 1;
        s.shift++;
    }
    s.mul = (uint32_t)((NS_PER_S << 32) / (s.shift < 0 ? hz >> -s.shift : hz << s.shift));
    publish_scale(s);
}

/* value * mul / div; the result must fit. (C's 128-bit division would need the compiler's
 * library.) */
static uint64_t scale(uint64_t value, uint64_t mul, uint64_t div)
{
    uint64_t quotient, high;

    __asm__("mulq %[mul]\n\t"
            "divq %[div]"
            : "=&a"(quotient), "=&d"(high)
            : "0"(value), [mul] "r"(mul), [div] "r"(div)
            : "cc");
    return quotient;
}

static void set_apic_hz(uint64_t hz)
{
    uint64_t off = hz > APIC_NOMINAL_HZ ? hz - APIC_NOMINAL_HZ : APIC_NOMINAL_HZ - hz;

    clk.apic_hz = off * 100 < APIC_NOMINAL_HZ * APIC_NOMINAL_PERCENT ? APIC_NOMINAL_HZ : hz;
}

void clock_calibrate(void)
{
    struct sample end;
    uint32_t ticks;

    /* Run out after 4 s: on this machine building the guest took so long that the ACPI timer may
     * have wrapped. */
    if (apic_timer_current() == 0)
        clock_start();
    while (((inl(pm_timer_port()) - clk.start.pm) & PM_TIMER_MASK) < CALIBRATE_TICKS)
        cpu_relax();
    end = take_sample();
    ticks = (end.pm - clk.start.pm) & PM_TIMER_MASK;
    set_scale(clk.start.tsc, 0, scale(end.tsc - clk.start.tsc, PM_TIMER_HZ, ticks));
    set_apic_hz(scale(clk.start.apic - end.apic, PM_TIMER_HZ, ticks));
    apic_timer_start(0);
    printk(LOG_INFO, "clock: TSC %lu kHz, APIC timer %lu kHz", clk.tsc_hz / 1000,
           clk.apic_hz / 1000);
}

/* The TSC's frequency since clk.start by a sample taken later; the first measurement tells how
 * often the ACPI timer has wrapped meanwhile. */
static uint64_t measure(const struct sample *now)
{
    uint64_t tsc = now->tsc - clk.start.tsc;
    uint64_t expected = scale(tsc, PM_TIMER_HZ, clk.tsc_hz), wrap = PM_TIMER_MASK + 1ULL;
    uint64_t ticks = (now->pm - clk.start.pm) & PM_TIMER_MASK;

    if (expected > ticks)
        ticks += (expected - ticks + wrap / 2) / wrap * wrap;
    return scale(tsc, PM_TIMER_HZ, ticks);
}

static const uint64_t refine_after_ns[] = { 1 * NS_PER_S, 10 * NS_PER_S };

static struct {
    struct hv_timer timer;
    unsigned int step;
} refining;

/* A better value, from here on: system time goes on without a step. Were the machine's clocks
 * stopped in between, for one of them to go on, the measurement is worth nothing. */
static void refine(void *opaque)
{
    struct domain *d = opaque;
    struct sample now = take_sample();
    uint64_t hz = measure(&now), old = clk.tsc_hz, base_ns = clock_ns_at(now.tsc);
    uint64_t off = hz > old ? hz - old : old - hz;

    if (off <= old / 1000000 * REFINE_PPM) {
        set_scale(now.tsc, base_ns, hz);
        for (unsigned int i = 0; i < d->max_vcpus; i++)
            clock_update_vcpu(d->vcpu[i]);
    }
    printk(LOG_DEBUG, "clock: TSC %lu Hz, measured %lu", clk.tsc_hz, hz);
    if (++refining.step < ARRAY_SIZE(refine_after_ns))
        hv_timer_set(&refining.timer, refine_after_ns[refining.step]);
}

void clock_start_refining(struct domain *d)
{
    refining.timer = (struct hv_timer){ .fn = refine, .opaque = d };
    hv_timer_set(&refining.timer, refine_after_ns[0]);
}

uint64_t clock_apic_hz(void)
{
    return clk.apic_hz;
}

uint32_t clock_tsc_khz(void)
{
    return (uint32_t)(clk.tsc_hz / 1000);
}

static uint64_t ticks_to_ns(const struct scale *s, uint64_t ticks)
{
    ticks = s->shift < 0 ? ticks >> -s->shift : ticks << s->shift;
    return (uint64_t)((unsigned __int128)ticks * s->mul >> 32);
}

static uint64_t ns_at(const struct scale *s, uint64_t tsc)
{
    return s->base_ns + ticks_to_ns(s, tsc - s->base_tsc);
}

uint64_t clock_ns_at(uint64_t tsc)
{
    return ns_at(READ_ONCE(clk.scale), tsc);
}

/* The scale first: its base is never ahead of a TSC that is read after it. */
uint64_t now_ns(void)
{
    const struct scale *s = READ_ONCE(clk.scale);

    return s ? ns_at(s, rdtsc()) : 0;
}

uint64_t clock_tsc_ns(void)
{
    return ticks_to_ns(clk.scale, rdtsc());
}

uint64_t clock_guest_tsc(const struct domain *d)
{
    uint64_t last = READ_ONCE(clk.emulated_tsc), now;

    if (!d->tsc_emulated)
        return rdtsc();
    do
        now = MAX(now_ns(), last + 1); /* never the same twice, on any vCPU */
    while (!__atomic_compare_exchange_n(&clk.emulated_tsc, &last, now, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    return now;
}

uint32_t clock_guest_tsc_khz(const struct domain *d)
{
    return d->tsc_emulated ? NS_PER_S / 1000 : clock_tsc_khz();
}

/* An emulated TSC is system time: a tick is a ns, 2 * 2^31 / 2^32. */
static void fill_time_info(struct vcpu_time_info *t, bool emulated)
{
    const struct scale *s = clk.scale;

    t->tsc_timestamp = emulated ? s->base_ns : s->base_tsc;
    t->system_time = s->base_ns;
    t->tsc_to_system_mul = emulated ? 1U << 31 : s->mul;
    t->tsc_shift = emulated ? 1 : s->shift;
    t->flags = XEN_PVCLOCK_TSC_STABLE_BIT | clk.told; /* one clock drives all TSCs of a machine */
}

/* Odd while it changes (xen.h); the guest reads version before and after. */
static void publish(struct vcpu_time_info *t, bool emulated)
{
    uint32_t version = (t->version | 1) + 1;

    WRITE_ONCE(t->version, version - 1);
    wmb();
    fill_time_info(t, emulated);
    wmb();
    WRITE_ONCE(t->version, version);
}

/* The copy has its version written in the same order. */
static void publish_copy(gva_t area, const struct vcpu_time_info *t)
{
    struct vcpu_time_info copy = *t;

    copy.version = t->version - 1;
    copy_to_guest(area, &copy.version, sizeof(copy.version));
    wmb();
    copy_to_guest(area, &copy, sizeof(copy));
    wmb();
    copy_to_guest(area, &t->version, sizeof(t->version));
}

void clock_update_vcpu(struct vcpu *v)
{
    publish(&v->vcpu_info->time, v->domain->tsc_emulated);
    if (v->arch->time_area)
        publish_copy(v->arch->time_area, &v->vcpu_info->time);
}

/* A guest that is told so does not take the jump for a processor that hung (its watchdogs). */
void clock_jump(struct domain *d, uint64_t ns)
{
    struct scale next = *clk.scale;
    uint64_t tsc = rdtsc();

    next.base_ns = clock_ns_at(tsc) + ns;
    next.base_tsc = tsc;
    publish_scale(next);
    clk.told = XEN_PVCLOCK_GUEST_STOPPED;
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        clock_update_vcpu(d->vcpu[i]);
    clk.told = 0;
    timers_look_again(d);
    printk(LOG_INFO, "clock: %lu ms made up for", ns / 1000000);
}
