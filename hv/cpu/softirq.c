/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Softirqs: each CPU has a list of those to be run under the big lock, and one of the parallel
 * ones. */
#include "cpu/softirq.h"
#include "cpu/vcpu.h"
#include "cpu/smp.h"
#include "irq.h"
#include "lock.h"
#include "time.h"

/*
 * IDLE -> PENDING, on a list -> IDLE and then run, if under the big lock;
 *                            -> RUNNING -> IDLE, if parallel; raised meanwhile: AGAIN -> PENDING.
 * Into and out of PENDING with the list's lock held.
 */
enum { IDLE, PENDING, RUNNING, AGAIN };

struct list {
    struct spinlock lock;
    struct softirq *first, *last;
};

static struct {
    struct list locked, parallel;
    bool put_off; /* parallel ones wait for the next time in hv */
} cpus[MAX_VCPUS];

/* The longest time a softirq is put off: more than a tick of Linux's at its usual 250 Hz, which is
 * what ends it should the guest not come into hv before. */
#define PUT_OFF_NS 5000000ULL

static struct list *list_of(const struct softirq *s, unsigned int cpu)
{
    return s->parallel ? &cpus[cpu].parallel : &cpus[cpu].locked;
}

static unsigned int this_cpu(void)
{
    return cpu_info()->vcpu->id;
}

static bool change_state(struct softirq *s, uint8_t from, uint8_t to)
{
    return __atomic_compare_exchange_n(&s->state, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* False: it is not in that state. */
static bool append(struct softirq *s, uint8_t from)
{
    struct list *l = list_of(s, this_cpu());

    LOCK_SCOPE(&l->lock);
    if (!change_state(s, from, PENDING))
        return false;
    s->cpu = (uint8_t)this_cpu();
    s->next = NULL;
    if (l->first)
        l->last->next = s;
    else
        l->first = s;
    l->last = s;
    work_raise(cpu_info(), s->parallel ? WORK_PARALLEL : WORK_SOFTIRQ);
    return true;
}

void softirq_raise(struct softirq *s)
{
    for (;;) {
        mb(); /* what it is raised for, before its state: who runs it changes that before it
                 looks */
        switch (READ_ONCE(s->state)) {
        case IDLE:
            if (append(s, IDLE))
                return;
            break;
        case RUNNING:
            if (change_state(s, RUNNING, AGAIN))
                return;
            break;
        default:
            return;
        }
    }
}

void softirq_raise_soon(struct softirq *s)
{
    bool others = READ_ONCE(cpu_info()->work) & WORK_PARALLEL;

    softirq_raise(s);
    /* What waits already is not put off again. */
    if (!others && timer_interrupts_within(PUT_OFF_NS))
        cpus[this_cpu()].put_off = true;
}

bool softirq_take_put_off(void)
{
    bool put_off = cpus[this_cpu()].put_off;

    cpus[this_cpu()].put_off = false;
    return put_off;
}

/* Takes the first one off the list. */
static struct softirq *take(struct list *l)
{
    struct softirq *s;

    LOCK_SCOPE(&l->lock);
    s = l->first;
    if (s) {
        l->first = s->next;
        __atomic_store_n(&s->state, s->parallel ? RUNNING : IDLE, __ATOMIC_SEQ_CST);
    }
    return s;
}

static unsigned int length(struct list *l)
{
    unsigned int n = 0;

    LOCK_SCOPE(&l->lock);
    for (const struct softirq *s = l->first; s; s = s->next)
        n++;
    return n;
}

/* Both run as many as wait now. What they raise is left for the next round, after timers and the
 * rest had their turn. */
void softirq_run(void)
{
    struct list *l = &cpus[this_cpu()].locked;
    struct softirq *s;

    for (unsigned int n = length(l); n > 0 && (s = take(l)); n--)
        s->fn(s->opaque);
}

void softirq_run_parallel(void)
{
    struct list *l = &cpus[this_cpu()].parallel;
    struct softirq *s;

    for (unsigned int n = length(l); n > 0 && (s = take(l)); n--) {
        s->fn(s->opaque);
        if (!change_state(s, RUNNING, IDLE))
            append(s, AGAIN);
    }
}

/* False: it is not on that list any more. */
static bool unlink(struct softirq *s, struct list *l)
{
    struct softirq *before = NULL, *at;

    LOCK_SCOPE(&l->lock);
    for (at = l->first; at && at != s; at = at->next)
        before = at;
    if (!at)
        return false;
    if (before)
        before->next = s->next;
    else
        l->first = s->next;
    if (l->last == s)
        l->last = before;
    __atomic_store_n(&s->state, IDLE, __ATOMIC_SEQ_CST);
    return true;
}

void softirq_cancel(struct softirq *s)
{
    uint8_t state;

    while ((state = READ_ONCE(s->state)) != IDLE) {
        if (state == PENDING && unlink(s, list_of(s, READ_ONCE(s->cpu))))
            return;
        spin_wait();
    }
}
