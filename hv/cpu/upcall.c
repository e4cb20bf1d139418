/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A handler that raises its own next event before it returns would be called again and again, and
 * what it interrupted would stand still for ever, under Xen too. Linux's real-time kernel does
 * that: the lock around its event loop is, there, a critical section of RCU's, at whose end RCU may
 * ask itself for an interrupt, until the code that was interrupted gets as far as to let others
 * run. So when a guest comes back from its handler to the same place time after time, the callback
 * waits a while.
 */
#include "cpu/upcall.h"
#include "cpu/biglock.h"
#include "cpu/regs.h"
#include "cpu/vcpu.h"
#include "time.h"

/* Events that arrive by chance do not do this so often. */
#define MAX_REPEATS 16

/* Longer than that many rounds take, so that most of the time is the interrupted code's. */
#define REST_NS 200000ULL

static void rest_is_over(void *opaque)
{
    struct vcpu *v = opaque;

    v->arch->pace.resting = false;
}

void upcall_init(struct vcpu *v)
{
    v->arch->pace.timer = (struct hv_timer){ .fn = rest_is_over, .opaque = v };
}

bool upcall_due(const struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending && !v->vcpu_info->evtchn_upcall_mask &&
           !v->arch->pace.resting;
}

void upcall_after_iret(struct vcpu *v, const struct cpu_regs *regs)
{
    struct upcall_pace *pace = &v->arch->pace;

    if (!upcall_due(v) || regs->rip != pace->rip || regs->rsp != pace->rsp) {
        pace->rip = regs->rip;
        pace->rsp = regs->rsp;
        pace->repeats = 0;
        return;
    }
    if (++pace->repeats < MAX_REPEATS)
        return;
    pace->repeats = 0;
    pace->resting = true;
    v->arch->counters.rests++;
    BIG_LOCK_SCOPE;
    hv_timer_set(&pace->timer, now_ns() + REST_NS);
}
