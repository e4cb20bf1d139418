/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event channel ports: the table of a domain's ports, their life, delivery, and hv's side of them.
 * All state is under evtchn_state.lock, which is held for a handful of steps. A send holds it while
 * hv's handler runs, so that the handler's owner is there until evtchn_unbind_hv() returns: sending
 * does not take the big lock.
 */
#include "evtchn-internal.h"
#include "alloc.h"
#include "printk.h"

struct evtchn *evtchn_lookup(struct domain *d, uint32_t port)
{
    struct evtchn_state *s = d->evtchn;

    if (port >= s->nr_ports || port >= s->abi->max_ports(d))
        return NULL;
    return &s->bucket[port / EVTCHN_PORTS_PER_BUCKET][port % EVTCHN_PORTS_PER_BUCKET];
}

/* One more bucket of free ports. */
static int grow(struct domain *d)
{
    struct evtchn_state *s = d->evtchn;
    struct evtchn *bucket;

    if (s->nr_ports >= s->abi->max_ports(d))
        return -XEN_ENOSPC;
    bucket = kmalloc(EVTCHN_PORTS_PER_BUCKET * sizeof(struct evtchn));
    if (!bucket)
        return -XEN_ENOMEM;
    s->bucket[s->nr_ports / EVTCHN_PORTS_PER_BUCKET] = bucket;
    s->nr_ports += EVTCHN_PORTS_PER_BUCKET;
    return 0;
}

int evtchn_find_free(struct domain *d, uint32_t *ret_port)
{
    struct evtchn_state *s = d->evtchn;
    struct evtchn *chn = NULL;
    uint32_t port;
    int err;

    for (port = 1; port < s->nr_ports; port++) {
        chn = evtchn_lookup(d, port);
        if (!chn)
            return -XEN_ENOSPC;
        if (chn->use == EVTCHN_FREE && !s->abi->is_busy(d, port))
            break;
    }
    if (port == s->nr_ports) {
        err = grow(d);
        if (err)
            return err;
        chn = evtchn_lookup(d, port);
    }
    /* last_vcpu and last_priority stay: a queue's tail may still name this port. */
    chn->vcpu = 0;
    chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    *ret_port = port;
    return 0;
}

static void free_port(struct domain *d, struct evtchn *chn, uint32_t port)
{
    d->evtchn->abi->clear_pending(d, chn, port); /* or the next user would get an event of the last
                                                    one */
    chn->use = EVTCHN_FREE;
    chn->vcpu = 0;
    chn->handler = NULL;
    chn->opaque = NULL;
}

int evtchn_close_locked(struct domain *d, uint32_t port)
{
    struct evtchn_state *s = d->evtchn;
    struct evtchn *chn = evtchn_lookup(d, port);

    if (!chn || chn->use == EVTCHN_FREE || chn->use == EVTCHN_RESERVED)
        return -XEN_EINVAL;
    if (chn->use == EVTCHN_VIRQ)
        s->vcpu[virq_is_global(chn->number) ? 0 : chn->vcpu].virq_port[chn->number] = 0;
    /* The other end of a loopback channel waits for a new one; hv's end is simply gone. */
    if (chn->use == EVTCHN_INTERDOMAIN && !chn->handler)
        evtchn_lookup(d, chn->number)->use = EVTCHN_UNBOUND;
    free_port(d, chn, port);
    return 0;
}

void evtchn_reset_locked(struct domain *d)
{
    for (uint32_t port = 1; port < d->evtchn->nr_ports; port++)
        evtchn_close_locked(d, port); /* free ports have nothing to close */
    if (d->evtchn->fifo)
        evtchn_fifo_free(d);
    d->evtchn->abi = &evtchn_abi_2l;
}

void evtchn_reset(struct domain *d)
{
    LOCK_SCOPE(&d->evtchn->lock);
    evtchn_reset_locked(d);
}

/* xen.h VIRQ_*: the list marks each V (per vCPU) or G; what it does not name is global, as Xen has
 * it. */
bool virq_is_global(uint32_t virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default:
        return true;
    }
}

int evtchn_send(struct domain *d, uint32_t port)
{
    struct evtchn *chn;

    LOCK_SCOPE(&d->evtchn->lock);
    chn = evtchn_lookup(d, port);
    switch (chn ? chn->use : EVTCHN_FREE) {
    case EVTCHN_INTERDOMAIN:
        if (chn->handler)
            chn->handler(chn->opaque);
        else
            evtchn_raise_locked(d, evtchn_lookup(d, chn->number), chn->number);
        return 0;
    case EVTCHN_IPI:
        evtchn_raise_locked(d, chn, port);
        return 0;
    case EVTCHN_UNBOUND: /* nobody there yet: dropped; binding makes up for it */
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

int evtchn_alloc_for_guest(struct domain *d, uint32_t *ret_port)
{
    struct evtchn *chn;
    uint32_t port;
    int err;

    LOCK_SCOPE(&d->evtchn->lock);
    err = evtchn_find_free(d, &port);
    if (err)
        return err;
    chn = evtchn_lookup(d, port);
    chn->use = EVTCHN_UNBOUND;
    chn->remote_dom = 0;
    *ret_port = port;
    return 0;
}

int evtchn_bind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque)
{
    struct evtchn_state *s = d->evtchn;
    struct evtchn *chn;

    ASSERT(handler);
    spin_lock(&s->lock);
    chn = evtchn_lookup(d, port);
    if (!chn || chn->use != EVTCHN_UNBOUND || chn->remote_dom != 0) {
        spin_unlock(&s->lock);
        return -XEN_EINVAL;
    }
    chn->use = EVTCHN_INTERDOMAIN;
    chn->number = port; /* what EVTCHNOP_status names as domain 0's port */
    chn->handler = handler;
    chn->opaque = opaque;
    spin_unlock(&s->lock);
    handler(opaque);
    return 0;
}

void evtchn_unbind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque)
{
    struct evtchn *chn;

    LOCK_SCOPE(&d->evtchn->lock);
    chn = evtchn_lookup(d, port);
    if (!chn || chn->use != EVTCHN_INTERDOMAIN || chn->handler != handler || chn->opaque != opaque)
        return;
    chn->use = EVTCHN_UNBOUND;
    chn->remote_dom = 0;
    chn->handler = NULL;
    chn->opaque = NULL;
}

void evtchn_notify_guest(struct domain *d, uint32_t port)
{
    struct evtchn *chn;

    LOCK_SCOPE(&d->evtchn->lock);
    chn = evtchn_lookup(d, port);
    if (chn && chn->use == EVTCHN_INTERDOMAIN && chn->handler)
        evtchn_raise_locked(d, chn, port);
}

void evtchn_send_virq(struct vcpu *v, uint32_t virq)
{
    struct domain *d = v->domain;
    uint32_t port;

    ASSERT(virq < NR_VIRQS);
    LOCK_SCOPE(&d->evtchn->lock);
    port = d->evtchn->vcpu[virq_is_global(virq) ? 0 : v->id].virq_port[virq];
    if (port)
        evtchn_raise_locked(d, evtchn_lookup(d, port), port);
}

bool evtchn_port_valid(struct domain *d, uint32_t port)
{
    LOCK_SCOPE(&d->evtchn->lock);
    return evtchn_lookup(d, port) != NULL;
}

bool evtchn_pending_port(struct domain *d, uint32_t port)
{
    LOCK_SCOPE(&d->evtchn->lock);
    return evtchn_lookup(d, port) && d->evtchn->abi->is_pending(d, port);
}

int evtchn_init(struct domain *d)
{
    struct evtchn_state *s;

    s = kmalloc(sizeof(*s) + d->max_vcpus * sizeof(s->vcpu[0]));
    if (!s)
        return -XEN_ENOMEM;
    s->abi = &evtchn_abi_2l;
    d->evtchn = s;
    if (grow(d)) {
        d->evtchn = NULL;
        kfree(s);
        return -XEN_ENOMEM;
    }
    evtchn_lookup(d, 0)->use = EVTCHN_RESERVED;
    return 0;
}
