/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-virtio.h"

#include "harness.h"
#include "virtio/virtq.h"
#include <glib.h>

/* Frees and allocations of hv's side are the harness's; physical addresses are its too. */
static uint8_t *phys(paddr_t addr)
{
    return (uint8_t *)mfn_to_virt(addr >> PAGE_SHIFT) + (addr & ~PAGE_MASK);
}

bool fake_queue_take(struct fake_queue *q, struct fake_chain *ret)
{
    unsigned int size = virtq_size(q->vq);
    const struct virtq_avail *avail = virtq_avail_area(q->vq);
    const struct virtq_desc *desc = virtq_desc_area(q->vq);
    bool seen_writable = false;
    uint16_t i;

    if (q->last_avail == avail->idx)
        return false;
    g_assert_cmpuint((uint16_t)(avail->idx - q->last_avail), <=, size);
    i = avail->ring[q->last_avail++ % size];
    *ret = (struct fake_chain){ .head = i };
    for (;;) {
        bool writable;

        g_assert_cmpuint(i, <, size);
        g_assert_cmpuint(ret->nr, <, MIN(size, FAKE_MAX_SEGS));
        g_assert_cmpuint(desc[i].len, >, 0);
        writable = desc[i].flags & VIRTQ_DESC_F_WRITE;
        g_assert_true(writable || !seen_writable); /* 2.7.4.2 */
        seen_writable |= writable;
        ret->seg[ret->nr++] =
            (struct fake_seg){ .p = phys(desc[i].addr), .len = desc[i].len, .writable = writable };
        if (!(desc[i].flags & VIRTQ_DESC_F_NEXT))
            break;
        i = desc[i].next;
    }
    return true;
}

void fake_queue_return(struct fake_queue *q, uint32_t id, uint32_t len)
{
    struct virtq_used *used = virtq_used_area(q->vq);

    used->ring[used->idx % virtq_size(q->vq)] = (struct virtq_used_elem){ .id = id, .len = len };
    used->idx++;
}

uint32_t fake_chain_len(const struct fake_chain *c, bool writable)
{
    uint32_t len = 0;

    for (unsigned int i = 0; i < c->nr; i++)
        if (c->seg[i].writable == writable)
            len += c->seg[i].len;
    return len;
}

static void chain_copy(const struct fake_chain *c, bool writable, uint32_t at, uint8_t *buf,
                       uint32_t len)
{
    for (unsigned int i = 0; i < c->nr && len > 0; i++) {
        uint32_t n;

        if (c->seg[i].writable != writable)
            continue;
        if (at >= c->seg[i].len) {
            at -= c->seg[i].len;
            continue;
        }
        n = MIN(len, c->seg[i].len - at);
        if (writable)
            memcpy(c->seg[i].p + at, buf, n);
        else
            memcpy(buf, c->seg[i].p + at, n);
        buf += n;
        len -= n;
        at = 0;
    }
    g_assert_cmpuint(len, ==, 0);
}

void fake_chain_read(const struct fake_chain *c, uint32_t at, void *buf, uint32_t len)
{
    chain_copy(c, false, at, buf, len);
}

void fake_chain_write(const struct fake_chain *c, uint32_t at, const void *buf, uint32_t len)
{
    chain_copy(c, true, at, (uint8_t *)buf, len);
}

/* ---- the device ---- */

struct fake_virtio fake_virtio;

static struct {
    void (*used)(void *opaque);
    void *opaque;
    struct softirq *work; /* of a parallel queue */
} users[FAKE_QUEUES];
static void (*config_fn)(void *opaque);
static void *config_opaque;

struct virtio_dev {
    int only;
};
static struct virtio_dev the_dev;

void fake_virtio_init(uint16_t device_id, uint64_t offered)
{
    fake_virtio = (struct fake_virtio){
        .device_id = device_id, .offered = offered, .queue_size = 256, .event_idx = true
    };
    memset(users, 0, sizeof(users));
    config_fn = NULL;
}

void fake_virtio_interrupt(void)
{
    for (unsigned int i = 0; i < G_N_ELEMENTS(users); i++)
        if (fake_virtio.queue[i].vq && (fake_virtio.broken || virtq_pending(fake_virtio.queue[i].vq))) {
            if (users[i].work)
                softirq_raise(users[i].work);
            else if (users[i].used)
                users[i].used(users[i].opaque);
        }
    harness_run_softirqs();
}

void fake_virtio_config_change(void)
{
    if (config_fn)
        config_fn(config_opaque);
}

static void kicked(void *opaque)
{
    struct fake_queue *q = opaque;

    g_assert_true(fake_virtio.started);
    q->nr_kicks++;
}

static void broke(void *opaque, const char *why)
{
    fake_virtio.broken = true;
}

int virtio_open(uint16_t bdf, uint16_t device_id, struct virtio_dev **ret)
{
    if (bdf != FAKE_BDF || device_id != fake_virtio.device_id)
        return -XEN_ENODEV;
    g_assert_false(fake_virtio.open);
    fake_virtio.open = true;
    *ret = &the_dev;
    return 0;
}

int virtio_open_first(uint16_t device_id, struct virtio_dev **ret)
{
    return virtio_open(FAKE_BDF, device_id, ret);
}

void virtio_close(struct virtio_dev *vd)
{
    if (!vd)
        return;
    virtio_reset(vd);
    fake_virtio.open = false;
}

void virtio_reset(struct virtio_dev *vd)
{
    for (unsigned int i = 0; i < G_N_ELEMENTS(users); i++) {
        virtq_free(fake_virtio.queue[i].vq);
        fake_virtio.queue[i] = (struct fake_queue){ 0 };
        if (users[i].work)
            softirq_cancel(users[i].work);
        users[i].work = NULL;
        users[i].used = NULL;
    }
    fake_virtio.started = false;
    fake_virtio.nr_resets++;
}

uint64_t virtio_features(struct virtio_dev *vd)
{
    return fake_virtio.offered;
}

uint64_t virtio_negotiate(struct virtio_dev *vd, uint64_t wanted)
{
    virtio_reset(vd);
    fake_virtio.broken = false;
    fake_virtio.agreed = (fake_virtio.offered & wanted) | VIRTIO_BIT(32);
    return fake_virtio.agreed;
}

void virtio_read_config(struct virtio_dev *vd, unsigned int offset, void *buf, size_t len)
{
    g_assert_cmpuint(offset + len, <=, sizeof(fake_virtio.config));
    memcpy(buf, fake_virtio.config + offset, len);
}

void virtio_on_config(struct virtio_dev *vd, void (*fn)(void *), void *opaque)
{
    config_fn = fn;
    config_opaque = opaque;
}

static struct virtq *queue_new(unsigned int index, unsigned int max_size)
{
    struct virtq_owner owner = {
        .notify = kicked, .broken = broke, .opaque = &fake_virtio.queue[index]
    };

    g_assert_cmpuint(index, <, FAKE_QUEUES);
    g_assert_false(fake_virtio.started);
    fake_virtio.queue[index] = (struct fake_queue){
        .vq = virtq_new(MIN(fake_virtio.queue_size, max_size), fake_virtio.event_idx, &owner)
    };
    return fake_virtio.queue[index].vq;
}

struct virtq *virtio_queue(struct virtio_dev *vd, unsigned int index, unsigned int max_size,
                           void (*used)(void *), void *opaque)
{
    users[index].used = used;
    users[index].opaque = opaque;
    return queue_new(index, max_size);
}

struct virtq *virtio_queue_parallel(struct virtio_dev *vd, unsigned int index, unsigned int max_size,
                                    struct softirq *work, const struct vcpu *v)
{
    g_assert_true(work->parallel);
    users[index].work = work;
    fake_virtio.vcpu[index] = v;
    return queue_new(index, max_size);
}

void virtio_start(struct virtio_dev *vd)
{
    fake_virtio.started = true;
}

bool virtio_broken(const struct virtio_dev *vd)
{
    return fake_virtio.broken;
}
