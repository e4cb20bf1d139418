/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event channels (event_channel.h): 2-level and FIFO. Domain 0's side of every interdomain channel
 * is hv itself: a back end binds a handler to the guest's port instead of owning a port of its own.
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

/* A port the guest finds ready-made (start_info console and store): unbound for domain 0, then
 * bound. */
int evtchn_alloc_for_guest(struct domain *d, uint32_t *ret_port);

/* Binds hv's side of the guest's unbound port; handler runs when the guest sends on it: from the
 * hypercall, interrupts off, without the big lock and with that of the event channels, so all it
 * may do is raise a softirq. -XEN_EINVAL: the port is not unbound for domain 0. As with
 * EVTCHNOP_bind_interdomain, what the guest sent before is not lost: hv's own side is raised once,
 * that is handler runs before this returns. */
typedef void evtchn_handler_fn(void *opaque);
int evtchn_bind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque);
/* Drops hv's side: the guest's port becomes unbound again. Does nothing when the port is no longer
 * bound to this handler and opaque: the guest may have closed it, and another back end may own the
 * number by now. */
void evtchn_unbind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque);
/* hv's side sends: marks the guest's port pending and kicks its vCPU. */
void evtchn_notify_guest(struct domain *d, uint32_t port);

/* Raises a VIRQ of v (VIRQ_TIMER, VIRQ_DEBUG ...), if it is bound. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq);

/* For SCHEDOP_poll: is the port one that was ever allocated (else -XEN_EINVAL), and is it pending,
 * masked or not. */
bool evtchn_port_valid(struct domain *d, uint32_t port);
bool evtchn_pending_port(struct domain *d, uint32_t port);

/* VCPUOP_register_vcpu_info, after v->vcpu_info points to the new place: marks everything there
 * pending, so that an event that was on its way to the old place is found by the guest. */
void evtchn_vcpu_info_moved(struct vcpu *v);

/* Both below belong to the core and are called with evtchn's lock held: they must not call back. */
/* Makes v run its event callback: sets evtchn_upcall_pending and wakes v. */
void vcpu_mark_events_pending(struct vcpu *v);
/* port became pending: wakes the vCPUs that wait for it in SCHEDOP_poll (masked ports too). */
void vcpu_wake_pollers(struct domain *d, uint32_t port);
