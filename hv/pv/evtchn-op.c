/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HYPERVISOR_event_channel_op: a row for each EVTCHNOP_* (event_channel.h). The structures have the
 * same layout for 32-bit and 64-bit guests. Domains that a guest can name are itself and domain 0,
 * which is hv and owns no ports of its own.
 */
#include "evtchn-internal.h"
#include "guest.h"
#include "printk.h"

/* PIRQs Xen would know of (IO-APIC pins and 32 for PCI devices); a guest may bind none of them. */
#define NR_PIRQS (24 + 32)

static bool is_self(const struct domain *d, domid_t id)
{
    return id == DOMID_SELF || id == d->domid;
}

/* 0 when id means the guest itself; the operation is refused on domain 0 and there is no other. */
static int self_only(const struct domain *d, domid_t id)
{
    if (is_self(d, id))
        return 0;
    return id == 0 ? -XEN_EPERM : -XEN_ESRCH;
}

static int op_alloc_unbound(struct vcpu *v, void *arg)
{
    evtchn_alloc_unbound_t *op = arg;
    struct domain *d = v->domain;
    struct evtchn *chn;
    int err = self_only(d, op->dom);

    if (!err)
        err = evtchn_find_free(d, &op->port);
    if (err)
        return err;
    chn = evtchn_lookup(d, op->port);
    chn->use = EVTCHN_UNBOUND;
    chn->remote_dom = op->remote_dom == DOMID_SELF ? d->domid : op->remote_dom;
    return 0;
}

/* Domain 0 has no port that waits for the guest, so only a loopback channel can be made. */
static int op_bind_interdomain(struct vcpu *v, void *arg)
{
    evtchn_bind_interdomain_t *op = arg;
    struct domain *d = v->domain;
    struct evtchn *local, *remote;
    int err;

    if (!is_self(d, op->remote_dom))
        return op->remote_dom == 0 ? -XEN_EINVAL : -XEN_ESRCH;
    remote = evtchn_lookup(d, op->remote_port);
    if (!remote || remote->use != EVTCHN_UNBOUND || remote->remote_dom != d->domid)
        return -XEN_EINVAL;
    err = evtchn_find_free(d, &op->local_port);
    if (err)
        return err;

    local = evtchn_lookup(d, op->local_port);
    local->use = remote->use = EVTCHN_INTERDOMAIN;
    local->remote_dom = d->domid;
    local->number = op->remote_port;
    remote->number = op->local_port;
    /* Events sent to the remote port while it was unbound were dropped. */
    evtchn_raise_locked(d, local, op->local_port);
    return 0;
}

static int op_bind_virq(struct vcpu *v, void *arg)
{
    evtchn_bind_virq_t *op = arg;
    struct domain *d = v->domain;
    struct evtchn *chn;
    uint32_t *bound;
    int err;

    if (op->virq >= NR_VIRQS || (virq_is_global(op->virq) && op->vcpu != 0))
        return -XEN_EINVAL;
    if (!domain_vcpu(d, op->vcpu))
        return -XEN_ENOENT;
    bound = &d->evtchn->vcpu[op->vcpu].virq_port[op->virq];
    if (*bound)
        return -XEN_EEXIST;
    err = evtchn_find_free(d, &op->port);
    if (err)
        return err;
    chn = evtchn_lookup(d, op->port);
    chn->use = EVTCHN_VIRQ;
    chn->number = op->virq;
    chn->vcpu = op->vcpu;
    *bound = op->port;
    return 0;
}

static int op_bind_ipi(struct vcpu *v, void *arg)
{
    evtchn_bind_ipi_t *op = arg;
    struct evtchn *chn;
    int err;

    if (!domain_vcpu(v->domain, op->vcpu))
        return -XEN_ENOENT;
    err = evtchn_find_free(v->domain, &op->port);
    if (err)
        return err;
    chn = evtchn_lookup(v->domain, op->port);
    chn->use = EVTCHN_IPI;
    chn->vcpu = op->vcpu;
    return 0;
}

static int op_bind_pirq(struct vcpu *v, void *arg)
{
    const evtchn_bind_pirq_t *op = arg;

    return op->pirq < NR_PIRQS ? -XEN_EPERM : -XEN_EINVAL;
}

static int op_close(struct vcpu *v, void *arg)
{
    const evtchn_close_t *op = arg;

    return evtchn_close_locked(v->domain, op->port);
}

static int op_status(struct vcpu *v, void *arg)
{
    static const uint8_t status_of[] = {
        [EVTCHN_FREE] = EVTCHNSTAT_closed,       [EVTCHN_RESERVED] = EVTCHNSTAT_closed,
        [EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,   [EVTCHN_INTERDOMAIN] = EVTCHNSTAT_interdomain,
        [EVTCHN_VIRQ] = EVTCHNSTAT_virq,         [EVTCHN_IPI] = EVTCHNSTAT_ipi,
    };
    evtchn_status_t *op = arg;
    const struct evtchn *chn;
    int err = self_only(v->domain, op->dom);

    if (err)
        return err;
    chn = evtchn_lookup(v->domain, op->port);
    if (!chn)
        return -XEN_EINVAL;
    op->status = status_of[chn->use];
    op->vcpu = chn->vcpu;
    if (chn->use == EVTCHN_UNBOUND) {
        op->u.unbound.dom = chn->remote_dom;
    } else if (chn->use == EVTCHN_INTERDOMAIN) {
        op->u.interdomain.dom = chn->remote_dom;
        op->u.interdomain.port = chn->number;
    } else if (chn->use == EVTCHN_VIRQ) {
        op->u.virq = chn->number;
    }
    return 0;
}

static int op_bind_vcpu(struct vcpu *v, void *arg)
{
    const evtchn_bind_vcpu_t *op = arg;
    struct evtchn *chn;

    if (!domain_vcpu(v->domain, op->vcpu))
        return -XEN_ENOENT;
    chn = evtchn_lookup(v->domain, op->port);
    if (!chn)
        return -XEN_EINVAL;
    switch (chn->use) {
    case EVTCHN_VIRQ:
        if (!virq_is_global(chn->number))
            return -XEN_EINVAL;
        break;
    case EVTCHN_UNBOUND:
    case EVTCHN_INTERDOMAIN:
        break;
    default:
        return -XEN_EINVAL;
    }
    chn->vcpu = op->vcpu;
    return 0;
}

static int op_unmask(struct vcpu *v, void *arg)
{
    const evtchn_unmask_t *op = arg;
    struct evtchn *chn = evtchn_lookup(v->domain, op->port);

    if (!chn)
        return -XEN_EINVAL;
    v->domain->evtchn->abi->unmask(v->domain, chn, op->port);
    return 0;
}

static int op_reset(struct vcpu *v, void *arg)
{
    const evtchn_reset_t *op = arg;
    int err = self_only(v->domain, op->dom);

    if (!err)
        evtchn_reset_locked(v->domain);
    return err;
}

static int op_init_control(struct vcpu *v, void *arg)
{
    evtchn_init_control_t *op = arg;

    op->link_bits = EVTCHN_FIFO_LINK_BITS;
    return evtchn_fifo_init_control(v->domain, op);
}

static int op_expand_array(struct vcpu *v, void *arg)
{
    const evtchn_expand_array_t *op = arg;

    return evtchn_fifo_expand_array(v->domain, op->array_gfn);
}

/* Counts from the next event on; one that is linked stays in its queue. */
static int op_set_priority(struct vcpu *v, void *arg)
{
    const evtchn_set_priority_t *op = arg;
    struct evtchn *chn = evtchn_lookup(v->domain, op->port);

    if (!chn)
        return -XEN_EINVAL;
    if (!v->domain->evtchn->fifo)
        return -XEN_ENOSYS;
    if (op->priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -XEN_EINVAL;
    chn->priority = op->priority;
    return 0;
}

#define ROW(name, results)                                                                         \
    [EVTCHNOP_##name] = { op_##name, sizeof(struct evtchn_##name), results }

static const struct {
    int (*fn)(struct vcpu *v, void *arg); /* with the event lock held */
    uint8_t size;
    bool results; /* arg goes back to the guest on success */
} ops[] = {
    ROW(bind_interdomain, true),
    ROW(bind_virq, true),
    ROW(bind_pirq, false), /* never succeeds */
    ROW(close, false),
    ROW(status, true),
    ROW(alloc_unbound, true),
    ROW(bind_ipi, true),
    ROW(bind_vcpu, false),
    ROW(unmask, false),
    ROW(reset, false),
    ROW(init_control, true),
    ROW(expand_array, false),
    ROW(set_priority, false),
};

static int run_locked(struct vcpu *v, uint32_t cmd, void *arg)
{
    LOCK_SCOPE(&v->domain->evtchn->lock);
    return ops[cmd].fn(v, arg);
}

int64_t do_event_channel_op(struct vcpu *v, uint32_t cmd, gva_t arg)
{
    evtchn_send_t send;
    uint64_t copy[4] = { 0 };
    int err;

    if (cmd == EVTCHNOP_send) /* by far the most frequent, and it takes the lock itself */
        return copy_from_guest(&send, arg, sizeof(send)) ?: evtchn_send(v->domain, send.port);

    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn)
        return -XEN_ENOSYS;
    ASSERT(ops[cmd].size <= sizeof(copy));
    if (copy_from_guest(copy, arg, ops[cmd].size))
        return -XEN_EFAULT;
    err = run_locked(v, cmd, copy);
    if (err) {
        printk_guest(LOG_DEBUG, "d%uv%u: EVTCHNOP %u: error %d", v->domain->domid, v->id, cmd, err);
        return err;
    }
    /* A port the guest is not told of stays allocated, as under Xen; its table is the guest's own
     * quota. */
    if (ops[cmd].results && copy_to_guest(arg, copy, ops[cmd].size))
        return -XEN_EFAULT;
    return 0;
}

/* The hypercall from before Xen 3.2 (event_channel.h struct evtchn_op): number and argument in one
 * structure. */
int64_t do_event_channel_op_compat(struct vcpu *v, gva_t arg)
{
    uint32_t cmd;

    if (copy_from_guest(&cmd, arg + offsetof(evtchn_op_t, cmd), sizeof(cmd)))
        return -XEN_EFAULT;
    if (cmd > EVTCHNOP_unmask)
        return -XEN_ENOSYS;
    return do_event_channel_op(v, cmd, arg + offsetof(evtchn_op_t, u));
}
