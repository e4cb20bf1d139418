/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting, ending, timers, and the account of a vCPU's time. */
#include "pv/sched.h"
#include "cpu/asm.h"
#include "cpu/dump.h"
#include "cpu/exit.h"
#include "cpu/biglock.h"
#include "cpu/power.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "backend.h"
#include "evtchn.h"
#include "guest.h"
#include "kanzen-abi.h"
#include "printk.h"
#include "string.h"
#include "time.h"
#include <xen/errno.h>
#include <xen/sched.h>

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *ret)
{
    *ret = v->arch->runstate;
    ret->time[ret->state] += now_ns() - ret->state_entry_time;
}

int runstate_put(struct vcpu *v, gva_t area, const struct vcpu_runstate_info *rs)
{
    struct vcpu_runstate_info_32 n = { .state = rs->state };

    if (!v->domain->is_32bit)
        return copy_to_guest(area, rs, sizeof(*rs));
    memcpy(n.state_entry_time, &rs->state_entry_time, sizeof(n.state_entry_time));
    memcpy(n.time, rs->time, sizeof(n.time));
    return copy_to_guest(area, &n, sizeof(n));
}

/* With the update flag the guest sees state_entry_time's top bit while the rest changes
 * (vcpu.h). */
static void publish_runstate(struct vcpu *v)
{
    gva_t area = v->arch->runstate_area;
    gva_t entry =
        area + (v->domain->is_32bit ? offsetof(struct vcpu_runstate_info_32, state_entry_time)
                                    : offsetof(struct vcpu_runstate_info, state_entry_time));
    uint64_t updating = v->arch->runstate.state_entry_time | XEN_RUNSTATE_UPDATE;
    bool flag = v->domain->vm_assist & (1UL << VMASST_TYPE_runstate_update_flag);
    struct vcpu_runstate_info copy = v->arch->runstate;

    if (!area)
        return;
    if (flag) {
        copy_to_guest(entry, &updating, sizeof(updating));
        copy.state_entry_time = updating;
        wmb();
    }
    runstate_put(v, area, &copy);
    if (flag) {
        wmb();
        copy_to_guest(entry, &v->arch->runstate.state_entry_time, sizeof(updating));
    }
}

void runstate_change(struct vcpu *v, int state)
{
    struct vcpu_runstate_info *rs = &v->arch->runstate;
    uint64_t now = now_ns();

    rs->time[rs->state] += now - rs->state_entry_time;
    rs->state_entry_time = now;
    rs->state = state;
    if (state == RUNSTATE_running)
        publish_runstate(v);
}

static bool event_pending(struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending || v->arch->nmi_pending;
}

/* Events are unmasked first, so that what arrives between the guest's check and this call is not
 * slept over. */
static int64_t do_block(struct vcpu *v)
{
    v->vcpu_info->evtchn_upcall_mask = 0;
    if (event_pending(v))
        return 0;
    v->arch->counters.blocked++;
    runstate_change(v, RUNSTATE_blocked);
    vcpu_wait(v, event_pending);
    runstate_change(v, RUNSTATE_running);
    return 0;
}

static bool poll_over(struct vcpu *v)
{
    return !v->arch->polling || (event_pending(v) && !v->vcpu_info->evtchn_upcall_mask);
}

static void poll_timeout(void *opaque)
{
    struct vcpu *v = opaque;

    v->arch->polling = false;
}

void vcpu_wake_pollers(struct domain *d, uint32_t port)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];

        if (v->arch->polling && (v->arch->poll_port == port || v->arch->poll_port == POLL_MANY)) {
            v->arch->polling = false;
            smp_kick(v);
        }
    }
}

#define POLL_MAX_PORTS 128

/* Sets up the wait. 0: v has to wait; 1: it has not. */
static int begin_poll(struct vcpu *v, const struct sched_poll *poll)
{
    evtchn_port_t ports[POLL_MAX_PORTS];

    if (poll->nr_ports > POLL_MAX_PORTS)
        return -XEN_EINVAL;
    if (copy_from_guest(ports, guest_handle_gva(poll->ports), poll->nr_ports * sizeof(ports[0])) <
        0)
        return -XEN_EFAULT;
    for (unsigned int i = 0; i < poll->nr_ports; i++)
        if (!evtchn_port_valid(v->domain, ports[i]))
            return -XEN_EINVAL;
    for (unsigned int i = 0; i < poll->nr_ports; i++)
        if (evtchn_pending_port(v->domain, ports[i]))
            return 1;
    v->arch->polling = true;
    v->arch->poll_port = poll->nr_ports == 1 ? ports[0] : POLL_MANY;
    if (poll->timeout)
        hv_timer_set(&v->arch->poll_timer, poll->timeout);
    return 0;
}

static int read_poll(struct vcpu *v, gva_t arg, struct sched_poll *ret)
{
    struct sched_poll_32 n;

    if (!v->domain->is_32bit)
        return copy_from_guest(ret, arg, sizeof(*ret));
    if (copy_from_guest(&n, arg, sizeof(n)) < 0)
        return -XEN_EFAULT;
    *ret = (struct sched_poll){ .nr_ports = n.nr_ports,
                                .timeout = (uint64_t)n.timeout[1] << 32 | n.timeout[0] };
    ret->ports.p = (void *)(uintptr_t)n.ports;
    return 0;
}

static int64_t do_poll(struct vcpu *v, const struct sched_poll *poll)
{
    int rc;

    big_lock();
    rc = begin_poll(v, poll);
    big_unlock();
    if (rc != 0)
        return MIN(rc, 0);
    v->arch->counters.blocked++;
    runstate_change(v, RUNSTATE_blocked);
    vcpu_wait(v, poll_over);
    runstate_change(v, RUNSTATE_running);

    BIG_LOCK_SCOPE;
    v->arch->polling = false;
    hv_timer_cancel(&v->arch->poll_timer);
    return 0;
}

/* The reason goes to the supervisor, which knows what on_poweroff, on_reboot and on_crash ask
 * for. */
int64_t domain_shutdown(struct vcpu *v, uint32_t reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "poweroff", [SHUTDOWN_reboot] = "reboot",
        [SHUTDOWN_suspend] = "suspend",   [SHUTDOWN_crash] = "crash",
        [SHUTDOWN_watchdog] = "watchdog", [SHUTDOWN_soft_reset] = "soft reset",
    };
    char text[16];

    reason &= 0xff; /* as Xen: kernels have been seen to pass a pointer here */
    printk(LOG_INFO, "d%u: guest shut down: %s", v->domain->domid,
           reason < ARRAY_SIZE(names) ? names[reason] : "for a reason that nobody knows");
    if (reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog)
        dump_guest();
    snprintk(text, sizeof(text), "%u", reason);
    console_flush();
    machine_stop(KZ_STATUS_SHUTDOWN, text);
}

static int64_t do_shutdown(struct vcpu *v, uint32_t reason)
{
    BIG_LOCK_SCOPE;
    return domain_shutdown(v, reason);
}

/* One domain: yielding finds nobody else to run, but hv's own work gets its turn, and by the PAUSE
 * the machine's other CPUs: KVM and QEMU with one thread for all of them let another one run. */
static int64_t do_yield(void)
{
    cpu_relax();
    return 0;
}

int64_t hc_sched_op_compat(struct vcpu *v, const uint64_t *a)
{
    switch ((int)a[0]) {
    case SCHEDOP_yield:
        return do_yield();
    case SCHEDOP_block:
        return do_block(v);
    case SCHEDOP_shutdown:
        return do_shutdown(v, (uint32_t)a[1]);
    default:
        return -XEN_ENOSYS;
    }
}

static int64_t watchdog(struct vcpu *v, gva_t arg);

int64_t hc_sched_op(struct vcpu *v, const uint64_t *a)
{
    struct sched_shutdown shutdown;
    struct sched_poll poll;

    switch ((int)a[0]) {
    case SCHEDOP_yield:
        return do_yield();
    case SCHEDOP_block:
        return do_block(v);
    case SCHEDOP_shutdown:
        if (copy_from_guest(&shutdown, a[1], sizeof(shutdown)) < 0)
            return -XEN_EFAULT;
        return do_shutdown(v, shutdown.reason);
    case SCHEDOP_shutdown_code: /* remembered by Xen for a toolstack that asks later; ours is told
                                   at the end */
        return copy_from_guest(&shutdown, a[1], sizeof(shutdown));
    case SCHEDOP_poll:
        if (read_poll(v, a[1], &poll) < 0)
            return -XEN_EFAULT;
        return do_poll(v, &poll);
    case SCHEDOP_watchdog:
        return watchdog(v, a[1]);
    case SCHEDOP_remote_shutdown:
        return -XEN_EPERM;
    case SCHEDOP_pin_override:
        return -XEN_EPERM;
    default:
        return -XEN_ENOSYS;
    }
}

/* The domain's watchdogs: when one is not set again in time the guest is shut down for it
 * (sched.h). */
static struct guest_watchdog {
    struct hv_timer timer;
    struct domain *domain;
    bool in_use;
} watchdogs[2];

static void watchdog_bites(void *opaque)
{
    struct guest_watchdog *w = opaque;
    char text[16];

    printk(LOG_INFO, "d%u: guest did not serve its watchdog", w->domain->domid);
    snprintk(text, sizeof(text), "%u", SHUTDOWN_watchdog);
    machine_stop(KZ_STATUS_SHUTDOWN, text);
}

static void watchdog_arm(struct guest_watchdog *w, uint32_t timeout_s)
{
    hv_timer_set(&w->timer, now_ns() + timeout_s * 1000000000ULL);
}

static int64_t watchdog(struct vcpu *v, gva_t arg)
{
    struct sched_watchdog sw;

    if (copy_from_guest(&sw, arg, sizeof(sw)) < 0)
        return -XEN_EFAULT;
    BIG_LOCK_SCOPE;
    if (sw.id == 0) {
        for (unsigned int i = 0; i < ARRAY_SIZE(watchdogs); i++) {
            struct guest_watchdog *w = &watchdogs[i];

            if (w->in_use)
                continue;
            *w = (struct guest_watchdog){ .timer = { .fn = watchdog_bites, .opaque = w },
                                          .domain = v->domain,
                                          .in_use = true };
            watchdog_arm(w, sw.timeout);
            return i + 1;
        }
        return -XEN_ENOSPC;
    }
    if (sw.id > ARRAY_SIZE(watchdogs) || !watchdogs[sw.id - 1].in_use)
        return -XEN_EINVAL;
    if (sw.timeout) {
        watchdog_arm(&watchdogs[sw.id - 1], sw.timeout);
    } else {
        hv_timer_cancel(&watchdogs[sw.id - 1].timer);
        watchdogs[sw.id - 1].in_use = false;
    }
    return 0;
}

static void timer_virq(void *opaque)
{
    evtchn_send_virq(opaque, VIRQ_TIMER);
}

static void periodic_virq(void *opaque)
{
    struct vcpu *v = opaque;
    uint64_t next = v->arch->periodic.deadline_ns + v->arch->period_ns, now = now_ns();

    evtchn_send_virq(v, VIRQ_TIMER);
    if (v->arch->period_ns)
        hv_timer_set(&v->arch->periodic, MAX(next, now + v->arch->period_ns / 2));
}

void vcpu_timers_init(struct vcpu *v)
{
    v->arch->singleshot = (struct hv_timer){ .fn = timer_virq, .opaque = v };
    v->arch->periodic = (struct hv_timer){ .fn = periodic_virq, .opaque = v };
    v->arch->poll_timer = (struct hv_timer){ .fn = poll_timeout, .opaque = v };
}

/* 0 stops the timer; a time that is past goes off at once. */
int64_t hc_set_timer_op(struct vcpu *v, const uint64_t *a)
{
    if (a[0] == 0)
        hv_timer_cancel(&v->arch->singleshot);
    else
        hv_timer_set(&v->arch->singleshot, a[0]);
    return 0;
}
