/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors of the machine's devices, and softirqs. */
#include "irq.h"
#include "cpu/apic.h"
#include "cpu/lock.h"
#include "cpu/softirq.h"
#include "cpu/regs.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "printk.h"
#include <xen/errno.h>

static struct {
    irq_handler_fn *handler;
    void *opaque;
} irqs[256];

static struct {
    struct softirq *first, **last;
} softirqs = { .last = &softirqs.first };

static bool vector_is_usable(unsigned int vector)
{
    return vector != VEC_INT80 && vector != VEC_HYPERCALL;
}

int irq_alloc(irq_handler_fn *handler, void *opaque)
{
    for (int vector = VEC_IRQ_FIRST; vector <= VEC_IRQ_LAST; vector++) {
        if (irqs[vector].handler || !vector_is_usable((unsigned int)vector))
            continue;
        irqs[vector].handler = handler;
        irqs[vector].opaque = opaque;
        return vector;
    }
    return -XEN_ENOSPC;
}

void irq_free(int vector)
{
    irqs[vector].handler = NULL;
}

/* SDM 3A 11.11: physical destination, fixed delivery, edge. */
uint64_t msi_address(void)
{
    return 0xfee00000 | (uint64_t)apic_id() << 12;
}

uint32_t msi_data(int vector)
{
    return (uint32_t)vector;
}

static void run_handler(unsigned int vector)
{
    BIG_LOCK_SCOPE;
    if (irqs[vector].handler)
        irqs[vector].handler(irqs[vector].opaque);
    else
        printk_guest(LOG_WARNING, "irq: vector 0x%x has no handler, ignoring it", vector);
}

void irq_dispatch(unsigned int vector)
{
    struct vcpu_counters *counters = &cpu_info()->vcpu->arch->counters;

    if (vector == VEC_SPURIOUS)
        return;
    apic_eoi();
    switch (vector) {
    case VEC_TIMER:
        counters->irq_timer++;
        work_raise(cpu_info(), WORK_TIMER);
        break;
    case VEC_FLUSH:
        counters->irq_ipi++;
        smp_serve_flush();
        break;
    case VEC_KICK:
        counters->irq_ipi++;
        break;
    default:
        counters->irq_device++;
        run_handler(vector);
        break;
    }
}

void softirq_raise(struct softirq *s)
{
    if (s->pending)
        return;
    s->pending = true;
    s->next = NULL;
    *softirqs.last = s;
    softirqs.last = &s->next;
    work_raise(cpu_info(), WORK_SOFTIRQ);
}

void softirq_cancel(struct softirq *s)
{
    struct softirq **p = &softirqs.first;

    if (!s->pending)
        return;
    while (*p && *p != s)
        p = &(*p)->next;
    if (!*p)
        return;
    *p = s->next;
    if (!*p)
        softirqs.last = p;
    s->pending = false;
}

/* As many as wait now, each taken from the list before it runs, so that softirq_cancel() finds all
 * others. What they raise is left for the next round, after timers and the rest had their turn. */
void softirq_run(void)
{
    unsigned int n = 0;

    for (const struct softirq *s = softirqs.first; s; s = s->next)
        n++;
    for (; n > 0 && softirqs.first; n--) {
        struct softirq *s = softirqs.first;

        softirqs.first = s->next;
        if (!softirqs.first)
            softirqs.last = &softirqs.first;
        s->pending = false;
        s->fn(s->opaque);
    }
    if (softirqs.first)
        work_raise(cpu_info(), WORK_SOFTIRQ);
}
