/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hypercalls by the hypercall page, in each width's registers (xen-x86_64.h, xen-x86_32.h). */
#pragma once

#include "guest.h"
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

extern char hypercall_page[];

#ifdef __x86_64__
static inline long hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                             unsigned long a4, unsigned long a5)
{
    register unsigned long r10 __asm__("r10") = a4;
    register unsigned long r8 __asm__("r8") = a5;
    long ret;

    __asm__ __volatile__("call *%[stub]"
                         : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                         : [stub] "r"(hypercall_page + nr * 32)
                         : "rcx", "r11", "memory", "cc");
    return ret;
}
#else
static inline long hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                             unsigned long a4, unsigned long a5)
{
    long ret;

    __asm__ __volatile__("call *%%eax"
                         : "=a"(ret), "+b"(a1), "+c"(a2), "+d"(a3), "+S"(a4), "+D"(a5)
                         : "0"(hypercall_page + nr * 32)
                         : "memory", "cc");
    return ret;
}
#endif

#define HC0(name)    hypercall(__HYPERVISOR_##name, 0, 0, 0, 0, 0)
#define HC1(name, a) hypercall(__HYPERVISOR_##name, (unsigned long)(a), 0, 0, 0, 0)
#define HC2(name, a, b)                                                                            \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), 0, 0, 0)
#define HC3(name, a, b, c)                                                                         \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), 0, 0)
#define HC4(name, a, b, c, d)                                                                      \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c),     \
              (unsigned long)(d), 0)
#define HC5(name, a, b, c, d, e)                                                                   \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c),     \
              (unsigned long)(d), (unsigned long)(e))

static inline long update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
#ifdef __x86_64__
    return HC3(update_va_mapping, va, pte, flags);
#else
    return HC4(update_va_mapping, va, pte, pte >> 32, flags);
#endif
}

static inline long update_descriptor(uint64_t address, uint64_t descriptor)
{
#ifdef __x86_64__
    return HC2(update_descriptor, address, descriptor);
#else
    return HC4(update_descriptor, address, address >> 32, descriptor, descriptor >> 32);
#endif
}

static inline long set_timer_op(uint64_t when)
{
#ifdef __x86_64__
    return HC1(set_timer_op, when);
#else
    return HC2(set_timer_op, when, when >> 32);
#endif
}

static inline long mmu_update_one(uint64_t ptr, uint64_t val)
{
    struct mmu_update u = { ptr, val };

    return HC4(mmu_update, &u, 1, 0, DOMID_SELF);
}

static inline long mmuext_mfn(unsigned int cmd, unsigned long mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

    return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static inline long sched_op(unsigned int cmd, void *arg)
{
    return HC2(sched_op, cmd, arg);
}
static inline long evtchn_op(unsigned int cmd, void *arg)
{
    return HC2(event_channel_op, cmd, arg);
}
static inline long memory_op(unsigned int cmd, void *arg)
{
    return HC2(memory_op, cmd, arg);
}
static inline long grant_op(unsigned int cmd, void *arg, unsigned int count)
{
    return HC3(grant_table_op, cmd, arg, count);
}
static inline long vcpu_op(unsigned int cmd, unsigned int vcpu, void *arg)
{
    return HC3(vcpu_op, cmd, vcpu, arg);
}
static inline long xen_version(unsigned int cmd, void *arg)
{
    return HC2(xen_version, cmd, arg);
}

static inline unsigned int bind_ipi(unsigned int vcpu)
{
    evtchn_bind_ipi_t op = { .vcpu = vcpu };

    if (evtchn_op(EVTCHNOP_bind_ipi, &op))
        error("bind_ipi");
    return op.port;
}
static inline unsigned int bind_virq(unsigned int virq)
{
    evtchn_bind_virq_t op = { .virq = virq };

    if (evtchn_op(EVTCHNOP_bind_virq, &op))
        error("bind_virq");
    return op.port;
}
static inline long evtchn_send(unsigned int port)
{
    evtchn_send_t op = { .port = port };

    return evtchn_op(EVTCHNOP_send, &op);
}
