/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event channels in the 2-level ABI (event_channel.h): ports, delivery, masks. */
#include "guest.h"

static unsigned int alloc_unbound(domid_t remote)
{
    evtchn_alloc_unbound_t op = { .dom = DOMID_SELF, .remote_dom = remote };

    check_eq(evtchn_op(EVTCHNOP_alloc_unbound, &op), 0);
    return op.port;
}

static long close_port(unsigned int port)
{
    evtchn_close_t op = { .port = port };

    return evtchn_op(EVTCHNOP_close, &op);
}

static unsigned int status_of(unsigned int port, evtchn_status_t *ret)
{
    *ret = (evtchn_status_t){ .dom = DOMID_SELF, .port = port };
    check_eq(evtchn_op(EVTCHNOP_status, ret), 0);
    return ret->status;
}

static void ipi(void)
{
    unsigned int port = bind_ipi(0);
    evtchn_status_t status;

    check_eq(status_of(port, &status), EVTCHNSTAT_ipi);
    /* Masked: pending, and nothing else. */
    check_eq(evtchn_send(port), 0);
    check(port_pending(port));
    check_eq(event_count[port], 0);
    port_unmask(port);
    check_eq(event_count[port], 1);
    check(!port_pending(port));
    check_eq(evtchn_send(port), 0);
    check_eq(event_count[port], 2);
    /* All of the vCPU's events masked: it comes with the unmasking. */
    events_mask();
    check_eq(evtchn_send(port), 0);
    check_eq(event_count[port], 2);
    check_eq(vcpu_info()->evtchn_upcall_pending, 1);
    events_unmask();
    check_eq(event_count[port], 3);
    port_mask(port);
    check_eq(close_port(port), 0);
    check_eq(evtchn_send(port), -XEN_EINVAL);
    check_eq(close_port(port), -XEN_EINVAL);
}

static void loopback(void)
{
    unsigned int remote = alloc_unbound(DOMID_SELF);
    evtchn_bind_interdomain_t op = { .remote_dom = DOMID_SELF, .remote_port = remote };
    unsigned int seen = event_count[remote];
    evtchn_status_t status;

    check_eq(status_of(remote, &status), EVTCHNSTAT_unbound);
    check_eq(evtchn_op(EVTCHNOP_bind_interdomain, &op), 0);
    check_eq(status_of(op.local_port, &status), EVTCHNSTAT_interdomain);
    check_eq(status.u.interdomain.port, remote);
    check(port_pending(op.local_port));
    port_clear(op.local_port);
    port_unmask(remote);
    check_eq(evtchn_send(op.local_port), 0);
    check_eq(event_count[remote], seen + 1);
    check_eq(close_port(op.local_port), 0);
    check_eq(status_of(remote, &status), EVTCHNSTAT_unbound);
    port_mask(remote);
    check_eq(close_port(remote), 0);
}

static void virqs(void)
{
    evtchn_bind_virq_t op = { .virq = VIRQ_TIMER };
    evtchn_bind_vcpu_t move = { 0 };

    check_eq(evtchn_op(EVTCHNOP_bind_virq, &op), 0);
    check_eq(evtchn_op(EVTCHNOP_bind_virq, &op), -XEN_EEXIST);
    move.port = op.port;
    check_eq(evtchn_op(EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
    check_eq(close_port(op.port), 0);
    op.virq = NR_VIRQS;
    check_eq(evtchn_op(EVTCHNOP_bind_virq, &op), -XEN_EINVAL);
    op = (evtchn_bind_virq_t){ .virq = VIRQ_TIMER, .vcpu = 99 };
    check_eq(evtchn_op(EVTCHNOP_bind_virq, &op), -XEN_ENOENT);
}

static void errors(void)
{
    evtchn_bind_ipi_t vcpu = { .vcpu = 99 };
    evtchn_status_t status = { .dom = DOMID_SELF, .port = 1 << 20 };

    check_eq(evtchn_op(EVTCHNOP_bind_ipi, &vcpu), -XEN_ENOENT);
    check_eq(evtchn_op(EVTCHNOP_status, &status), -XEN_EINVAL);
    check_eq(evtchn_op(EVTCHNOP_send, (void *)0x1000), -XEN_EFAULT);
    check_eq(evtchn_op(99, &vcpu), -XEN_ENOSYS);
    check_eq(close_port(0), -XEN_EINVAL);
}

/* The last ports that this width's pending words can name. */
static void many(void)
{
    unsigned int port, last = 0, n = 0;

    for (; n < 200; n++) {
        port = bind_ipi(0);
        if (port <= last)
            break;
        last = port;
    }
    check_eq(n, 200);
    port_unmask(last);
    check_eq(evtchn_send(last), 0);
    check_eq(event_count[last], 1);
    for (port = last; port > last - 200; port--)
        check_eq(close_port(port), 0);
}

void test_main(void)
{
    if (in_shim())
        skip("the shim has event channels of its own");
    ipi();
    loopback();
    virqs();
    errors();
    many();
}
