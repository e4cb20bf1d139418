/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/stats.h"
#include "cpu/bounce.h"
#include "cpu/counters.h"
#include "cpu/vcpu.h"
#include "pv/hypercall.h"
#include "backend.h"
#include "kanzen-abi.h"
#include "printk.h"

/* Those that are neither hypercalls nor exceptions. */
static const struct {
    const char *name;
    size_t offset;
} singles[] = {
    { "interrupt/device", offsetof(struct vcpu_counters, irq_device) },
    { "interrupt/timer", offsetof(struct vcpu_counters, irq_timer) },
    { "interrupt/ipi", offsetof(struct vcpu_counters, irq_ipi) },
    { "soft-interrupt", offsetof(struct vcpu_counters, soft_interrupts) },
    { "emulated", offsetof(struct vcpu_counters, emulated) },
    { "event-callback", offsetof(struct vcpu_counters, events) },
    { "event-callback-rest", offsetof(struct vcpu_counters, rests) },
    { "nmi", offsetof(struct vcpu_counters, nmis) },
    { "page-table-base", offsetof(struct vcpu_counters, base_loads) },
    { "page-table-opened", offsetof(struct vcpu_counters, tables_opened) },
    { "tlb-flush", offsetof(struct vcpu_counters, flushes) },
    { "tlb-flush-others", offsetof(struct vcpu_counters, remote_flushes) },
    { "blocked", offsetof(struct vcpu_counters, blocked) },
};

struct text {
    char *buf;
    size_t size, len;
};

static void add_line(struct text *t, const char *group, const char *name, uint64_t count)
{
    int n;

    if (count == 0)
        return;
    n = snprintk(t->buf + t->len, t->size - t->len, "%s%s %lu\n", group, name, count);
    if (n > 0 && (size_t)n < t->size - t->len)
        t->len += (size_t)n;
    t->buf[t->len] = '\0'; /* no half lines */
}

/* The sum over the vCPUs asked for of the counter at offset in struct vcpu_counters. */
static uint64_t sum(const struct domain *d, unsigned int vcpu, size_t offset)
{
    uint64_t total = 0;

    for (unsigned int id = 0; id < d->max_vcpus; id++)
        if (vcpu == STATS_ALL_VCPUS || vcpu == id)
            total += *(const uint64_t *)((const char *)&d->vcpu[id]->arch->counters + offset);
    return total;
}

/* Of a vCPU's, those that are kept for entry.S. */
static uint64_t sum_short(const struct domain *d, unsigned int vcpu, bool system_calls)
{
    uint64_t total = 0;

    for (unsigned int id = 0; id < d->max_vcpus; id++) {
        const struct cpu_info *info = stack_info(d->vcpu[id]->arch->stack);

        if (vcpu == STATS_ALL_VCPUS || vcpu == id)
            total += system_calls ? info->short_syscalls : info->short_irets;
    }
    return total;
}

size_t stats_format(const struct domain *d, unsigned int vcpu, char *buf, size_t size)
{
    struct text t = { buf, size, 0 };

    buf[0] = '\0';
    for (unsigned int nr = 0; nr < COUNTED_HYPERCALLS; nr++) {
        const struct hypercall *h = hypercall_find(nr);

        add_line(&t, "hypercall/", h ? h->name : "unknown",
                 sum(d, vcpu, offsetof(struct vcpu_counters, hypercalls) + nr * sizeof(uint64_t)));
    }
    add_line(&t, "short-way/", "iret", sum_short(d, vcpu, false));
    add_line(&t, "short-way/", "system-call", sum_short(d, vcpu, true));
    for (unsigned int vector = 0; vector < COUNTED_EXCEPTIONS; vector++)
        add_line(
            &t, "exception/", trap_name(vector),
            sum(d, vcpu, offsetof(struct vcpu_counters, exceptions) + vector * sizeof(uint64_t)));
    for (unsigned int i = 0; i < ARRAY_SIZE(singles); i++)
        add_line(&t, "", singles[i].name, sum(d, vcpu, singles[i].offset));
    return t.len;
}

static const struct {
    const char *name;
    size_t offset;
} of_rings[] = {
    { "requests", offsetof(struct ring_counters, requests) },
    { "segments", offsetof(struct ring_counters, segments) },
    { "received", offsetof(struct ring_counters, received) },
    { "events-from-guest", offsetof(struct ring_counters, events_in) },
    { "events-to-guest", offsetof(struct ring_counters, events_out) },
    { "kicks", offsetof(struct ring_counters, kicks) },
    { "interrupts", offsetof(struct ring_counters, interrupts) },
};

struct ring_text {
    struct text text;
    unsigned int leave_out, left;
};

static void add_rings(const struct backend_dev *dev, const struct ring_counters *counters,
                      void *opaque)
{
    struct ring_text *r = opaque;
    char group[32];

    if (r->leave_out > 0) {
        r->leave_out--;
        return;
    }
    if (r->left == 0)
        return;
    r->left--;
    snprintk(group, sizeof(group), "ring/%s-%u/", dev->type->name, dev->devid);
    for (unsigned int i = 0; i < ARRAY_SIZE(of_rings); i++)
        add_line(&r->text, group, of_rings[i].name,
                 *(const uint64_t *)((const char *)counters + of_rings[i].offset));
}

size_t stats_format_rings(unsigned int leave_out, char *buf, size_t size)
{
    struct ring_text r = { { buf, size, 0 }, leave_out, KZ_STATS_DEVICES };

    buf[0] = '\0';
    backend_for_each_counted(add_rings, &r);
    return r.text.len;
}
