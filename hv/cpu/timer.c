/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of timers, driven by the local APIC's. */
#include "cpu/apic.h"
#include "cpu/clock.h"
#include "cpu/regs.h"
#include "time.h"

#define NS_PER_S 1000000000ULL

static struct hv_timer *timers; /* by deadline */

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
    count = delta * clock_apic_hz() / NS_PER_S + 1;
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
