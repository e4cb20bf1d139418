/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The FIFO event ABI, seen by a guest that takes events as event_channel.h asks of it. */
#include <glib.h>

#include "evtchn.h"
#include "harness.h"
#include <xen/event_channel.h>

#define NR_VCPUS  3U
#define ARG       harness_gva(3, 40)
#define CONTROL   100U /* pfn of the control blocks' page, 128 bytes for each vCPU */
#define ARRAY     101U /* pfn of the first array page; the next ones follow */
#define PENDING   (1U << EVTCHN_FIFO_PENDING)
#define MASKED    (1U << EVTCHN_FIFO_MASKED)
#define LINKED    (1U << EVTCHN_FIFO_LINKED)
#define BUSY      (1U << EVTCHN_FIFO_BUSY)

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

static event_word_t *word(uint32_t port)
{
    return (event_word_t *)harness_page(ARRAY + port / 1024) + port % 1024;
}

static struct evtchn_fifo_control_block *control(unsigned int vcpu)
{
    return (void *)((char *)harness_page(CONTROL) + vcpu * 128);
}

static uint32_t bind_ipi(struct domain *d, unsigned int vcpu)
{
    struct evtchn_bind_ipi b = { .vcpu = vcpu };

    g_assert_cmpint(op(d, EVTCHNOP_bind_ipi, &b, sizeof(b)), ==, 0);
    return b.port;
}

static void send(struct domain *d, uint32_t port)
{
    g_assert_cmpint(OP(d, send, .port = port), ==, 0);
}

static void init_control(struct domain *d, unsigned int vcpu)
{
    struct evtchn_init_control c = { .control_gfn = harness_mfn(CONTROL), .offset = vcpu * 128, .vcpu = vcpu };

    g_assert_cmpint(op(d, EVTCHNOP_init_control, &c, sizeof(c)), ==, 0);
    g_assert_cmpuint(c.link_bits, ==, 17);
}

static struct domain *domain_new(unsigned int nr_controls, unsigned int nr_pages)
{
    struct domain *d = harness_domain_new(NR_VCPUS, false);

    g_assert_cmpint(evtchn_init(d), ==, 0);
    for (unsigned int i = 0; i < nr_controls; i++)
        init_control(d, i);
    for (unsigned int i = 0; i < nr_pages; i++)
        g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY + i)), ==, 0);
    return d;
}

/* ---- the guest's half ---- */

struct queue_heads {
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};

/* Takes the next event of v, in priority order, or returns 0. *ready is the guest's own copy of the ready bits,
 * heads the rest of each list it has begun. */
static uint32_t take(unsigned int vcpu, struct queue_heads *heads, uint32_t *ready)
{
    *ready |= __atomic_exchange_n(&control(vcpu)->ready, 0, __ATOMIC_SEQ_CST);
    while (*ready) {
        unsigned int prio = __builtin_ctz(*ready);
        uint32_t port = heads->head[prio] ? heads->head[prio] : control(vcpu)->head[prio], w, link;

        g_assert_cmpuint(port, !=, 0);
        w = __atomic_fetch_and(word(port), ~(LINKED | EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
        g_assert_true(w & LINKED);
        link = w & EVTCHN_FIFO_LINK_MASK;
        heads->head[prio] = link;
        if (!link)
            *ready &= ~(1U << prio);
        if ((*word(port) & PENDING) && !(*word(port) & MASKED)) {
            __atomic_fetch_and(word(port), ~PENDING, __ATOMIC_SEQ_CST);
            return port;
        }
    }
    return 0;
}

static void assert_takes(unsigned int vcpu, const uint32_t *ports, size_t n)
{
    struct queue_heads heads = { { 0 } };
    uint32_t ready = 0;

    for (size_t i = 0; i < n; i++)
        g_assert_cmpuint(take(vcpu, &heads, &ready), ==, ports[i]);
    g_assert_cmpuint(take(vcpu, &heads, &ready), ==, 0);
}
#define TAKES(vcpu, ...)                                                                           \
    assert_takes(vcpu, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)
#define TAKES_NOTHING(vcpu) assert_takes(vcpu, NULL, 0)

/* ---- tests ---- */

static void count(void *opaque)
{
    ++*(unsigned int *)opaque;
}

static void test_order(void)
{
    struct domain *d = domain_new(NR_VCPUS, 1);
    uint32_t a = bind_ipi(d, 0), b = bind_ipi(d, 0), c = bind_ipi(d, 1), e = bind_ipi(d, 0);

    send(d, b);
    g_assert_cmphex(control(0)->ready, ==, 1U << EVTCHN_FIFO_PRIORITY_DEFAULT);
    g_assert_cmpuint(control(0)->head[7], ==, b);
    g_assert_cmpuint(harness.upcalls[0], ==, 1);
    send(d, a);
    send(d, c);
    send(d, e);
    send(d, b); /* pending already */
    g_assert_cmpuint(harness.upcalls[0], ==, 1); /* the list was not empty */
    g_assert_cmpuint(harness.upcalls[1], ==, 1);
    g_assert_cmpuint(harness.nr_polls, ==, 4);
    g_assert_true(evtchn_pending_port(d, e));
    g_assert_false(evtchn_pending_port(d, e + 1));
    TAKES(0, b, a, e);
    TAKES(1, c);
    TAKES_NOTHING(2);
    g_assert_false(evtchn_pending_port(d, e));

    send(d, a);
    g_assert_cmpuint(harness.upcalls[0], ==, 2);
    TAKES(0, a);
    harness_domain_free(d);
}

static void test_added_while_taking(void)
{
    struct domain *d = domain_new(1, 1);
    uint32_t a = bind_ipi(d, 0), b = bind_ipi(d, 0), ready = 0;
    struct queue_heads heads = { { 0 } };

    send(d, a);
    send(d, b);
    g_assert_cmpuint(take(0, &heads, &ready), ==, a);
    send(d, a); /* behind b, which is still linked */
    g_assert_cmphex(control(0)->ready, ==, 0);
    g_assert_cmpuint(take(0, &heads, &ready), ==, b);
    g_assert_cmpuint(take(0, &heads, &ready), ==, a);
    send(d, a); /* it was the tail itself: a new list */
    g_assert_cmpuint(take(0, &heads, &ready), ==, a);
    g_assert_cmpuint(take(0, &heads, &ready), ==, 0);
    harness_domain_free(d);
}

static void test_mask(void)
{
    struct domain *d = domain_new(1, 1);
    uint32_t a = bind_ipi(d, 0), b = bind_ipi(d, 0);

    *word(a) |= MASKED;
    send(d, a);
    g_assert_cmphex(*word(a), ==, PENDING | MASKED);
    g_assert_cmpuint(harness.upcalls[0], ==, 0);
    g_assert_cmpuint(harness.nr_polls, ==, 1);
    g_assert_cmpint(OP(d, unmask, .port = b), ==, 0); /* not pending */
    g_assert_cmpuint(harness.upcalls[0], ==, 0);
    g_assert_cmpint(OP(d, unmask, .port = a), ==, 0);
    g_assert_cmpuint(harness.upcalls[0], ==, 1);
    TAKES(0, a);

    /* Masked while linked: the guest drops it from the list, unmasking links it again. */
    send(d, a);
    *word(a) |= MASKED;
    TAKES_NOTHING(0);
    g_assert_cmpint(OP(d, unmask, .port = a), ==, 0);
    TAKES(0, a);
    harness_domain_free(d);
}

static void test_priority(void)
{
    struct domain *d = domain_new(1, 1);
    uint32_t low = bind_ipi(d, 0), def = bind_ipi(d, 0), high = bind_ipi(d, 0);

    g_assert_cmpint(OP(d, set_priority, .port = low, .priority = 16), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, set_priority, .port = low, .priority = ~0U), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, set_priority, .port = 4000, .priority = 1), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, set_priority, .port = low, .priority = 15), ==, 0);
    g_assert_cmpint(OP(d, set_priority, .port = high, .priority = 0), ==, 0);
    send(d, low);
    send(d, def);
    send(d, high);
    g_assert_cmphex(control(0)->ready, ==, 1U << 15 | 1U << 7 | 1U << 0);
    TAKES(0, high, def, low);

    /* A change waits for the next event: this one is in its queue already. */
    send(d, low);
    g_assert_cmpint(OP(d, set_priority, .port = low, .priority = 3), ==, 0);
    send(d, low);
    g_assert_cmphex(control(0)->ready, ==, 1U << 15);
    TAKES(0, low);
    send(d, low);
    g_assert_cmphex(control(0)->ready, ==, 1U << 3);
    TAKES(0, low);

    /* A new owner of the number starts with the default. */
    g_assert_cmpint(OP(d, close, .port = low), ==, 0);
    g_assert_cmpuint(bind_ipi(d, 0), ==, low);
    send(d, low);
    g_assert_cmphex(control(0)->ready, ==, 1U << 7);
    harness_domain_free(d);
}

/* A port that was the tail of one queue and moves to another must not be taken for the first one's tail. */
static void test_moves_between_queues(void)
{
    struct domain *d = domain_new(NR_VCPUS, 1);
    struct evtchn_alloc_unbound un = { .dom = DOMID_SELF, .remote_dom = 0 };
    uint32_t moving, stay = bind_ipi(d, 0);
    unsigned int calls = 0;

    g_assert_cmpint(op(d, EVTCHNOP_alloc_unbound, &un, sizeof(un)), ==, 0);
    moving = un.port;
    g_assert_cmpint(evtchn_bind_hv(d, moving, count, &calls), ==, 0);

    evtchn_notify_guest(d, moving);
    TAKES(0, moving);
    g_assert_cmpint(OP(d, bind_vcpu, .port = moving, .vcpu = 1), ==, 0);
    evtchn_notify_guest(d, moving);
    send(d, stay); /* vCPU 0's tail was 'moving', which is linked, but on vCPU 1 */
    TAKES(0, stay);
    TAKES(1, moving);

    g_assert_cmpint(OP(d, set_priority, .port = moving, .priority = 2), ==, 0);
    evtchn_notify_guest(d, moving);
    TAKES(1, moving);
    g_assert_cmpint(OP(d, bind_vcpu, .port = moving, .vcpu = 0), ==, 0);
    evtchn_notify_guest(d, moving);
    send(d, stay);
    TAKES(0, moving, stay);
    harness_domain_free(d);
}

static void test_from_2_level(void)
{
    struct domain *d = harness_domain_new(NR_VCPUS, false);
    uint32_t a, b, c;

    g_assert_cmpint(evtchn_init(d), ==, 0);
    a = bind_ipi(d, 0);
    b = bind_ipi(d, 1);
    c = bind_ipi(d, 0);
    send(d, a);
    send(d, b);
    init_control(d, 0);
    g_assert_true(evtchn_pending_port(d, a));
    g_assert_cmpuint(evtchn_pending_port(d, c), ==, false);
    send(d, c); /* no array yet */
    g_assert_true(evtchn_pending_port(d, c));
    g_assert_cmpint(OP(d, unmask, .port = c), ==, 0);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY)), ==, 0);
    TAKES(0, a, c);
    /* vCPU 1 has no control block: its event stays pending until one comes and it is unmasked or sent again. */
    g_assert_cmphex(*word(b), ==, PENDING);
    init_control(d, 1);
    send(d, b);
    TAKES(1, b);

    harness_domain_free(d);
}

static void test_closed_early(void)
{
    struct domain *d = domain_new(1, 0);
    uint32_t a = bind_ipi(d, 0);

    send(d, a);
    g_assert_cmpint(OP(d, close, .port = a), ==, 0);
    g_assert_cmpuint(bind_ipi(d, 0), ==, a);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY)), ==, 0);
    TAKES_NOTHING(0);
    harness_domain_free(d);
}

static void test_close_linked(void)
{
    struct domain *d = domain_new(1, 1);
    uint32_t a = bind_ipi(d, 0), b = bind_ipi(d, 0), c;

    send(d, a);
    send(d, b);
    g_assert_cmpint(OP(d, close, .port = a), ==, 0);
    g_assert_cmphex(*word(a) & (PENDING | LINKED), ==, LINKED);
    c = bind_ipi(d, 0); /* a's number is still in the guest's queue */
    g_assert_cmpuint(c, ==, b + 1);
    TAKES(0, b);
    g_assert_cmpuint(bind_ipi(d, 0), ==, a);
    harness_domain_free(d);
}

static void test_limits(void)
{
    struct domain *d = domain_new(1, 0);
    uint32_t port = 0;
    struct evtchn_bind_ipi b = { .vcpu = 0 };

    g_assert_cmpint(OP(d, init_control, .control_gfn = harness_mfn(CONTROL), .vcpu = 0), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, init_control, .control_gfn = 3, .vcpu = 1), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = 3), ==, -XEN_EINVAL);
    harness.top_table_mfn = harness_mfn(700);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(700)), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, init_control, .control_gfn = harness_mfn(700), .vcpu = 1), ==, -XEN_EINVAL);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = 1ULL << 52), ==, -XEN_EINVAL);
    for (unsigned int i = 0; i < 128; i++)
        g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY + i)), ==, 0);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY)), ==, -XEN_ENOSPC);
    while (op(d, EVTCHNOP_bind_ipi, &b, sizeof(b)) == 0)
        port = b.port;
    g_assert_cmpuint(port, ==, 4095);
    send(d, port);
    TAKES(0, port);
    harness_domain_free(d);
}

static void test_no_memory(void)
{
    struct domain *d = harness_domain_new(NR_VCPUS, false);
    uint32_t a;

    g_assert_cmpint(evtchn_init(d), ==, 0);
    a = bind_ipi(d, 0);
    harness.fail_alloc_after = 0;
    g_assert_cmpint(OP(d, init_control, .control_gfn = harness_mfn(CONTROL)), ==, -XEN_ENOMEM);
    send(d, a); /* the 2-level ABI goes on */
    g_assert_cmphex(d->shared_info->evtchn_pending[0], ==, 1ULL << a);
    harness_domain_free(d);
}

static void test_reset(void)
{
    struct domain *d = domain_new(2, 1);
    uint32_t a = bind_ipi(d, 0);
    size_t blocks;

    send(d, a);
    blocks = harness_live_blocks();
    g_assert_cmpint(OP(d, reset, .dom = DOMID_SELF), ==, 0);
    g_assert_cmpuint(harness_live_blocks(), ==, blocks - 1);
    memset(harness_page(CONTROL), 0, PAGE_SIZE);
    memset(harness_page(ARRAY), 0, PAGE_SIZE);
    a = bind_ipi(d, 0);
    send(d, a);
    g_assert_cmphex(d->shared_info->evtchn_pending[0], ==, 1ULL << a);
    g_assert_cmphex(*word(a), ==, 0);
    /* And the FIFO ABI once more, as a kexec'ed kernel does. */
    init_control(d, 1);
    init_control(d, 0);
    g_assert_cmpint(OP(d, expand_array, .array_gfn = harness_mfn(ARRAY)), ==, 0);
    TAKES(0, a);
    harness_domain_free(d);
}

/* Garbage in the guest's words may cost the guest its events, and nothing else. */
static void test_garbage(void)
{
    struct domain *d = domain_new(NR_VCPUS, 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    uint32_t ports[40];

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++)
        ports[i] = bind_ipi(d, i % NR_VCPUS);
    for (int i = 0; i < 20000; i++) {
        uint32_t port = ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))];

        *word(g_rand_int_range(rand, 0, 1024)) = g_rand_int(rand);
        if (i % 100 == 0)
            memset(control(i % NR_VCPUS), g_rand_int(rand), 72);
        if (i % 3)
            send(d, port);
        else
            g_assert_cmpint(OP(d, unmask, .port = port), ==, 0);
    }
    harness_domain_free(d);
}

/* A guest CPU takes events while hv adds them. Every event sent after the last take of its port arrives. */
struct race {
    GThread *thread;
    struct domain *d;
    uint32_t ports[8];
    uint32_t taken[16];
    bool stop;
};

static void *taker(void *opaque)
{
    struct race *r = opaque;
    struct queue_heads heads = { { 0 } };
    uint32_t ready = 0, port;

    for (;;) {
        bool stop = __atomic_load_n(&r->stop, __ATOMIC_SEQ_CST);

        while ((port = take(0, &heads, &ready)) != 0)
            __atomic_fetch_add(&r->taken[port], 1, __ATOMIC_SEQ_CST);
        if (stop)
            return NULL;
    }
}

static void test_race(void)
{
    struct race r = { .d = domain_new(1, 1) };
    uint32_t sent = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(r.ports); i++)
        r.ports[i] = bind_ipi(r.d, 0);
    r.thread = g_thread_new("guest", taker, &r);
    for (int i = 0; i < 30000; i++)
        for (size_t p = 0; p < G_N_ELEMENTS(r.ports); p += 1 + i % 3, sent++)
            g_assert_cmpint(OP(r.d, send, .port = r.ports[p]), ==, 0);
    __atomic_store_n(&r.stop, true, __ATOMIC_SEQ_CST);
    g_thread_join(r.thread);
    for (size_t p = 0; p < G_N_ELEMENTS(r.ports); p++) {
        g_assert_cmphex(*word(r.ports[p]), ==, 0);
        g_assert_cmpuint(r.taken[r.ports[p]], >, 0);
    }
    harness_domain_free(r.d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/evtchn-fifo/order", test_order);
    g_test_add_func("/evtchn-fifo/added-while-taking", test_added_while_taking);
    g_test_add_func("/evtchn-fifo/mask", test_mask);
    g_test_add_func("/evtchn-fifo/priority", test_priority);
    g_test_add_func("/evtchn-fifo/moves-between-queues", test_moves_between_queues);
    g_test_add_func("/evtchn-fifo/from-2-level", test_from_2_level);
    g_test_add_func("/evtchn-fifo/closed-early", test_closed_early);
    g_test_add_func("/evtchn-fifo/close-linked", test_close_linked);
    g_test_add_func("/evtchn-fifo/limits", test_limits);
    g_test_add_func("/evtchn-fifo/no-memory", test_no_memory);
    g_test_add_func("/evtchn-fifo/reset", test_reset);
    g_test_add_func("/evtchn-fifo/garbage", test_garbage);
    g_test_add_func("/evtchn-fifo/race", test_race);
    return g_test_run();
}
