/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block back end under a hostile front end and a disk that answers anything. Input: a header byte for the layout
 * and the ring's size, then records of a command byte and what it needs. Whatever happens, nothing outside the disk is
 * asked for, and in the end every grant, block and queue entry is back.
 */
#include "dev/blkif-abi.h"
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-blk.h"
#include <glib.h>
#include <xen/io/protocols.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAPACITY 4096U
#define RING_PFN 900U
#define PORT     2U

struct state {
    const uint8_t *data;
    size_t size;
    const struct blkif_abi *abi;
    unsigned int nr_pages;
};

static uint8_t take(struct state *s)
{
    if (!s->size)
        return 0;
    s->size--;
    return *s->data++;
}

static uint32_t *ring(void)
{
    return harness_page(RING_PFN);
}

/* Small numbers are near what is valid; large ones need the high bit. */
static uint64_t take_sector(struct state *s)
{
    uint8_t b = take(s);

    return b & 0x80 ? ~(uint64_t)(b & 0x7f) : b * 33U;
}

/* A request that may well be good. */
static void put_request(struct state *s)
{
    unsigned int nr_entries = 1, nr;
    uint8_t *e;
    uint64_t sector;

    while (64 + nr_entries * 2 * s->abi->entry_size <= s->nr_pages * PAGE_SIZE)
        nr_entries *= 2;
    e = (uint8_t *)ring() + 64 + (ring()[0]++ & (nr_entries - 1)) * s->abi->entry_size;
    e[0] = take(s) % 9;
    nr = e[1] = take(s) % 14;
    sector = take_sector(s);
    memcpy(e + s->abi->sector, &sector, 8);
    if (e[0] == BLKIF_OP_INDIRECT) {
        uint32_t ref = FAKE_REF_BASE + 800 + take(s) % 4;

        e[2] = take(s);
        e[3] = take(s) & 1;
        memcpy(e + s->abi->indirect_sector, &sector, 8);
        for (unsigned int i = 0; i < 8; i++)
            memcpy(e + s->abi->indirect_grefs + 4 * i, &ref, 4);
        return;
    }
    if (e[0] == BLKIF_OP_DISCARD) {
        sector = take_sector(s);
        memcpy(e + s->abi->discard_nr, &sector, 8);
        return;
    }
    for (unsigned int i = 0; i < MIN(nr, 11U); i++) {
        struct blkif_request_segment seg = { .gref = FAKE_REF_BASE + take(s) % 64 };
        uint8_t range = take(s);

        seg.first_sect = range & 15;
        seg.last_sect = range >> 4;
        memcpy(e + s->abi->segments + i * sizeof(seg), &seg, sizeof(seg));
    }
}

static void scribble(struct state *s, unsigned int pfn, unsigned int max)
{
    unsigned int at = (take(s) | take(s) << 8) % max;
    uint8_t *p = harness_page(pfn);

    for (unsigned int n = take(s) % 16; n > 0 && at < max; n--)
        p[at++] = take(s);
}

static void serve(struct state *s)
{
    unsigned int nr = take(s) % 8;
    uint8_t status = take(s) % 4;
    struct fake_chain c;

    while (nr-- > 0 && fake_queue_take(&fake_virtio.queue[0], &c)) {
        struct virtio_blk_header h;
        uint32_t in = fake_chain_len(&c, true) - 1, out = fake_chain_len(&c, false) - sizeof(h);

        fake_chain_read(&c, 0, &h, sizeof(h));
        if (h.type == VIRTIO_BLK_T_IN || h.type == VIRTIO_BLK_T_OUT)
            g_assert_true((in + out) % 512 == 0 && h.sector <= CAPACITY &&
                          (in + out) / 512 <= CAPACITY - h.sector);
        for (unsigned int i = 0; i < c.nr; i++)
            if (c.seg[i].writable)
                memset(c.seg[i].p, status, c.seg[i].len);
        fake_queue_return(&fake_virtio.queue[0], c.head, in + 1);
    }
    fake_virtio_interrupt();
}

static void misbehave(struct state *s)
{
    fake_queue_return(&fake_virtio.queue[0], take(s), take(s));
    fake_virtio_interrupt();
}

/* As xenbus/backend.c does when a device was failed, or a front end starts anew. */
static void reconnect(struct state *s)
{
    if (fake_backend.nr_bound > 0)
        blkback_type.disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    memset(ring(), 0, 4 * PAGE_SIZE);
    ring()[1] = ring()[3] = 1;
    fake_backend.nr_fails = 0;
    blkback_type.connect(&fake_backend.dev);
}

static void step(struct state *s)
{
    uint8_t command = take(s);

    if (fake_backend.nr_bound == 0 || fake_backend.nr_fails > 0)
        reconnect(s);
    if (fake_backend.nr_bound == 0)
        return;
    switch (command % 12) {
    case 0:
        scribble(s, RING_PFN, s->nr_pages * PAGE_SIZE);
        break;
    case 1:
        scribble(s, 800, 4 * PAGE_SIZE); /* segments of indirect requests */
        break;
    case 2:
        fake_grant_set(FAKE_REF_BASE + take(s) % 64, take(s) % 3);
        break;
    case 3:
        fake_grant_limit(FAKE_REF_BASE + take(s) % 64, take(s) * 16, take(s) * 16);
        break;
    case 4:
        misbehave(s);
        break;
    case 5:
        harness.fail_alloc_after = take(s) % 16 - 1;
        break;
    case 6:
        reconnect(s);
        break;
    case 7:
    case 8:
        serve(s);
        break;
    case 9:
        fake_guest_send(PORT);
        break;
    default:
        put_request(s);
        break;
    }
    harness_run_softirqs();
}

static void setup(struct state *s)
{
    static const uint32_t config[] = { CAPACITY, 0, 0, 254, 0, 512, 0, 0, 0, 1000, 1, 8 };
    struct domain *d = harness_domain_new(1, false);
    uint8_t kind = take(s);

    s->abi = kind & 1 ? &blkif_abi_x86_32 : &blkif_abi_x86_64;
    s->nr_pages = kind & 2 ? 4 : 1;
    fake_virtio_init(VIRTIO_ID_BLOCK, VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_DISCARD);
    fake_virtio.queue_size = kind & 4 ? 32 : 256;
    memcpy(fake_virtio.config, config, sizeof(config));
    fake_backend_init(d, &blkback_type);
    fake_backend_set("mode", kind & 8 ? "r" : "w");
    fake_frontend_set("event-channel", "%u", PORT);
    fake_frontend_set("protocol", "%s", s->abi->protocol);
    fake_frontend_set("ring-page-order", "%u", s->nr_pages == 4 ? 2U : 0U);
    for (unsigned int i = 0; i < s->nr_pages; i++) {
        g_autofree char *key = g_strdup_printf("ring-ref%u", i);

        fake_frontend_set(key, "%u", FAKE_REF_BASE + RING_PFN + i);
    }
    g_assert_cmpint(blkback_type.probe(&fake_backend.dev), ==, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = { .data = data, .size = size };

    setup(&s);
    while (s.size > 0)
        step(&s);
    if (fake_backend.nr_bound > 0)
        blkback_type.disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    blkback_type.remove(&fake_backend.dev);
    g_assert_cmpuint(harness_live_blocks(), ==, 0);
    fake_backend_clear();
    harness_domain_free(fake_backend.dev.domain);
    return 0;
}
