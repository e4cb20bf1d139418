/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event channels (event_channel.h): 2-level and FIFO. Domain 0's side of every interdomain channel is hv
 * itself: a back end binds a handler to the guest's port instead of owning a port of its own.
 */
#pragma once

#include "types.h"

struct domain;
struct vcpu;

typedef uint32_t evtchn_port_t_hv; /* same values as evtchn_port_t */

int evtchn_init(struct domain *d);
void evtchn_reset(struct domain *d);

/* EVTCHNOP_* by number; arg is the guest's pointer. Returns 0 / -XEN_E*. */
int64_t do_event_channel_op(struct vcpu *v, uint32_t cmd, gva_t arg);
int64_t do_event_channel_op_compat(struct vcpu *v, gva_t arg);

/* A port the guest finds ready-made (start_info console and store): unbound for domain 0, then bound. */
int evtchn_alloc_for_guest(struct domain *d, uint32_t *ret_port);

/* Binds hv's side of the guest's unbound port; handler runs when the guest sends on it (from the
 * hypercall, interrupts off; raise a softirq for real work). -XEN_EINVAL: the port is not unbound for domain 0.
 * Binding raises the port once, as EVTCHNOP_bind_interdomain does. */
typedef void evtchn_handler_fn(void *opaque);
int evtchn_bind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque);
/* Drops hv's side: the guest's port becomes unbound again. Harmless when the guest closed it already. */
void evtchn_unbind_hv(struct domain *d, uint32_t port);
/* hv's side sends: marks the guest's port pending and kicks its vCPU. */
void evtchn_notify_guest(struct domain *d, uint32_t port);

/* Raises a VIRQ of v (VIRQ_TIMER, VIRQ_DEBUG ...), if it is bound. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq);

/* True when v has a deliverable, unmasked event (what SCHEDOP_poll and block look at). */
bool evtchn_pending_port(struct domain *d, uint32_t port);

/* Called by evtchn code to make v run its event callback: core sets evtchn_upcall_pending and wakes v. */
void vcpu_mark_events_pending(struct vcpu *v);
