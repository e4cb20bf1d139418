/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back to the guest, and waiting when it has nothing to do. */
#include "cpu/asm.h"
#include "cpu/bounce.h"
#include "cpu/dump.h"
#include "cpu/clock.h"
#include "cpu/entry.h"
#include "cpu/exit.h"
#include "cpu/biglock.h"
#include "cpu/smp.h"
#include "cpu/softirq.h"
#include "cpu/upcall.h"
#include "cpu/vcpu.h"
#include "mm/pagetable.h"
#include "pv/sched.h"
#include "evtchn.h"
#include "printk.h"

struct vcpu *current_vcpu(void)
{
    return cpu_info()->vcpu;
}

/* A guest takes NMIs by a callback or, as Linux does, by the trap of that number. */
static bool takes_nmis(const struct vcpu *v)
{
    return v->arch->callbacks[CALLBACKTYPE_nmi].address || v->arch->traps[VEC_NMI].address;
}

/* true: an NMI was injected. The guest's iret ends it (as Xen: NMIs do not nest). */
static bool deliver_nmi(struct vcpu *v, struct cpu_regs *regs)
{
    if (!v->arch->nmi_pending || cpu_info()->nmi_blocked || !takes_nmis(v))
        return false;
    v->arch->nmi_pending = false;
    cpu_info()->nmi_blocked = true;
    v->arch->counters.nmis++;
    if (v->arch->callbacks[CALLBACKTYPE_nmi].address)
        inject_callback(v, regs, CALLBACKTYPE_nmi);
    else
        inject_trap(v, regs, VEC_NMI);
    return true;
}

/* later: WORK_* that is left alone. */
static void run_work(struct vcpu *v, uint32_t later)
{
    struct cpu_info *info = cpu_info();

    work_take(info, WORK_OFFLINE); /* the caller sees to it */
    if (work_take(info, WORK_NMI))
        v->arch->nmi_pending = true;
    if (work_take(info, WORK_DUMP))
        dump_guest();
    if (!(later & WORK_PARALLEL) && work_take(info, WORK_PARALLEL))
        softirq_run_parallel();
    if (info->work & (WORK_TIMER | WORK_SOFTIRQ)) {
        BIG_LOCK_SCOPE;
        if (work_take(info, WORK_TIMER))
            timers_run();
        if (work_take(info, WORK_SOFTIRQ))
            softirq_run();
    }
}

static bool is_online(struct vcpu *v)
{
    return v->online;
}

/* On hv's own page table, since the guest may do what it likes with its own meanwhile. */
void vcpu_wait_online(struct vcpu *v)
{
    write_cr3(hv_l4_paddr());
    runstate_change(v, RUNSTATE_offline);
    vcpu_wait(v, is_online);
    write_cr3(v->arch->root_mfn << PAGE_SHIFT);
    runstate_change(v, RUNSTATE_running);
}

void guest_exit_work(struct cpu_regs *regs)
{
    struct cpu_info *info = cpu_info();
    struct vcpu *v = info->vcpu;
    uint32_t later = softirq_take_put_off() ? WORK_PARALLEL : 0;

    do {
        while (info->work & ~later)
            run_work(v, later);
        if (!v->online)
            vcpu_wait_online(v);
    } while (info->work & ~later);
    softirq_take_put_off(); /* what was raised since has run */
    if (deliver_nmi(v, regs))
        return;
    if (upcall_due(v)) {
        v->arch->counters.events++;
        inject_callback(v, regs, CALLBACKTYPE_event);
    }
}

void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v))
{
    while (run_work(v, 0), !done(v))
        if (!cpu_info()->work)
            wait_for_interrupt();
}

void vcpu_mark_events_pending(struct vcpu *v)
{
    if (!__atomic_exchange_n(&v->vcpu_info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        smp_kick(v);
}

/* Where the guest was to go on counts, not the ring of a selector that does not load: the failsafe
 * callback's own may be of a user's, and would be tried for ever. */
void guest_iret_failed(struct cpu_regs *regs)
{
    struct vcpu *v = cpu_info()->vcpu;

    if (cpu_info()->in_kernel)
        domain_crash(v->domain, "vCPU %u: kernel state does not load: rip 0x%lx, rsp 0x%lx", v->id,
                     regs->rip, regs->rsp);
    else
        inject_callback(v, regs, CALLBACKTYPE_failsafe);
}
