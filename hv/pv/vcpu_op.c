/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/clock.h"
#include "cpu/biglock.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "pv/hypercall.h"
#include "pv/sched.h"
#include "pv/vcpu-context.h"
#include "alloc.h"
#include "evtchn.h"
#include "guest.h"
#include "string.h"
#include "time.h"
#include <xen/errno.h>
#include <xen/sched.h>

/* Two of these a second are a lot; Xen refuses periods below a millisecond. */
#define MIN_PERIOD_NS 1000000ULL

static int64_t set_periodic(struct vcpu *v, gva_t arg)
{
    struct vcpu_set_periodic_timer set;

    if (copy_from_guest(&set, arg, sizeof(set)) < 0)
        return -XEN_EFAULT;
    if (set.period_ns < MIN_PERIOD_NS || set.period_ns > INT64_MAX)
        return -XEN_EINVAL;
    v->arch->period_ns = set.period_ns;
    hv_timer_set(&v->arch->periodic, now_ns() + set.period_ns);
    return 0;
}

static int64_t stop_periodic(struct vcpu *v, gva_t arg)
{
    v->arch->period_ns = 0;
    hv_timer_cancel(&v->arch->periodic);
    return 0;
}

static int64_t set_singleshot(struct vcpu *v, gva_t arg)
{
    struct vcpu_set_singleshot_timer set;

    /* In a 32-bit guest there is no padding behind. VCPU_SSHOTTMR_future means nothing, as in Xen
     * since 4.15: a time that is past goes off at once. */
    if (copy_from_guest(&set, arg,
                        offsetof(struct vcpu_set_singleshot_timer, flags) + sizeof(set.flags)) < 0)
        return -XEN_EFAULT;
    hv_timer_set(&v->arch->singleshot, set.timeout_abs_ns);
    return 0;
}

static int64_t stop_singleshot(struct vcpu *v, gva_t arg)
{
    hv_timer_cancel(&v->arch->singleshot);
    return 0;
}

/* Whatever is pending or masked moves along; then all is marked pending, lest an event on its way
 * is lost. */
static int64_t register_vcpu_info(struct vcpu *v, gva_t arg)
{
    size_t align = v->domain->is_32bit ? sizeof(uint32_t) : sizeof(xen_ulong_t);
    struct vcpu_register_vcpu_info reg;
    vcpu_info_t *to;

    if (copy_from_guest(&reg, arg, sizeof(reg)) < 0)
        return -XEN_EFAULT;
    if (reg.offset > PAGE_SIZE - sizeof(vcpu_info_t) || (reg.offset & (align - 1)) ||
        v->arch->vcpu_info_mfn != MFN_INVALID || !mfn_is_guest_writable(v->domain, reg.mfn))
        return -XEN_EINVAL;
    to = paddr_to_virt((reg.mfn << PAGE_SHIFT) + reg.offset);
    if (v->id < XEN_LEGACY_MAX_VCPUS) {
        memcpy(to, v->vcpu_info, sizeof(*to));
    } else {
        memset(to, 0, sizeof(*to));
        to->evtchn_upcall_mask = 1;
    }
    v->arch->vcpu_info_mfn = reg.mfn;
    vcpu_set_info(v, to);
    clock_update_vcpu(v);
    evtchn_vcpu_info_moved(v);
    return 0;
}

static int64_t register_runstate(struct vcpu *v, gva_t arg)
{
    struct vcpu_register_runstate_memory_area reg;
    struct vcpu_runstate_info rs;

    if (copy_from_guest(&reg, arg, sizeof(reg)) < 0)
        return -XEN_EFAULT;
    if (v->domain->is_32bit)
        reg.addr.p =
            (uint32_t)reg.addr.p; /* what stands above a pointer of such a guest's is not its */
    runstate_get(v, &rs);
    if (runstate_put(v, reg.addr.p, &rs) < 0)
        return -XEN_EFAULT;
    v->arch->runstate_area = reg.addr.p;
    return 0;
}

static int64_t register_time(struct vcpu *v, gva_t arg)
{
    struct vcpu_register_time_memory_area reg;

    if (copy_from_guest(&reg, arg, sizeof(reg)) < 0)
        return -XEN_EFAULT;
    if (v->domain->is_32bit)
        reg.addr.p = (uint32_t)reg.addr.p;
    if (reg.addr.p &&
        copy_to_guest(reg.addr.p, &v->vcpu_info->time, sizeof(v->vcpu_info->time)) < 0)
        return -XEN_EFAULT;
    v->arch->time_area = reg.addr.p;
    return 0;
}

static int64_t get_runstate(struct vcpu *v, gva_t arg)
{
    struct vcpu_runstate_info rs;

    runstate_get(v, &rs);
    return runstate_put(v, arg, &rs);
}

static int64_t bring_up(struct vcpu *v, gva_t arg)
{
    if (!v->arch->initialised)
        return -XEN_EINVAL;
    WRITE_ONCE(v->online, true);
    smp_kick(v);
    return 0;
}

/* v's CPU finds itself offline on its next way to the guest. Nobody left to bring another up: the
 * guest is over. */
static int64_t take_down(struct vcpu *v, gva_t arg)
{
    struct domain *d = v->domain;
    bool others = false;

    for (uint32_t id = 0; id < d->max_vcpus; id++)
        others |= d->vcpu[id] != v && d->vcpu[id]->online;
    if (!others && v->online)
        return domain_shutdown(v, SHUTDOWN_poweroff);
    WRITE_ONCE(v->online, false);
    work_raise(stack_info(v->arch->stack), WORK_OFFLINE);
    smp_kick(v);
    return 0;
}

static int64_t send_nmi(struct vcpu *v, gva_t arg)
{
    if (!v->arch->initialised)
        return -XEN_EINVAL;
    work_raise(stack_info(v->arch->stack), WORK_NMI);
    smp_kick(v);
    return 0;
}

static const struct {
    int64_t (*fn)(struct vcpu *v, gva_t arg);
    bool
        own_only; /* acts on the caller's own state, or its memory: another vCPU's is -XEN_EINVAL */
} vcpu_ops[] = {
    [VCPUOP_initialise] = { vcpu_initialise },
    [VCPUOP_up] = { bring_up },
    [VCPUOP_down] = { take_down },
    [VCPUOP_get_runstate_info] = { get_runstate },
    [VCPUOP_register_runstate_memory_area] = { register_runstate },
    [VCPUOP_set_periodic_timer] = { set_periodic },
    [VCPUOP_stop_periodic_timer] = { stop_periodic },
    [VCPUOP_set_singleshot_timer] = { set_singleshot, true },
    [VCPUOP_stop_singleshot_timer] = { stop_singleshot, true },
    [VCPUOP_register_vcpu_info] = { register_vcpu_info },
    [VCPUOP_send_nmi] = { send_nmi },
    [VCPUOP_register_vcpu_time_memory_area] = { register_time },
};

int64_t hc_vcpu_op(struct vcpu *v, const uint64_t *a)
{
    uint32_t op = (uint32_t)a[0], id = (uint32_t)a[1];

    if (id >= v->domain->max_vcpus)
        return -XEN_ENOENT;
    if (op == VCPUOP_is_up) /* by the thousand at boot */
        return v->domain->vcpu[id]->online;
    if (op >= ARRAY_SIZE(vcpu_ops) || !vcpu_ops[op].fn)
        return -XEN_ENOSYS;
    if (vcpu_ops[op].own_only && id != v->id)
        return -XEN_EINVAL;
    BIG_LOCK_SCOPE;
    return vcpu_ops[op].fn(v->domain->vcpu[id], a[2]);
}
