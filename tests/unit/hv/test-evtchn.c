/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EVTCHNOP_* and hv's side of event channels, with the 2-level ABI for 64-bit and 32-bit guests. */
#include <glib.h>

#include "evtchn.h"
#include "harness.h"
#include <xen/event_channel.h>

#define NR_VCPUS 3U
#define ARG      harness_gva(3, 40)

static int64_t op(struct domain *d, uint32_t cmd, void *arg, size_t size)
{
    int64_t ret;

    harness_guest_write(ARG, arg, size);
    ret = do_event_channel_op(d->vcpu[0], cmd, ARG);
    harness_guest_read(arg, ARG, size);
    return ret;
}
#define OP(d, name, ...)                                                                           \
    op(d, EVTCHNOP_##name, &(struct evtchn_##name){ __VA_ARGS__ }, sizeof(struct evtchn_##name))

static uint32_t alloc_unbound(struct domain *d, domid_t remote)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = remote };

    g_assert_cmpint(op(d, EVTCHNOP_alloc_unbound, &a, sizeof(a)), ==, 0);
    return a.port;
}

static struct evtchn_status status(struct domain *d, uint32_t port)
{
    struct evtchn_status s = { .dom = DOMID_SELF, .port = port };

    g_assert_cmpint(op(d, EVTCHNOP_status, &s, sizeof(s)), ==, 0);
    return s;
}

static struct domain *domain_new(bool is_32bit)
{
    struct domain *d = harness_domain_new(NR_VCPUS, is_32bit);

    g_assert_cmpint(evtchn_init(d), ==, 0);
    return d;
}

/* The shared page as each kind of guest lays it out. */
static bool guest_bit(struct domain *d, size_t offset, uint32_t bit)
{
    return ((uint8_t *)d->shared_info)[offset + bit / 8] >> (bit % 8) & 1;
}

static void guest_set_bit(struct domain *d, size_t offset, uint32_t bit, bool on)
{
    uint8_t *byte = (uint8_t *)d->shared_info + offset + bit / 8;

    *byte = on ? *byte | 1 << (bit % 8) : *byte & ~(1 << (bit % 8));
}

static size_t pending_at(struct domain *d)
{
    return 32 * 64;
}

static size_t mask_at(struct domain *d)
{
    return 32 * 64 + (d->is_32bit ? 128 : 512);
}

static bool selected(struct domain *d, unsigned int vcpu, uint32_t port)
{
    return guest_bit(d, vcpu * 64 + (d->is_32bit ? 4 : 8), port / (d->is_32bit ? 32 : 64));
}

/* ---- errors, a row each ---- */

enum { P_RESERVED = 0, P_STORE = 1, P_DOM0 = 2, P_LOOP_A = 3, P_LOOP_B = 4, P_TIMER = 5, P_IPI = 6, P_GLOBAL = 7, P_FREE = 8 };

static struct domain *domain_with_ports(void)
{
    struct domain *d = domain_new(false);
    uint32_t port;

    g_assert_cmpint(evtchn_alloc_for_guest(d, &port), ==, 0);
    g_assert_cmpuint(port, ==, P_STORE);
    g_assert_cmpuint(alloc_unbound(d, 0), ==, P_DOM0);
    g_assert_cmpuint(alloc_unbound(d, DOMID_SELF), ==, P_LOOP_A);
    g_assert_cmpint(OP(d, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = P_LOOP_A), ==, 0);
    g_assert_cmpint(OP(d, bind_virq, .virq = VIRQ_TIMER, .vcpu = 1), ==, 0);
    g_assert_cmpint(OP(d, bind_ipi, .vcpu = 2), ==, 0);
    g_assert_cmpint(OP(d, bind_virq, .virq = VIRQ_ARGO), ==, 0);
    g_assert_cmpint(status(d, P_GLOBAL).status, ==, EVTCHNSTAT_virq);
    g_assert_cmpint(status(d, P_FREE).status, ==, EVTCHNSTAT_closed);
    return d;
}

#define ERR(e, name, ...)                                                                          \
    { -XEN_##e, EVTCHNOP_##name, #name " {" #__VA_ARGS__ "}",                                       \
      &(struct evtchn_##name){ __VA_ARGS__ }, sizeof(struct evtchn_##name) }
#define OKAY(name, ...)                                                                            \
    { 0, EVTCHNOP_##name, #name " {" #__VA_ARGS__ "}",                                              \
      &(struct evtchn_##name){ __VA_ARGS__ }, sizeof(struct evtchn_##name) }

static void test_answers(void)
{
    const struct {
        int64_t expect;
        uint32_t cmd;
        const char *text;
        void *arg;
        size_t size;
    } rows[] = {
        ERR(EPERM, alloc_unbound, .dom = 0),
        ERR(ESRCH, alloc_unbound, .dom = 9),
        ERR(ESRCH, alloc_unbound, .dom = DOMID_XEN),
        OKAY(alloc_unbound, .dom = 7, .remote_dom = 12345),
        ERR(EINVAL, bind_interdomain, .remote_dom = 0, .remote_port = P_DOM0),
        ERR(ESRCH, bind_interdomain, .remote_dom = 8, .remote_port = P_DOM0),
        ERR(EINVAL, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = P_DOM0),
        ERR(EINVAL, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = P_LOOP_A),
        ERR(EINVAL, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = P_FREE),
        ERR(EINVAL, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = ~0U),
        ERR(EINVAL, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = P_RESERVED),
        ERR(EINVAL, bind_virq, .virq = NR_VIRQS),
        ERR(EINVAL, bind_virq, .virq = ~0U),
        ERR(EEXIST, bind_virq, .virq = VIRQ_TIMER, .vcpu = 1),
        OKAY(bind_virq, .virq = VIRQ_TIMER, .vcpu = 0),
        ERR(ENOENT, bind_virq, .virq = VIRQ_TIMER, .vcpu = NR_VCPUS),
        ERR(EINVAL, bind_virq, .virq = VIRQ_CONSOLE, .vcpu = 1),
        ERR(EEXIST, bind_virq, .virq = VIRQ_ARGO, .vcpu = 0),
        OKAY(bind_virq, .virq = VIRQ_ARCH_7, .vcpu = 0),
        ERR(ENOENT, bind_ipi, .vcpu = NR_VCPUS),
        ERR(ENOENT, bind_ipi, .vcpu = ~0U),
        ERR(EPERM, bind_pirq, .pirq = 1),
        ERR(EINVAL, bind_pirq, .pirq = ~0U),
        ERR(EINVAL, close, .port = P_RESERVED),
        ERR(EINVAL, close, .port = P_FREE + 40),
        ERR(EINVAL, close, .port = ~0U),
        ERR(EINVAL, send, .port = P_TIMER),
        ERR(EINVAL, send, .port = P_RESERVED),
        ERR(EINVAL, send, .port = P_FREE + 40),
        ERR(EINVAL, send, .port = 1U << 20),
        OKAY(send, .port = P_DOM0),
        OKAY(send, .port = P_IPI),
        ERR(EPERM, status, .dom = 0, .port = 1),
        ERR(ESRCH, status, .dom = 8, .port = 1),
        ERR(EINVAL, status, .dom = DOMID_SELF, .port = 4095),
        ERR(ENOENT, bind_vcpu, .port = P_DOM0, .vcpu = NR_VCPUS),
        ERR(EINVAL, bind_vcpu, .port = P_IPI, .vcpu = 0),
        ERR(EINVAL, bind_vcpu, .port = P_TIMER, .vcpu = 0),
        ERR(EINVAL, bind_vcpu, .port = P_RESERVED, .vcpu = 0),
        ERR(EINVAL, bind_vcpu, .port = 5000, .vcpu = 0),
        OKAY(bind_vcpu, .port = P_DOM0, .vcpu = 2),
        OKAY(bind_vcpu, .port = P_GLOBAL, .vcpu = 2),
        ERR(EINVAL, unmask, .port = 5000),
        OKAY(unmask, .port = P_FREE + 41),
        ERR(EPERM, reset, .dom = 0),
        ERR(ESRCH, reset, .dom = 1),
        ERR(ENOENT, init_control, .vcpu = NR_VCPUS, .control_gfn = HARNESS_FIRST_MFN),
        ERR(EINVAL, init_control, .offset = 4096 - 71, .control_gfn = HARNESS_FIRST_MFN),
        ERR(EINVAL, init_control, .offset = 4096, .control_gfn = HARNESS_FIRST_MFN),
        ERR(EINVAL, init_control, .offset = 4, .control_gfn = HARNESS_FIRST_MFN),
        ERR(EINVAL, init_control, .control_gfn = 1),
        ERR(EINVAL, init_control, .control_gfn = ~0ULL),
        ERR(EOPNOTSUPP, expand_array, .array_gfn = HARNESS_FIRST_MFN),
        ERR(ENOSYS, set_priority, .port = P_DOM0, .priority = 3),
        ERR(EINVAL, set_priority, .port = 5000, .priority = 3),
    };
    struct domain *d = domain_with_ports();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t ret = op(d, rows[i].cmd, rows[i].arg, rows[i].size);

        if (ret != rows[i].expect)
            g_test_message("%s: %" G_GINT64_FORMAT, rows[i].text, ret);
        g_assert_cmpint(ret, ==, rows[i].expect);
    }
    harness_domain_free(d);
}

static void test_bad_pointers(void)
{
    struct domain *d = domain_with_ports();
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF };

    for (uint32_t cmd = EVTCHNOP_bind_interdomain; cmd <= EVTCHNOP_set_priority; cmd++) {
        g_assert_cmpint(do_event_channel_op(d->vcpu[0], cmd, 0), ==, -XEN_EFAULT);
        g_assert_cmpint(do_event_channel_op(d->vcpu[0], cmd, ~0ULL - 1), ==, -XEN_EFAULT);
    }
    g_assert_cmpint(do_event_channel_op(d->vcpu[0], 14, ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(do_event_channel_op(d->vcpu[0], ~0U, ARG), ==, -XEN_ENOSYS);

    /* The answer cannot be written: the port is lost to the guest but counted. */
    harness_guest_write(harness_gva(5, 0), &a, sizeof(a));
    harness_set_access(5, HARNESS_READ_ONLY);
    g_assert_cmpint(do_event_channel_op(d->vcpu[0], EVTCHNOP_alloc_unbound, harness_gva(5, 0)), ==, -XEN_EFAULT);
    g_assert_cmpint(status(d, P_FREE).status, ==, EVTCHNSTAT_unbound);
    harness_domain_free(d);
}

static void test_old_hypercall(void)
{
    struct domain *d = domain_with_ports();
    struct evtchn_op o = { .cmd = EVTCHNOP_alloc_unbound, .u.alloc_unbound = { .dom = DOMID_SELF } };

    harness_guest_write(ARG, &o, sizeof(o));
    g_assert_cmpint(do_event_channel_op_compat(d->vcpu[0], ARG), ==, 0);
    harness_guest_read(&o, ARG, sizeof(o));
    g_assert_cmpuint(o.u.alloc_unbound.port, ==, P_FREE);
    g_assert_cmpuint(o.cmd, ==, EVTCHNOP_alloc_unbound);

    o = (struct evtchn_op){ .cmd = EVTCHNOP_reset };
    harness_guest_write(ARG, &o, sizeof(o));
    g_assert_cmpint(do_event_channel_op_compat(d->vcpu[0], ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(do_event_channel_op_compat(d->vcpu[0], 16), ==, -XEN_EFAULT);
    harness_domain_free(d);
}

/* ---- delivery in the 2-level ABI ---- */

static void test_deliver(gconstpointer is_32bit)
{
    struct domain *d = domain_new(GPOINTER_TO_INT(is_32bit));
    uint32_t ports[100];

    /* Well into a second selector bit, whichever the word size. */
    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        struct evtchn_bind_ipi b = { .vcpu = i % NR_VCPUS };

        g_assert_cmpint(op(d, EVTCHNOP_bind_ipi, &b, sizeof(b)), ==, 0);
        ports[i] = b.port;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        bool masked = i % 5 == 0;

        guest_set_bit(d, mask_at(d), ports[i], masked);
        memset((char *)d->shared_info, 0, NR_VCPUS * 64); /* the guest took all upcalls */
        memset(harness.upcalls, 0, NR_VCPUS * sizeof(unsigned int));
        harness.nr_polls = 0;

        g_assert_false(evtchn_pending_port(d, ports[i]));
        g_assert_cmpint(OP(d, send, .port = ports[i]), ==, 0);
        g_assert_true(evtchn_pending_port(d, ports[i]));
        g_assert_true(guest_bit(d, pending_at(d), ports[i]));
        g_assert_cmpint(selected(d, i % NR_VCPUS, ports[i]), ==, !masked);
        g_assert_cmpint(harness.upcalls[i % NR_VCPUS], ==, !masked);
        g_assert_cmpint(d->shared_info->vcpu_info[i % NR_VCPUS].evtchn_upcall_pending, ==, !masked);
        g_assert_cmpint(harness.nr_polls, ==, 1); /* SCHEDOP_poll waits for masked ports too */
        g_assert_cmpint(harness.last_poll_port, ==, ports[i]);

        /* Pending already: nothing new to tell. */
        g_assert_cmpint(OP(d, send, .port = ports[i]), ==, 0);
        g_assert_cmpint(harness.upcalls[i % NR_VCPUS], ==, !masked);
        g_assert_cmpint(harness.nr_polls, ==, 1);

        /* Unmasking redelivers, once. */
        g_assert_cmpint(OP(d, unmask, .port = ports[i]), ==, 0);
        g_assert_false(guest_bit(d, mask_at(d), ports[i]));
        g_assert_true(selected(d, i % NR_VCPUS, ports[i]));
        g_assert_cmpint(harness.upcalls[i % NR_VCPUS], ==, 1);
        g_assert_cmpint(OP(d, unmask, .port = ports[i]), ==, 0);
        g_assert_cmpint(harness.upcalls[i % NR_VCPUS], ==, 1);
    }
    harness_domain_free(d);
}

static void test_port_limit(gconstpointer is_32bit)
{
    struct domain *d = domain_new(GPOINTER_TO_INT(is_32bit));
    uint32_t last = 0, limit = d->is_32bit ? 1024 : 4096;
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF };

    while (op(d, EVTCHNOP_alloc_unbound, &a, sizeof(a)) == 0)
        last = a.port;
    g_assert_cmpuint(last, ==, limit - 1);
    g_assert_cmpint(OP(d, alloc_unbound, .dom = DOMID_SELF), ==, -XEN_ENOSPC);
    g_assert_cmpint(OP(d, bind_ipi, .vcpu = 0), ==, -XEN_ENOSPC);
    g_assert_cmpint(OP(d, bind_virq, .virq = 0), ==, -XEN_ENOSPC);
    g_assert_cmpint(OP(d, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = 3), ==, -XEN_EINVAL);
    /* A freed number is used again. */
    g_assert_cmpint(OP(d, close, .port = 77), ==, 0);
    g_assert_cmpuint(alloc_unbound(d, 0), ==, 77);
    g_assert_cmpint(OP(d, reset, .dom = DOMID_SELF), ==, 0);
    g_assert_cmpuint(alloc_unbound(d, 0), ==, 1);
    harness_domain_free(d);
}

static void test_no_memory(void)
{
    struct domain *d = harness_domain_new(NR_VCPUS, false);
    uint32_t port;

    for (int n = 0; n < 2; n++) {
        harness.fail_alloc_after = n;
        g_assert_cmpint(evtchn_init(d), ==, -XEN_ENOMEM);
        g_assert_cmpuint(harness_live_blocks(), ==, 0);
    }
    harness.fail_alloc_after = 2;
    g_assert_cmpint(evtchn_init(d), ==, 0);
    for (port = 1; port < 128; port++)
        g_assert_cmpuint(alloc_unbound(d, 0), ==, port);
    g_assert_cmpint(OP(d, alloc_unbound, .dom = DOMID_SELF), ==, -XEN_ENOMEM);
    g_assert_cmpint(evtchn_alloc_for_guest(d, &port), ==, -XEN_ENOMEM);
    harness.fail_alloc_after = -1;
    g_assert_cmpint(evtchn_alloc_for_guest(d, &port), ==, 0);
    harness_domain_free(d);
}

/* ---- the life of ports ---- */

static void test_loopback(void)
{
    struct domain *d = domain_new(false);
    struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
    uint32_t a = alloc_unbound(d, DOMID_SELF);
    struct evtchn_status s;

    g_assert_cmpint(OP(d, send, .port = a), ==, 0); /* to nobody */
    b.remote_port = a;
    g_assert_cmpint(op(d, EVTCHNOP_bind_interdomain, &b, sizeof(b)), ==, 0);
    g_assert_true(evtchn_pending_port(d, b.local_port)); /* makes up for what was dropped */
    g_assert_false(evtchn_pending_port(d, a));
    s = status(d, a);
    g_assert_cmpuint(s.status, ==, EVTCHNSTAT_interdomain);
    g_assert_cmpuint(s.u.interdomain.dom, ==, d->domid);
    g_assert_cmpuint(s.u.interdomain.port, ==, b.local_port);
    g_assert_cmpuint(status(d, b.local_port).u.interdomain.port, ==, a);

    g_assert_cmpint(OP(d, bind_vcpu, .port = a, .vcpu = 2), ==, 0);
    g_assert_cmpuint(status(d, a).vcpu, ==, 2);
    g_assert_cmpint(OP(d, send, .port = b.local_port), ==, 0);
    g_assert_true(evtchn_pending_port(d, a));
    g_assert_true(selected(d, 2, a));

    /* hv has no part in it. */
    evtchn_notify_guest(d, b.local_port);
    /* Closing one end leaves the other waiting, with the vCPU it had. */
    g_assert_cmpint(OP(d, close, .port = b.local_port), ==, 0);
    g_assert_false(evtchn_pending_port(d, b.local_port));
    s = status(d, a);
    g_assert_cmpuint(s.status, ==, EVTCHNSTAT_unbound);
    g_assert_cmpuint(s.u.unbound.dom, ==, d->domid);
    g_assert_cmpuint(s.vcpu, ==, 2);
    g_assert_cmpint(OP(d, send, .port = a), ==, 0);
    g_assert_cmpint(op(d, EVTCHNOP_bind_interdomain, &b, sizeof(b)), ==, 0);
    g_assert_cmpint(OP(d, close, .port = a), ==, 0);
    g_assert_cmpuint(status(d, a).vcpu, ==, 0);
    harness_domain_free(d);
}

static void count(void *opaque)
{
    ++*(unsigned int *)opaque;
}

static void other(void *opaque)
{
    g_assert_not_reached();
}

static void test_hv_side(void)
{
    struct domain *d = domain_new(false);
    uint32_t port = alloc_unbound(d, 0), mine = alloc_unbound(d, DOMID_SELF);
    unsigned int calls = 0, other_calls = 0;

    g_assert_cmpint(evtchn_bind_hv(d, mine, count, &calls), ==, -XEN_EINVAL);
    g_assert_cmpint(evtchn_bind_hv(d, 0, count, &calls), ==, -XEN_EINVAL);
    g_assert_cmpint(evtchn_bind_hv(d, 5000, count, &calls), ==, -XEN_EINVAL);
    evtchn_notify_guest(d, port); /* not bound yet */
    g_assert_false(evtchn_pending_port(d, port));

    g_assert_cmpint(evtchn_bind_hv(d, port, count, &calls), ==, 0);
    g_assert_cmpuint(calls, ==, 1);
    g_assert_cmpint(evtchn_bind_hv(d, port, count, &other_calls), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, send, .port = port), ==, 0);
    g_assert_cmpuint(calls, ==, 2);
    g_assert_false(evtchn_pending_port(d, port));
    g_assert_cmpuint(status(d, port).status, ==, EVTCHNSTAT_interdomain);
    g_assert_cmpuint(status(d, port).u.interdomain.dom, ==, 0);
    evtchn_notify_guest(d, port);
    g_assert_true(evtchn_pending_port(d, port));
    g_assert_true(selected(d, 0, port));

    /* Unbinding by someone else changes nothing. */
    evtchn_unbind_hv(d, port, count, &other_calls);
    evtchn_unbind_hv(d, port, other, &calls);
    evtchn_unbind_hv(d, 5000, count, &calls);
    g_assert_cmpuint(status(d, port).status, ==, EVTCHNSTAT_interdomain);
    evtchn_unbind_hv(d, port, count, &calls);
    g_assert_cmpuint(status(d, port).status, ==, EVTCHNSTAT_unbound);
    g_assert_cmpint(OP(d, send, .port = port), ==, 0);
    g_assert_cmpuint(calls, ==, 2);

    /* The guest closes the port and another device gets the number. */
    g_assert_cmpint(evtchn_bind_hv(d, port, count, &calls), ==, 0);
    g_assert_cmpint(OP(d, close, .port = port), ==, 0);
    g_assert_false(evtchn_pending_port(d, port));
    g_assert_cmpuint(alloc_unbound(d, 0), ==, port);
    g_assert_cmpint(evtchn_bind_hv(d, port, count, &other_calls), ==, 0);
    evtchn_unbind_hv(d, port, count, &calls);
    g_assert_cmpint(OP(d, send, .port = port), ==, 0);
    g_assert_cmpuint(other_calls, ==, 2);
    harness_domain_free(d);
}

static void test_virqs(void)
{
    struct domain *d = domain_new(false);
    struct evtchn_bind_virq timer = { .virq = VIRQ_TIMER, .vcpu = 1 }, con = { .virq = VIRQ_CON_RING };

    evtchn_send_virq(d->vcpu[1], VIRQ_TIMER); /* bound by nobody */
    g_assert_cmpint(op(d, EVTCHNOP_bind_virq, &timer, sizeof(timer)), ==, 0);
    g_assert_cmpint(op(d, EVTCHNOP_bind_virq, &con, sizeof(con)), ==, 0);
    g_assert_false(evtchn_pending_port(d, timer.port));

    evtchn_send_virq(d->vcpu[0], VIRQ_TIMER);
    g_assert_false(evtchn_pending_port(d, timer.port));
    evtchn_send_virq(d->vcpu[1], VIRQ_TIMER);
    g_assert_true(evtchn_pending_port(d, timer.port));
    g_assert_true(selected(d, 1, timer.port));

    g_assert_cmpint(OP(d, bind_vcpu, .port = con.port, .vcpu = 2), ==, 0);
    evtchn_send_virq(d->vcpu[1], VIRQ_CON_RING); /* global: whichever vCPU it is raised on */
    g_assert_true(selected(d, 2, con.port));
    g_assert_cmpuint(status(d, con.port).u.virq, ==, VIRQ_CON_RING);

    g_assert_cmpint(OP(d, close, .port = timer.port), ==, 0);
    g_assert_cmpint(OP(d, close, .port = con.port), ==, 0);
    evtchn_send_virq(d->vcpu[1], VIRQ_TIMER);
    evtchn_send_virq(d->vcpu[0], VIRQ_CON_RING);
    g_assert_false(evtchn_pending_port(d, timer.port));
    g_assert_cmpint(op(d, EVTCHNOP_bind_virq, &timer, sizeof(timer)), ==, 0);
    harness_domain_free(d);
}

static void test_reset(void)
{
    struct domain *d = domain_with_ports();
    unsigned int calls = 0;

    g_assert_cmpint(evtchn_bind_hv(d, P_STORE, count, &calls), ==, 0);
    evtchn_notify_guest(d, P_STORE);
    g_assert_cmpint(OP(d, reset, .dom = DOMID_SELF), ==, 0);
    for (uint32_t p = 1; p < 128; p++) {
        g_assert_cmpuint(status(d, p).status, ==, EVTCHNSTAT_closed);
        g_assert_false(evtchn_pending_port(d, p));
    }
    evtchn_notify_guest(d, P_STORE);
    evtchn_unbind_hv(d, P_STORE, count, &calls);
    g_assert_cmpuint(calls, ==, 1);
    g_assert_cmpint(OP(d, bind_virq, .virq = VIRQ_TIMER, .vcpu = 1), ==, 0);
    evtchn_reset(d);
    g_assert_cmpuint(alloc_unbound(d, 0), ==, 1);
    harness_domain_free(d);
}

static void test_vcpu_info_moves(gconstpointer is_32bit)
{
    struct domain *d = domain_new(GPOINTER_TO_INT(is_32bit));
    struct evtchn_bind_ipi b = { .vcpu = 1 };
    vcpu_info_t *new_info = harness_page(9);
    const uint8_t *sel = (uint8_t *)new_info + (d->is_32bit ? 4 : 8);

    g_assert_cmpint(op(d, EVTCHNOP_bind_ipi, &b, sizeof(b)), ==, 0);
    d->vcpu[1]->vcpu_info = new_info;
    evtchn_vcpu_info_moved(d->vcpu[1]);
    g_assert_cmpuint(new_info->evtchn_upcall_pending, ==, 1);
    g_assert_cmpuint(new_info->evtchn_upcall_mask, ==, 0);
    for (unsigned int i = 0; i < (d->is_32bit ? 4 : 8); i++)
        g_assert_cmphex(sel[i], ==, 0xff);
    g_assert_cmphex(sel[d->is_32bit ? 4 : 8], ==, 0); /* cr2 comes next */

    memset(new_info, 0, sizeof(*new_info));
    g_assert_cmpint(OP(d, send, .port = b.port), ==, 0);
    g_assert_cmphex(sel[0], ==, 1);
    g_assert_false(selected(d, 1, b.port));

    /* vCPUs past the 32nd have none until they register it; the event waits. */
    g_assert_cmpint(OP(d, close, .port = b.port), ==, 0);
    g_assert_cmpint(op(d, EVTCHNOP_bind_ipi, &b, sizeof(b)), ==, 0);
    d->vcpu[1]->vcpu_info = NULL;
    g_assert_cmpint(OP(d, send, .port = b.port), ==, 0);
    g_assert_true(evtchn_pending_port(d, b.port));
    harness_domain_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/evtchn/answers", test_answers);
    g_test_add_func("/evtchn/bad-pointers", test_bad_pointers);
    g_test_add_func("/evtchn/old-hypercall", test_old_hypercall);
    g_test_add_data_func("/evtchn/deliver/64", GINT_TO_POINTER(false), test_deliver);
    g_test_add_data_func("/evtchn/deliver/32", GINT_TO_POINTER(true), test_deliver);
    g_test_add_data_func("/evtchn/port-limit/64", GINT_TO_POINTER(false), test_port_limit);
    g_test_add_data_func("/evtchn/port-limit/32", GINT_TO_POINTER(true), test_port_limit);
    g_test_add_func("/evtchn/no-memory", test_no_memory);
    g_test_add_func("/evtchn/loopback", test_loopback);
    g_test_add_func("/evtchn/hv-side", test_hv_side);
    g_test_add_func("/evtchn/virqs", test_virqs);
    g_test_add_func("/evtchn/reset", test_reset);
    g_test_add_data_func("/evtchn/vcpu-info-moves/64", GINT_TO_POINTER(false), test_vcpu_info_moves);
    g_test_add_data_func("/evtchn/vcpu-info-moves/32", GINT_TO_POINTER(true), test_vcpu_info_moves);
    return g_test_run();
}
