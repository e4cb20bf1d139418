/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hypercalls that end in another module, or nowhere. */
#include "cpu/biglock.h"
#include "cpu/vcpu.h"
#include "lib/log.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "evtchn.h"
#include "grant.h"
#include "guest.h"
#include "pv/console.h"
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/physdev.h>

int64_t hc_event_channel_op(struct vcpu *v, const uint64_t *a)
{
    if (a[0] == EVTCHNOP_send)
        return do_event_channel_op(v, EVTCHNOP_send, a[1]);
    BIG_LOCK_SCOPE; /* the others make and take ports, and the memory for them */
    return do_event_channel_op(v, (uint32_t)a[0], a[1]);
}

int64_t hc_event_channel_op_compat(struct vcpu *v, const uint64_t *a)
{
    return do_event_channel_op_compat(v, a[0]);
}

int64_t hc_grant_table_op(struct vcpu *v, const uint64_t *a)
{
    return do_grant_table_op(v, (uint32_t)a[0], a[1], (uint32_t)a[2]);
}

/* No performance counters; Linux asks at boot. */
int64_t hc_xenpmu_op(struct vcpu *v, const uint64_t *a)
{
    return -XEN_EOPNOTSUPP;
}

static int read_iobitmap(struct vcpu *v, gva_t arg, struct physdev_set_iobitmap *ret)
{
    struct physdev_set_iobitmap_32 n;

    if (!v->domain->is_32bit)
        return copy_from_guest(ret, arg, sizeof(*ret));
    if (copy_from_guest(&n, arg, sizeof(n)) < 0)
        return -XEN_EFAULT;
    ret->nr_ports = n.nr_ports;
    ret->bitmap.p = (void *)(uintptr_t)n.bitmap;
    return 0;
}

/* A domain without devices of the machine's has nothing to ask here, but for the I/O privilege of
 * its users, who find all ports empty. */
int64_t hc_physdev_op(struct vcpu *v, const uint64_t *a)
{
    struct physdev_set_iopl iopl;
    struct physdev_set_iobitmap bitmap;

    switch ((int)a[0]) {
    case PHYSDEVOP_set_iopl:
        if (copy_from_guest(&iopl, a[1], sizeof(iopl)) < 0)
            return -XEN_EFAULT;
        if (iopl.iopl > 3)
            return -XEN_EINVAL;
        v->arch->iopl = iopl.iopl;
        return 0;
    case PHYSDEVOP_set_iobitmap:
        if (read_iobitmap(v, a[1], &bitmap) < 0)
            return -XEN_EFAULT;
        if (bitmap.nr_ports > 65536)
            return -XEN_EINVAL;
        v->arch->io_bitmap = guest_handle_gva(bitmap.bitmap);
        v->arch->io_bitmap_ports = bitmap.nr_ports;
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}

int64_t hc_physdev_op_compat(struct vcpu *v, const uint64_t *a)
{
    uint64_t args[2];
    uint32_t cmd;

    if (copy_from_guest(&cmd, a[0] + offsetof(struct physdev_op, cmd), sizeof(cmd)) < 0)
        return -XEN_EFAULT;
    if (cmd != PHYSDEVOP_set_iopl && cmd != PHYSDEVOP_set_iobitmap)
        return -XEN_ENOSYS;
    args[0] = cmd;
    /* What follows has 64-bit numbers in it: aligned to 8, or to 4 in a 32-bit guest. */
    args[1] = a[0] + (v->domain->is_32bit ? sizeof(cmd) : offsetof(struct physdev_op, u));
    return hc_physdev_op(v, args);
}
