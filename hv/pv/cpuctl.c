/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hypercalls for single bits of the CPU's and the domain's state. */
#include "cpu/emulate.h"
#include "cpu/vcpu.h"
#include "pv/hypercall.h"
#include <xen/errno.h>

int64_t hc_fpu_taskswitch(struct vcpu *v, const uint64_t *a)
{
    guest_set_ts(v, a[0] != 0);
    return 0;
}

/* 4 and 5 are not there with CR4.DE, which a guest has on. */
static bool is_debugreg(uint64_t nr)
{
    return nr <= 7 && nr != 4 && nr != 5;
}

int64_t hc_set_debugreg(struct vcpu *v, const uint64_t *a)
{
    if (!is_debugreg(a[0]))
        return -XEN_ENODEV;
    if (guest_write_dr(v, (unsigned int)a[0], a[1]))
        return 0;
    return a[0] <= 3 ? -XEN_EPERM : -XEN_EINVAL;
}

int64_t hc_get_debugreg(struct vcpu *v, const uint64_t *a)
{
    uint64_t val;

    if (!is_debugreg(a[0]) || !guest_read_dr(v, (unsigned int)a[0], &val))
        return -XEN_ENODEV;
    return (int64_t)val;
}

#define ASSISTS                                                                                    \
    (1UL << VMASST_TYPE_4gb_segments | 1UL << VMASST_TYPE_4gb_segments_notify |                    \
     1UL << VMASST_TYPE_writable_pagetables | 1UL << VMASST_TYPE_pae_extended_cr3 |                \
     1UL << VMASST_TYPE_runstate_update_flag)

/* Writable page tables need no assistance here, and 4 GiB segments are a 32-bit matter: both are
 * accepted as Xen accepts them from 64-bit guests. Architectural IOPL and a strict M2P are not
 * there. */
int64_t hc_vm_assist(struct vcpu *v, const uint64_t *a)
{
    uint64_t type = (uint32_t)a[1];

    if (type >= 64 || !(ASSISTS >> type & 1))
        return -XEN_EINVAL;
    switch ((uint32_t)a[0]) {
    case VMASST_CMD_enable:
        v->domain->vm_assist |= 1UL << type;
        return 0;
    case VMASST_CMD_disable:
        v->domain->vm_assist &= ~(1UL << type);
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}
