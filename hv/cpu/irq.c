/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors of the machine's devices. */
#include "irq.h"
#include "cpu/apic.h"
#include "cpu/biglock.h"
#include "cpu/softirq.h"
#include "cpu/regs.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "lock.h"
#include "printk.h"
#include <xen/errno.h>

static struct {
    irq_handler_fn *handler; /* one of the two; both NULL: free */
    void *opaque;
    struct softirq *softirq;
} irqs[256];

/* The vector whose softirq each CPU is raising, 0: none. */
static uint8_t serving[MAX_VCPUS];

static bool vector_is_usable(unsigned int vector)
{
    return vector != VEC_INT80 && vector != VEC_HYPERCALL;
}

static int find_free(void)
{
    for (int vector = VEC_IRQ_FIRST; vector <= VEC_IRQ_LAST; vector++)
        if (!irqs[vector].handler && !irqs[vector].softirq &&
            vector_is_usable((unsigned int)vector))
            return vector;
    return -XEN_ENOSPC;
}

int irq_alloc(irq_handler_fn *handler, void *opaque)
{
    int vector = find_free();

    if (vector < 0)
        return vector;
    irqs[vector].opaque = opaque;
    irqs[vector].handler = handler;
    return vector;
}

int irq_alloc_softirq(struct softirq *s)
{
    int vector = find_free();

    if (vector >= 0)
        WRITE_ONCE(irqs[vector].softirq, s);
    return vector;
}

void irq_free(int vector)
{
    irqs[vector].handler = NULL;
    WRITE_ONCE(irqs[vector].softirq, NULL);
    mb(); /* the softirq is gone before a look at who may have seen it; pairs with
             raise_softirq() */
    for (unsigned int cpu = 0; cpu < MAX_VCPUS; cpu++)
        while (READ_ONCE(serving[cpu]) == vector)
            spin_wait();
}

/* SDM 3A 11.11: physical destination, fixed delivery, edge. */
uint64_t msi_address(void)
{
    return 0xfee00000 | (uint64_t)apic_id() << 12;
}

uint64_t msi_address_of(const struct vcpu *v)
{
    return 0xfee00000 | (uint64_t)v->arch->apic_id << 12;
}

uint32_t msi_data(int vector)
{
    return (uint32_t)vector;
}

/* False: the vector has no softirq. */
static bool raise_softirq(unsigned int vector)
{
    uint8_t *mark = &serving[cpu_info()->vcpu->id];
    struct softirq *s;

    WRITE_ONCE(*mark, (uint8_t)vector);
    mb(); /* the mark before the look at what irq_free() takes away */
    s = READ_ONCE(irqs[vector].softirq);
    if (s) {
        s->nr_interrupts++;
        softirq_raise(s);
    }
    __atomic_store_n(mark, 0, __ATOMIC_RELEASE);
    return s != NULL;
}

static void run_handler(unsigned int vector)
{
    if (raise_softirq(vector))
        return;
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
