/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the event channel code share: ports and the two ABIs for telling a guest about
 * them. */
#pragma once

#include "domain.h"
#include "evtchn.h"
#include "lock.h"
#include "types.h"
#include <xen/errno.h>
#include <xen/event_channel.h>

/* Most ports a guest may have; Xen's toolstack gives 1023 by default. At 32 bytes each a guest can
 * make hv spend 128 KiB. As many as the 64-bit 2-level ABI can name (event_channel.h
 * EVTCHN_2L_NR_CHANNELS). */
#define EVTCHN_MAX_PORTS        4096U
#define EVTCHN_PORTS_PER_BUCKET (PAGE_SIZE / sizeof(struct evtchn))
#define EVTCHN_NR_BUCKETS       (EVTCHN_MAX_PORTS * sizeof(struct evtchn) / PAGE_SIZE)

enum evtchn_use {
    EVTCHN_FREE,
    EVTCHN_RESERVED,    /* port 0 */
    EVTCHN_UNBOUND,     /* waits for remote_dom */
    EVTCHN_INTERDOMAIN, /* remote_dom is 0: hv's handler; the guest itself: its port 'number' */
    EVTCHN_VIRQ,        /* number */
    EVTCHN_IPI,
};

struct evtchn {
    uint8_t use;
    uint8_t priority;      /* FIFO queue for the next event */
    uint8_t last_priority; /* queue it was last linked to, on last_vcpu */
    bool pending_early;    /* pending, but the FIFO array does not reach this port yet */
    uint16_t vcpu;         /* whom it notifies */
    uint16_t last_vcpu;
    uint32_t number;
    domid_t remote_dom;
    evtchn_handler_fn *handler;
    void *opaque;
};
_Static_assert(sizeof(struct evtchn) == 32, "a bucket of ports is a whole page");

/* How the guest learns of its events. Callers hold the lock; port is valid in the ABI. */
struct evtchn_abi {
    uint32_t (*max_ports)(const struct domain *d);
    void (*set_pending)(struct domain *d, struct evtchn *chn, uint32_t port);
    void (*clear_pending)(struct domain *d, struct evtchn *chn, uint32_t port);
    void (*unmask)(struct domain *d, struct evtchn *chn, uint32_t port);
    bool (*is_pending)(struct domain *d, uint32_t port);
    /* The guest's queue still refers to the port, so it must not get a new meaning. */
    bool (*is_busy)(struct domain *d, uint32_t port);
};
extern const struct evtchn_abi evtchn_abi_2l, evtchn_abi_fifo;

struct evtchn_fifo;

struct evtchn_vcpu {
    uint32_t virq_port[NR_VIRQS]; /* 0: not bound; global VIRQs are vCPU 0's */
};

struct evtchn_state {
    struct spinlock lock;
    const struct evtchn_abi *abi;
    struct evtchn_fifo *fifo; /* NULL in the 2-level ABI */
    uint32_t nr_ports;        /* ports that have a struct evtchn; never shrinks */
    struct evtchn *bucket[EVTCHN_NR_BUCKETS];
    struct evtchn_vcpu vcpu[]; /* max_vcpus */
};

/* evtchn.c, all with the lock held. */
/* The port's channel, or NULL: out of range or never allocated. */
struct evtchn *evtchn_lookup(struct domain *d, uint32_t port);
/* A free port, still EVTCHN_FREE but with defaults set. -XEN_ENOSPC, -XEN_ENOMEM. */
int evtchn_find_free(struct domain *d, uint32_t *ret_port);
/* -XEN_EINVAL: nothing to close. */
int evtchn_close_locked(struct domain *d, uint32_t port);
void evtchn_reset_locked(struct domain *d);
static inline void evtchn_raise_locked(struct domain *d, struct evtchn *chn, uint32_t port)
{
    d->evtchn->abi->set_pending(d, chn, port);
}
/* Takes the lock itself. */
int evtchn_send(struct domain *d, uint32_t port);
bool virq_is_global(uint32_t virq);

/* The vCPU of that number, or NULL. */
static inline struct vcpu *domain_vcpu(struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

/* evtchn-fifo.c, with the lock held. */
int evtchn_fifo_init_control(struct domain *d, const evtchn_init_control_t *op);
int evtchn_fifo_expand_array(struct domain *d, uint64_t mfn);
void evtchn_fifo_free(struct domain *d);
