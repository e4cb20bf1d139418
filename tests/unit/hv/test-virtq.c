/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split virtqueues against a device that follows virtio 1.2, and against ones that do not. */
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtq.h"
#include <glib.h>

struct rig {
    struct domain *d;
    struct fake_queue q;
    unsigned int nr_broken;
};

static void notify(void *opaque)
{
    ((struct rig *)opaque)->q.nr_kicks++;
}

static void broken(void *opaque, const char *why)
{
    g_assert_nonnull(why);
    ((struct rig *)opaque)->nr_broken++;
}

static void setup(struct rig *r, unsigned int size, bool event_idx)
{
    struct virtq_owner owner = { .notify = notify, .broken = broken, .opaque = r };

    *r = (struct rig){ .d = harness_domain_new(1, false) };
    r->q.vq = virtq_new(size, event_idx, &owner);
    g_assert_nonnull(r->q.vq);
}

static void teardown(struct rig *r)
{
    virtq_free(r->q.vq);
    g_assert_cmpuint(harness_live_blocks(), ==, 0);
    harness_domain_free(r->d);
}

static int add(struct rig *r, unsigned int nr_out, unsigned int nr_in, uintptr_t cookie)
{
    struct virtio_sg sg[300];

    for (unsigned int i = 0; i < nr_out + nr_in; i++)
        sg[i] = (struct virtio_sg){ .addr = virt_to_paddr(harness_page(i)), .len = 16 + i };
    return virtq_add(r->q.vq, sg, nr_out, sg + nr_out, nr_in, (void *)cookie);
}

static uintptr_t pop(struct rig *r)
{
    uint32_t len;

    return (uintptr_t)virtq_pop(r->q.vq, &len);
}

static void test_order(gconstpointer event_idx)
{
    struct fake_chain c;
    struct rig r;
    uint32_t len;

    setup(&r, 8, GPOINTER_TO_INT(event_idx));
    g_assert_cmpint(add(&r, 1, 2, 1), ==, 0);
    g_assert_cmpint(add(&r, 2, 1, 2), ==, 0);
    g_assert_false(fake_queue_take(&r.q, &c)); /* not before the kick */
    virtq_kick(r.q.vq);
    g_assert_cmpuint(r.q.nr_kicks, ==, 1);
    virtq_kick(r.q.vq);
    g_assert_cmpuint(r.q.nr_kicks, ==, 1); /* nothing new */

    g_assert_true(fake_queue_take(&r.q, &c));
    g_assert_cmpuint(c.nr, ==, 3);
    g_assert_true(c.seg[1].writable && c.seg[1].len == 17);
    fake_queue_return(&r.q, c.head, 33);
    g_assert_true(fake_queue_take(&r.q, &c));
    g_assert_true(!c.seg[1].writable && c.seg[2].writable);
    fake_queue_return(&r.q, c.head, 1);

    g_assert_true(virtq_pending(r.q.vq));
    g_assert_true(virtq_pop(r.q.vq, &len) == (void *)1);
    g_assert_cmpuint(len, ==, 33);
    g_assert_cmpuint(pop(&r), ==, 2);
    g_assert_cmpuint(pop(&r), ==, 0);
    g_assert_cmpuint(virtq_free_slots(r.q.vq), ==, 8);
    teardown(&r);
}

static void test_full(void)
{
    struct fake_chain c;
    struct rig r;

    setup(&r, 8, true);
    g_assert_cmpint(add(&r, 4, 3, 1), ==, 0);
    g_assert_cmpint(add(&r, 1, 1, 2), ==, -XEN_ENOSPC);
    g_assert_cmpint(add(&r, 0, 1, 3), ==, 0);
    g_assert_cmpint(add(&r, 1, 0, 4), ==, -XEN_ENOSPC);
    virtq_kick(r.q.vq);
    g_assert_true(fake_queue_take(&r.q, &c));
    g_assert_cmpuint(c.nr, ==, 7);
    fake_queue_return(&r.q, c.head, 0);
    g_assert_cmpuint(pop(&r), ==, 1);
    g_assert_cmpuint(virtq_free_slots(r.q.vq), ==, 7);
    g_assert_cmpint(add(&r, 7, 0, 4), ==, 0);
    teardown(&r);
}

/* Chains of random length, returned in random order, until all 16-bit indices have wrapped. */
static void test_wrap(gconstpointer event_idx)
{
    struct fake_chain held[32];
    unsigned int nr_held = 0;
    bool busy[33] = { false };
    struct rig r;

    setup(&r, 32, GPOINTER_TO_INT(event_idx));
    for (unsigned int round = 0; round < 200000 && !g_test_failed(); round++) {
        unsigned int nr = 1 + g_random_int_range(0, 5), cookie = 1;

        while (cookie <= 32 && busy[cookie])
            cookie++;
        if (cookie <= 32 && add(&r, nr, round & 1, cookie) == 0)
            busy[cookie] = true;
        virtq_kick(r.q.vq);
        while (nr_held < 32 && fake_queue_take(&r.q, &held[nr_held]))
            nr_held++;
        if (nr_held > 0 && g_random_boolean()) {
            unsigned int i = g_random_int_range(0, nr_held);

            fake_queue_return(&r.q, held[i].head, 0);
            held[i] = held[--nr_held];
            cookie = pop(&r);
            g_assert_true(cookie >= 1 && cookie <= 32 && busy[cookie]);
            busy[cookie] = false;
        }
    }
    g_assert_cmpuint(r.nr_broken, ==, 0);
    teardown(&r);
}

static void test_event_idx(void)
{
    struct virtq_avail *avail;
    struct fake_chain c;
    uint16_t *used_event, *avail_event;
    struct rig r;

    setup(&r, 8, true);
    avail = virtq_avail_area(r.q.vq);
    used_event = &avail->ring[8];
    avail_event = (uint16_t *)&virtq_used_area(r.q.vq)->ring[8];

    *avail_event = 1; /* wake me for the second one */
    add(&r, 1, 0, 1);
    virtq_kick(r.q.vq);
    g_assert_cmpuint(r.q.nr_kicks, ==, 0);
    add(&r, 1, 0, 2);
    add(&r, 1, 0, 3);
    virtq_kick(r.q.vq);
    g_assert_cmpuint(r.q.nr_kicks, ==, 1);

    for (unsigned int i = 0; i < 2; i++) {
        fake_queue_take(&r.q, &c);
        fake_queue_return(&r.q, c.head, 0);
    }
    virtq_disable_cb(r.q.vq);
    while (pop(&r))
        ;
    g_assert_cmpuint(*used_event, ==, 0); /* as it was: the device has passed it */
    g_assert_true(virtq_enable_cb(r.q.vq));
    g_assert_cmpuint(*used_event, ==, 2);
    fake_queue_take(&r.q, &c);
    fake_queue_return(&r.q, c.head, 0);
    g_assert_false(virtq_enable_cb(r.q.vq)); /* more is there already */
    g_assert_cmpuint(pop(&r), ==, 3);
    g_assert_cmpuint(pop(&r), ==, 0);
    g_assert_cmpuint(*used_event, ==, 3); /* an empty pop asks for the next */
    teardown(&r);
}

static void test_no_event_idx(void)
{
    struct rig r;

    setup(&r, 8, false);
    virtq_used_area(r.q.vq)->flags = VIRTQ_USED_F_NO_NOTIFY;
    add(&r, 1, 0, 1);
    virtq_kick(r.q.vq);
    g_assert_cmpuint(r.q.nr_kicks, ==, 0);
    virtq_disable_cb(r.q.vq);
    g_assert_cmpuint(virtq_avail_area(r.q.vq)->flags, ==, VIRTQ_AVAIL_F_NO_INTERRUPT);
    g_assert_true(virtq_enable_cb(r.q.vq));
    g_assert_cmpuint(virtq_avail_area(r.q.vq)->flags, ==, 0);
    teardown(&r);
}

/* ---- devices that are wrong ---- */

static void check_broken(struct rig *r)
{
    g_assert_cmpuint(pop(r), ==, 0);
    g_assert_cmpuint(r->nr_broken, ==, 1);
    g_assert_cmpuint(pop(r), ==, 0); /* said once, and for good */
    g_assert_cmpuint(r->nr_broken, ==, 1);
    g_assert_false(virtq_pending(r->q.vq));
    r->q.nr_kicks = 0;
    add(r, 1, 0, 9);
    virtq_kick(r->q.vq);
    g_assert_cmpuint(r->q.nr_kicks, ==, 0);
}

struct bad_used {
    const char *path;
    uint32_t id;
    uint16_t advance;
};

static const struct bad_used bad_used[] = {
    { "/virtq/bad/id-beyond-queue", 8, 1 },
    { "/virtq/bad/id-huge", 0xffffffff, 1 },
    { "/virtq/bad/id-not-out", 5, 1 },
    { "/virtq/bad/id-middle-of-chain", 1, 1 },
    { "/virtq/bad/index-ahead", 0, 2 },
    { "/virtq/bad/index-far-ahead", 0, 0x8000 },
    { "/virtq/bad/index-behind", 0, 0xffff },
};

static void test_bad_used(gconstpointer data)
{
    const struct bad_used *bad = data;
    struct virtq_used *used;
    struct rig r;

    setup(&r, 8, true);
    add(&r, 2, 1, 1);
    virtq_kick(r.q.vq);
    used = virtq_used_area(r.q.vq);
    used->ring[0] = (struct virtq_used_elem){ .id = bad->id };
    used->idx += bad->advance;
    check_broken(&r);
    teardown(&r);
}

static void test_returned_twice(void)
{
    struct fake_chain c;
    struct rig r;

    setup(&r, 8, true);
    add(&r, 1, 0, 1);
    add(&r, 1, 0, 2);
    virtq_kick(r.q.vq);
    fake_queue_take(&r.q, &c);
    fake_queue_return(&r.q, c.head, 0);
    fake_queue_return(&r.q, c.head, 0);
    g_assert_cmpuint(pop(&r), ==, 1);
    check_broken(&r);
    teardown(&r);
}

static void test_no_memory(void)
{
    struct virtq_owner owner = { .notify = notify, .broken = broken };
    struct domain *d = harness_domain_new(1, false);

    for (int i = 0; i < 3; i++) {
        harness.fail_alloc_after = i;
        g_assert_null(virtq_new(8, true, &owner));
        g_assert_cmpuint(harness_live_blocks(), ==, 0);
    }
    harness_domain_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/virtq/order", GINT_TO_POINTER(false), test_order);
    g_test_add_data_func("/virtq/order-event-idx", GINT_TO_POINTER(true), test_order);
    g_test_add_func("/virtq/full", test_full);
    g_test_add_data_func("/virtq/wrap", GINT_TO_POINTER(false), test_wrap);
    g_test_add_data_func("/virtq/wrap-event-idx", GINT_TO_POINTER(true), test_wrap);
    g_test_add_func("/virtq/event-idx", test_event_idx);
    g_test_add_func("/virtq/no-event-idx", test_no_event_idx);
    for (unsigned int i = 0; i < G_N_ELEMENTS(bad_used); i++)
        g_test_add_data_func(bad_used[i].path, &bad_used[i], test_bad_used);
    g_test_add_func("/virtq/bad/returned-twice", test_returned_twice);
    g_test_add_func("/virtq/no-memory", test_no_memory);
    return g_test_run();
}
