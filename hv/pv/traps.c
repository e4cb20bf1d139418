/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the guest's handlers are: trap table, callbacks, kernel stack; and the way back out of
 * them. */
#include "cpu/bounce.h"
#include "cpu/upcall.h"
#include "cpu/vcpu.h"
#include "mm/layout.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "guest.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/nmi.h>

static bool handler_ok(gva_t address)
{
    return (int64_t)(address << 16) >> 16 == (int64_t)address &&
           !(address >= M2P_VA && address < HV_VA_END);
}

/* One entry, and the address of the next. */
static int read_trap(struct vcpu *v, gva_t *entry, struct trap_info *ret)
{
    struct trap_info_32 n;
    gva_t at = *entry;

    if (!v->domain->is_32bit) {
        *entry += sizeof(*ret);
        return copy_from_guest(ret, at, sizeof(*ret));
    }
    *entry += sizeof(n);
    if (copy_from_guest(&n, at, sizeof(n)) < 0)
        return -XEN_EFAULT;
    *ret = (struct trap_info){ n.vector, n.flags, n.cs, n.address };
    return 0;
}

/* A table of entries ended by one with address 0; no table: all handlers go. */
int64_t hc_set_trap_table(struct vcpu *v, const uint64_t *a)
{
    gva_t entry = a[0];

    if (!entry) {
        memset(v->arch->traps, 0, 256 * sizeof(v->arch->traps[0]));
        return 0;
    }
    for (unsigned int n = 0; n < 257; n++) {
        struct trap_info t;

        if (read_trap(v, &entry, &t) < 0)
            return -XEN_EFAULT;
        if (t.address == 0)
            return 0;
        if (!handler_ok(t.address))
            return -XEN_EINVAL;
        v->arch->traps[t.vector] = t;
    }
    return 0;
}

static int register_callback(struct vcpu *v, unsigned int type, unsigned int flags, uint16_t cs,
                             gva_t address)
{
    struct guest_callback *cb;

    switch (type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_nmi:
    case CALLBACKTYPE_sysenter:
    case CALLBACKTYPE_syscall32:
        break;
    default:
        return -XEN_ENOSYS;
    }
    if (!handler_ok(address))
        return -XEN_EINVAL;
    cb = &v->arch->callbacks[type];
    cb->address = address;
    cb->cs = cs;
    /* callback.h: event and NMI callbacks always run with events masked. */
    cb->mask_events =
        (flags & CALLBACKF_mask_events) || type == CALLBACKTYPE_event || type == CALLBACKTYPE_nmi;
    vcpu_update_short_ways(v);
    return 0;
}

int64_t hc_set_callbacks(struct vcpu *v, const uint64_t *a)
{
    static const uint8_t types[] = { CALLBACKTYPE_event, CALLBACKTYPE_failsafe,
                                     CALLBACKTYPE_syscall };
    int rc = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(types) && rc == 0; i++)
        if (!handler_ok(a[i]))
            rc = -XEN_EINVAL;
    for (unsigned int i = 0; i < ARRAY_SIZE(types) && rc == 0; i++)
        rc = register_callback(v, types[i], 0, 0, a[i]);
    return rc;
}

/* Selector and address of the event callback, then of the failsafe callback. */
int64_t hc_set_callbacks_32(struct vcpu *v, const uint64_t *a)
{
    int rc = register_callback(v, CALLBACKTYPE_event, 0, (uint16_t)a[0], a[1]);

    return rc < 0 ? rc : register_callback(v, CALLBACKTYPE_failsafe, 0, (uint16_t)a[2], a[3]);
}

static int64_t unregister_callback(struct vcpu *v, unsigned int type)
{
    switch (type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_sysenter:
    case CALLBACKTYPE_syscall32:
        return -XEN_EINVAL; /* these cannot be */
    case CALLBACKTYPE_nmi:
        v->arch->callbacks[type].address = 0;
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}

static int64_t callback_register_32(struct vcpu *v, gva_t arg)
{
    struct callback_register_32 reg;

    if (copy_from_guest(&reg, arg, sizeof(reg)) < 0)
        return -XEN_EFAULT;
    return register_callback(v, reg.type, reg.flags, (uint16_t)reg.cs, reg.eip);
}

int64_t hc_callback_op(struct vcpu *v, const uint64_t *a)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    switch ((int)a[0]) {
    case CALLBACKOP_register:
        if (v->domain->is_32bit)
            return callback_register_32(v, a[1]);
        if (copy_from_guest(&reg, a[1], sizeof(reg)) < 0)
            return -XEN_EFAULT;
        return register_callback(v, reg.type, reg.flags, 0, reg.address);
    case CALLBACKOP_unregister:
        if (copy_from_guest(&unreg, a[1], sizeof(unreg)) < 0)
            return -XEN_EFAULT;
        return unregister_callback(v, unreg.type);
    default:
        return -XEN_ENOSYS;
    }
}

int64_t hc_nmi_op(struct vcpu *v, const uint64_t *a)
{
    bool is_32bit = v->domain->is_32bit;
    struct nmi_callback_32 narrow;
    struct xennmi_callback cb;

    switch ((uint32_t)a[0]) {
    case XENNMI_register_callback:
        if (is_32bit ? copy_from_guest(&narrow, a[1], sizeof(narrow))
                     : copy_from_guest(&cb, a[1], sizeof(cb)))
            return -XEN_EFAULT;
        return register_callback(v, CALLBACKTYPE_nmi, 0, SEL_COMPAT_KERNEL_CS,
                                 is_32bit ? narrow.handler_address : cb.handler_address);
    case XENNMI_unregister_callback:
        return unregister_callback(v, CALLBACKTYPE_nmi);
    default:
        return -XEN_ENOSYS;
    }
}

int64_t hc_stack_switch(struct vcpu *v, const uint64_t *a)
{
    v->arch->kernel_ss = a[0];
    v->arch->kernel_sp = a[1];
    vcpu_update_short_ways(v);
    return 0;
}

int64_t hc_iret(struct vcpu *v, const uint64_t *a)
{
    guest_iret(v, guest_regs());
    upcall_after_iret(v, guest_regs());
    return (int64_t)guest_regs()->rax;
}
