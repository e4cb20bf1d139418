/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of timers, driven by the local APIC's. */
#include "cpu/apic.h"
#include "cpu/clock.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "time.h"

#define NS_PER_S 1000000000ULL

/* Each CPU's, by deadline. A timer goes off on the CPU that set it; the big lock guards them
 * all. */
static struct hv_timer *queues[MAX_VCPUS];

/* When each CPU's APIC timer goes off, or went off. Its own CPU's alone. */
static uint64_t interrupt_ns[MAX_VCPUS];

/* The APIC timer for the first deadline; too far away for its 32 bits: it goes off early and is set
 * again. */
static void program(uint64_t now)
{
    const struct hv_timer *first = queues[cpu_info()->vcpu->id];
    uint64_t delta, count;

    if (!first)
        return;
    if (first->deadline_ns <= now) {
        work_raise(cpu_info(), WORK_TIMER);
        return;
    }
    delta = MIN(first->deadline_ns - now, NS_PER_S);
    interrupt_ns[cpu_info()->vcpu->id] = now + delta;
    count = delta * clock_apic_hz() / NS_PER_S + 1;
    apic_timer_start((uint32_t)MIN(count, 0xffffffffULL));
}

static void unlink_timer(struct hv_timer *t)
{
    struct hv_timer **p = &queues[t->cpu];

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
    struct hv_timer **queue = &queues[cpu_info()->vcpu->id], **p = queue;

    hv_timer_cancel(t);
    while (*p && (*p)->deadline_ns <= deadline_ns)
        p = &(*p)->next;
    t->deadline_ns = deadline_ns;
    t->cpu = cpu_info()->vcpu->id;
    t->next = *p;
    t->armed = true;
    *p = t;
    if (*queue == t)
        program(now_ns());
}

bool timer_interrupts_within(uint64_t ns)
{
    return interrupt_ns[cpu_info()->vcpu->id] - now_ns() <= ns; /* one that is past is far away */
}

void timers_run(void)
{
    struct hv_timer **queue = &queues[cpu_info()->vcpu->id];
    uint64_t now = now_ns();

    while (*queue && (*queue)->deadline_ns <= now) {
        struct hv_timer *t = *queue;

        unlink_timer(t);
        t->fn(t->opaque);
    }
    program(now);
}

void timers_look_again(struct domain *d)
{
    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        struct vcpu *v = d->vcpu[id];

        if (!v->arch->stack)
            continue;
        work_raise(stack_info(v->arch->stack), WORK_TIMER);
        smp_kick(v);
    }
}
