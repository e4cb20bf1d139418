/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back to the guest, and waiting when it has nothing to do. */
#include "cpu/asm.h"
#include "cpu/bounce.h"
#include "cpu/clock.h"
#include "cpu/entry.h"
#include "cpu/exit.h"
#include "cpu/softirq.h"
#include "cpu/vcpu.h"
#include "evtchn.h"
#include "printk.h"

struct vcpu *current_vcpu(void)
{
    return cpu_info()->vcpu;
}

static bool events_deliverable(const struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending && !v->vcpu_info->evtchn_upcall_mask;
}

/* true: an NMI was injected. The guest's iret ends it (as Xen: NMIs do not nest). */
static bool deliver_nmi(struct vcpu *v, struct cpu_regs *regs)
{
    if (!v->arch->nmi_pending || cpu_info()->nmi_blocked ||
        !v->arch->callbacks[CALLBACKTYPE_nmi].address)
        return false;
    v->arch->nmi_pending = false;
    cpu_info()->nmi_blocked = true;
    inject_callback(v, regs, CALLBACKTYPE_nmi);
    return true;
}

static void run_work(struct vcpu *v)
{
    struct cpu_info *info = cpu_info();

    if (work_take(info, WORK_NMI))
        v->arch->nmi_pending = true;
    if (work_take(info, WORK_TIMER))
        timers_run();
    if (work_take(info, WORK_SOFTIRQ))
        softirq_run();
}

void guest_exit_work(struct cpu_regs *regs)
{
    struct cpu_info *info = cpu_info();
    struct vcpu *v = info->vcpu;

    while (info->work)
        run_work(v);
    if (deliver_nmi(v, regs))
        return;
    if (events_deliverable(v))
        inject_callback(v, regs, CALLBACKTYPE_event);
}

void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v))
{
    while (run_work(v), !done(v))
        if (!cpu_info()->work)
            wait_for_interrupt();
}

void vcpu_mark_events_pending(struct vcpu *v)
{
    WRITE_ONCE(v->vcpu_info->evtchn_upcall_pending, 1);
}

void guest_iret_failed(struct cpu_regs *regs)
{
    struct vcpu *v = cpu_info()->vcpu;

    if (cpu_info()->in_kernel)
        domain_crash(v->domain, "vCPU %u: kernel state does not load: rip 0x%lx, rsp 0x%lx", v->id,
                     regs->rip, regs->rsp);
    else
        inject_callback(v, regs, CALLBACKTYPE_failsafe);
}
