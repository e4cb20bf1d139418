/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/hypercall.h"
#include "guest.h"
#include <xen/errno.h>
#include <xen/xen.h>

/* Each entry's own result goes into the entry; the call as a whole fails only when the list cannot
 * be read or written. iret cannot be in a list: it does not return. */
static int64_t run_entry(struct vcpu *v, const struct multicall_entry *e)
{
    const struct hypercall *h = hypercall_find(e->op);
    uint64_t args[HYPERCALL_MAX_ARGS];

    hypercall_count(v, e->op);
    if (!h || h->handler == hc_iret || h->handler == hc_multicall)
        return -XEN_ENOSYS;
    for (unsigned int i = 0; i < HYPERCALL_MAX_ARGS; i++)
        args[i] = e->args[i];
    return hypercall_call(h, v, args);
}

int64_t hc_multicall(struct vcpu *v, const uint64_t *a)
{
    gva_t list = a[0];
    uint32_t n = (uint32_t)a[1];

    for (uint32_t i = 0; i < n; i++, list += sizeof(struct multicall_entry)) {
        struct multicall_entry e;
        int64_t result;

        if (copy_from_guest(&e, list, sizeof(e)) < 0)
            return -XEN_EFAULT;
        result = run_entry(v, &e);
        if (copy_to_guest(list + offsetof(struct multicall_entry, result), &result,
                          sizeof(result)) < 0)
            return -XEN_EFAULT;
    }
    return 0;
}
